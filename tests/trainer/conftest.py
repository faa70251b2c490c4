import os
import time
from pathlib import Path

import psutil
import pytest

from napari_labelfix.trainer import Trainer

HERE = str(Path(__file__).parent)


@pytest.fixture
def trainer(monkeypatch):
    """A trainer whose processes find the toy methods; at the end all that it started must be gone."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [HERE, os.environ.get("PYTHONPATH")])))
    trainer = Trainer(preload=[])
    yield trainer
    trainer.close()
    assert_no_trainer_left()


def assert_no_trainer_left(seconds: float = 2) -> None:
    deadline = time.monotonic() + seconds
    while left := [child.pid for child in psutil.Process().children(recursive=True)]:
        assert time.monotonic() < deadline, f"Processes {left} are still there."
        time.sleep(0.02)
