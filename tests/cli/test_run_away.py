"""`run --on`: the training is on another computer, of which a stand-in for SSH makes this one."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import tifffile
from stand_in_ssh import install_stand_in
from toy_methods import toy_method

from napari_labelfix.cli import away
from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.methods.table import METHODS
from napari_labelfix.trainer import known_computers
from napari_labelfix.trainer.computers import Computer
from napari_labelfix.trainer.known_computers import KnownComputers, find_computer
from napari_labelfix.trainer.mailbox import Mailbox
from napari_labelfix.trainer.process import _alive

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")

TRAINER = Path(__file__).parents[1] / "trainer"  # where the other computer finds the toys
LAB = "anna@lab:venv/python"
NOWHERE = "cuda" if sys.platform == "darwin" else "mps"  # a device that no such computer has


@pytest.fixture(autouse=True)
def other_computer(tmp_path, monkeypatch):
    """Another computer that has the toys, where both look for them."""
    install_stand_in(tmp_path, monkeypatch)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(TRAINER), os.environ.get("PYTHONPATH")])))
    monkeypatch.setitem(METHODS, "toy", toy_method())
    monkeypatch.setattr(known_computers, "user_config_path", lambda *_, **__: tmp_path / "config")


def run_words(files, *more, on=LAB):
    image, marks = files / "images" / "a.npy", files / "marks" / "a.npy"
    return ("run", "toy", "--on", on, "--image", image, "--annotations", marks, "--out", files / "out", *more)


def record_of(files):
    return json.loads((files / "out" / "run.json").read_text())


def test_a_run_there_writes_its_results_here_and_tells_where_it_was(call, files):
    ended = call(*run_words(files, "--set", "steps=4"))
    assert ended.code == 0, ended.err
    assert "Toy: 1 plane. Connecting to anna@lab." in ended.out
    assert "anna@lab trains on: " in ended.out
    assert (tifffile.imread(files / "out" / "a_labels.tif") == 4).all()
    assert TrainedModel.load(files / "out" / "model").method == "toy"
    record = record_of(files)
    assert record["computer"] == "anna@lab"
    assert record["device"] in ended.out
    assert (record["ended"], record["steps"]) == ("finished", 4)
    assert record["metrics"]["pid"] != os.getpid()


def expect_nothing_is_left():
    """A process that was killed takes a moment to go."""
    for process in [*_alive]:
        process.wait(5)
    assert not [process for process in _alive if process.alive]


def test_when_the_time_is_up_the_run_there_ends_too(call, files):
    ended = call(*run_words(files, "--seconds", 0.5, "--set", "steps=100000", "pause=0.02"))
    assert ended.code == 0, ended.err
    assert record_of(files)["ended"] == "time was up"
    expect_nothing_is_left()


def test_ctrl_c_ends_it_there_and_what_has_come_is_written(call, files, monkeypatch):
    as_ever, waits = Mailbox.wait, count()

    def wait(mailbox):
        """Somebody presses Ctrl+C while this program waits."""
        if threading.current_thread() is threading.main_thread() and next(waits) == 20:
            signal.raise_signal(signal.SIGINT)
        return as_ever(mailbox)

    monkeypatch.setattr(Mailbox, "wait", wait)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background ignore it
    monkeypatch.setattr(away, "device_of", lambda *_: "NVIDIA H200")
    ended = call(*run_words(files, "--set", "steps=100000", "pause=0.02"))
    signal.signal(signal.SIGINT, before)
    assert ended.code == 0, ended.err
    assert (record_of(files)["ended"], record_of(files)["device"]) == ("interrupted", "NVIDIA H200")
    assert (files / "out" / "model" / "model.json").exists()
    expect_nothing_is_left()


def test_what_has_come_until_it_failed_is_written_and_that_is_said(call, files):
    ended = call(*run_words(files, "--set", "behaviour=raise_runtime_error"))
    assert ended.code == 2
    assert "What had come until then is written." in ended.err
    record = record_of(files)
    assert (record["ended"], record["steps"]) == ("failed", 1)
    assert "shapes cannot be multiplied" in record["messages"][-1]
    assert (tifffile.imread(files / "out" / "a_labels.tif") == 1).all()


@pytest.mark.parametrize(
    ("on", "more", "says"),
    [
        ("nowhere", (), "The connection to nowhere failed or was lost"),
        ("closed", (), "Set up a key, in a terminal: ssh-copy-id closed"),
        ("lab:no/such/python", (), "There is no 'no/such/python' on lab."),
        ("-oProxyCommand=x", (), "Expected an address such as anna@gpu-server"),
        (LAB, ("--device", NOWHERE), f"There is no device '{NOWHERE}' on this machine."),
        (LAB, ("--set", "behaviour=raise_input_error"), "a has no scribbles. Draw some."),
        (LAB, ("--set", "start_from=none"), "model.json is missing"),
    ],
)
def test_what_goes_wrong_is_a_sentence_and_nothing_is_written(call, files, on, more, says):
    ended = call(*run_words(files, *more, on=on))
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert says in ended.err
    assert not (files / "out").exists()


@pytest.mark.parametrize(
    ("words", "computer"),
    [
        ("anna@lab", Computer("anna@lab")),
        (" anna@lab:venv/bin/python ", Computer("anna@lab", "venv/bin/python")),
        ("lab:~/venv/bin/python", Computer("lab", "~/venv/bin/python")),
        ("ssh://anna@lab:2222", Computer("ssh://anna@lab:2222")),
        ("ssh://anna@lab:2222:python3.12", Computer("ssh://anna@lab:2222", "python3.12")),
        ("ssh://anna@[fe80::1]", Computer("ssh://anna@[fe80::1]")),
        ("ssh://[fe80::1]:2222:C:\\venv\\python.exe", Computer("ssh://[fe80::1]:2222", "C:\\venv\\python.exe")),
    ],
)
def test_a_computer_and_its_python_are_said_in_one_word(words, computer):
    assert find_computer(words) == computer


def test_a_computer_that_was_chosen_in_napari_is_known_with_its_python():
    KnownComputers().choose(Computer("anna@lab", "venv/python")).save()
    assert find_computer("anna@lab").python == "venv/python"
    assert find_computer("anna@lab:other").python == "other"
    assert find_computer("bob@lab").python == "python3"


def test_the_rest_of_the_planes_is_predicted_here():
    model, asked = TrainedModel("toy", {}, {}, b""), []

    class Here:
        def predict(self, *what):
            asked.append(what)

    code = away.CodeAway(type("Method", (), {"load": lambda _: Here()})(), Computer("lab"))
    code.predict(model, np.zeros((3, 3)), "cuda")
    assert [what[0] for what in asked] == [model]
    assert [len(what) for what in asked] == [2], "the device was said of the other computer"
