"""A method that learns nothing, quickly, in the place of a real one; and the command line as a function."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

from napari_labelfix.annotations import Scribbles
from napari_labelfix.cli import main
from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.methods.table import METHODS, Method
from napari_labelfix.params import Params, param
from napari_labelfix.snapshots import Proposal, Snapshot


@dataclass(frozen=True, kw_only=True)
class ToyParams(Params):
    steps: int = param(3, label="Steps", minimum=1, help="How many.")
    pause: float = param(0.0, label="Pause", help="Seconds per step.")
    fail: str = param("", label="Fail", help="How to fail at the second step, or at once.")
    planes: int = param(1000, label="Planes", help="How many planes get a proposal.")
    model: bool = param(True, label="Model", help="Whether there is a model.")
    given: bool = param(False, label="Given", help="Whether what is proposed is what was given.")


def believe(image, step, **more):
    """One object of the pixels that are not below the mean, as those that are no number; it has that of the step."""
    labels = (~(image <= image.mean())).astype(np.int32) * step
    ignored, half = np.zeros(labels.shape, bool), np.full(labels.shape, 0.5, np.float32)
    return Proposal(labels, labels.astype(bool).astype(np.uint8), half, ignored, **more)


def train(task, params):
    model = TrainedModel("toy", params.to_dict(), {}, b"weights") if params.model else None
    if params.fail == "at once":
        raise RuntimeError("shapes differ")
    for step in range(1, params.steps + 1):
        if step == 2 and params.fail:
            raise {"error": RuntimeError("shapes differ"), "interrupt": KeyboardInterrupt()}[params.fail]
        time.sleep(params.pause)
        planes = enumerate(task.planes[: params.planes])
        proposals = {i: believe(plane.image, step, as_given=params.given) for i, plane in planes}
        yield Snapshot("toying", step, params.steps, {"loss": 1 / step}, proposals, model, "Toys are not science.")
    return model


def predict(model, image, device="auto"):
    return believe(image, 9)


def finish(model, plane, device="auto"):
    """One object as in `predict`, with another number where something is annotated."""
    return believe(plane.image, 9 if plane.annotation is None else 8)


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    """The row of the toy in the table of methods; its code counts as imported."""
    method = Method("toy", "Toy", "Learns nothing.", "None.", ToyParams, Scribbles, Proposal, "toy_of_the_command_line")
    monkeypatch.setitem(METHODS, "toy", method)
    monkeypatch.setitem(sys.modules, method.code, SimpleNamespace(train=train, predict=predict, finish=finish))
    return method


class Ended(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def call(capsys):
    """Run a command line in this process: call("run", "toy", ...)."""

    def run(*words):
        with pytest.raises(SystemExit) as end:
            main([str(word) for word in words])
        return Ended(end.value.code or 0, *capsys.readouterr())

    return run


@pytest.fixture
def files(tmp_path):
    """A folder with an image, a stack, scribbles for both, and a picture without scribbles."""
    (tmp_path / "images").mkdir()
    (tmp_path / "marks").mkdir()
    rng = np.random.default_rng(0)
    for name, shape in (("a", (20, 30)), ("stack", (4, 20, 30)), ("c", (9, 11))):
        np.save(tmp_path / "images" / f"{name}.npy", rng.integers(0, 999, shape).astype(np.uint16))
        if name != "c":
            marks = np.zeros(shape, np.uint8)
            marks[..., 2, 2:9], marks[..., 9, 2:9] = 1, 2
            np.save(tmp_path / "marks" / f"{name}.npy", marks)
    return tmp_path
