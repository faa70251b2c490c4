"""Killed in the middle of the work: the file is whole, and has what was done. The benchmark does it 200 times."""

import importlib.util
import sys
from pathlib import Path

import pytest

HARNESS = Path(__file__).parents[2] / "benchmarks" / "kills.py"
A_BUSY_MACHINE = 2.0  # seconds; the benchmark holds the second


@pytest.fixture(scope="module")
def kills():
    spec = importlib.util.spec_from_file_location("kills", HARNESS)
    module = importlib.util.module_from_spec(spec)
    sys.modules["kills"] = module  # dataclasses look there
    spec.loader.exec_module(module)
    yield module
    del sys.modules["kills"]


@pytest.mark.parametrize("seed", range(4))
def test_what_was_done_survives_a_kill(kills, tmp_path, seed):
    outcome = kills.kill_once("headless", tmp_path, 1000 + seed)
    assert outcome.trouble == ""
    assert outcome.missing_seconds < A_BUSY_MACHINE
    assert outcome.taken > 0


def test_the_harness_sees_what_is_missing_and_what_is_wrong(kills):
    steps = [kills.Step(number, 10.0 + number, 5 * number, 5, 4, number) for number in (1, 2, 3)]
    labels = kills.np.zeros(kills.SHAPE, kills.np.int32)
    assert kills.find_prefix(steps, labels) == 0
    kills.replay(steps[:2], labels)
    assert kills.find_prefix(steps, labels) == 2
    labels[300, 300] = 1
    assert kills.find_prefix(steps, labels) is None
