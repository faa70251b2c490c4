"""The demo, quickly with the toy, and the whole command line once for real."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from importlib import import_module
from types import ModuleType

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_labelfix.methods.table import METHODS
from napari_labelfix.metrics.overlap import iou
from napari_labelfix.sample_data.scribbles import painted_scribbles
from napari_labelfix.sample_data.synthetic import fluorescence


def test_the_demo_leaves_mask_picture_and_record(call, tmp_path, monkeypatch, toy):
    monkeypatch.setitem(METHODS, "scribble2label", toy)
    out = tmp_path / "demo_out"
    ended = call("demo", "--headless", "--out", out, "--seconds", 1)
    assert ended.code == 0, ended.err
    corrected = tifffile.imread(out / "fluorescence_corrected.tif")
    assert (corrected.dtype, corrected.shape, set(np.unique(corrected))) == (np.uint16, (512, 512), {0, 1})
    with Image.open(out / "fluorescence_overlay.png") as picture:
        assert min(picture.size) > 800
    assert json.loads((out / "run.json").read_text())["outputs"]
    for name in ("fluorescence_corrected.tif", "fluorescence_overlay.png", "run.json"):
        assert str(out / name) in ended.out
    assert "IoU 0." in ended.out


def test_without_a_display_the_demo_opens_no_window(call, tmp_path, monkeypatch, toy):
    monkeypatch.setitem(METHODS, "scribble2label", toy)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert call("demo", "--out", tmp_path / "out", "--seconds", 1).code == 0
    assert (tmp_path / "out" / "run.json").exists()


@pytest.fixture
def display(monkeypatch):
    monkeypatch.setattr("napari_labelfix.cli.display.has_display", lambda: True)


def test_without_napari_the_demo_says_how_to_get_it(call, monkeypatch, display):
    monkeypatch.setitem(sys.modules, "napari_labelfix.widgets.demo", None)
    ended = call("demo")
    assert ended.code == 2
    assert 'Run pip install "napari-labelfix[all]", or add --headless.' in ended.err


def test_what_goes_wrong_in_the_window_is_not_taken_for_a_missing_napari(call, monkeypatch, display):
    window = ModuleType("demo")
    window.open_demo = lambda: import_module("of_another_plugin")
    monkeypatch.setitem(sys.modules, "napari_labelfix.widgets.demo", window)
    with pytest.raises(ImportError, match="of_another_plugin"):
        call("demo")


@pytest.fixture
def real_run(tmp_path):
    """The exact labels of a small image, and the words that start a run on it."""
    sample = fluorescence(3, (128, 128))
    tifffile.imwrite(tmp_path / "cells.tif", sample.image)
    (tmp_path / "scribbles").mkdir()
    tifffile.imwrite(tmp_path / "scribbles" / "cells.tif", painted_scribbles(sample.labels, 0.5, 3))
    paths = ["--image", tmp_path / "cells.tif", "--annotations", tmp_path / "scribbles", "--out", tmp_path / "out"]
    return sample.labels, ["run", "scribble2label", *map(str, paths), "--device", "cpu"]


PROGRAM = [sys.executable, "-m", "napari_labelfix"]


def test_a_real_run_finds_the_nuclei_in_its_time(real_run, tmp_path):
    truth, words = real_run
    done = subprocess.run([*PROGRAM, *words, "--seconds", "3"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["seconds_to_first_proposal"] <= record["seconds"]
    assert record["ended"] == "time was up"
    assert iou(tifffile.imread(tmp_path / "out" / "cells_labels.tif"), truth) > 0.6


def test_a_real_model_predicts_what_it_has_learned(real_run, tmp_path, call):
    truth, words = real_run
    assert call(*words, "--set", "epochs=2", "crop=128").code == 0
    assert call("predict", "--model", tmp_path / "out", *words[2:4], "--out", tmp_path / "new").code == 0
    assert iou(tifffile.imread(tmp_path / "new" / "cells_labels.tif"), truth) > 0.6


@pytest.mark.skipif(os.name != "posix", reason="SIGINT is POSIX")
def test_ctrl_c_in_a_real_run_writes_what_is_there(real_run, tmp_path):
    _, words = real_run
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # what runs in the background ignores it otherwise
    with subprocess.Popen([*PROGRAM, *words], preexec_fn=heard, **pipes) as process:
        assert any("loss" in line for line in process.stdout)  # it trains
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert "Interrupted. Writing what there is" in out
    assert json.loads((tmp_path / "out" / "run.json").read_text())["ended"] == "interrupted"
    assert tifffile.imread(tmp_path / "out" / "cells_labels.tif").any()
