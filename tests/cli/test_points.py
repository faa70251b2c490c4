"""A method that detects: points go in, points, heatmap, masks and counts come out."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile

from napari_labelfix.annotations import Points
from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.methods.table import METHODS
from napari_labelfix.snapshots import Detections, PointRole, Snapshot


def detect(shape, given, masks):
    """What was given, one more, and one that is none."""
    positions = np.array([*given, [1, 1], [2, 2]], np.float32)
    roles = np.array([PointRole.GIVEN] * len(given) + [PointRole.DETECTED, PointRole.PSEUDO_NEGATIVE], np.uint8)
    heatmap = np.full(shape, 0.5, np.float32)
    labels = np.ones(shape, np.int32) if masks else None
    return Detections(positions, np.ones(len(roles), np.float32), roles, 3.0, heatmap, labels)


def train(task, params):
    model = TrainedModel("toy", params.to_dict(), {}, b"weights")
    given = [[] if plane.annotation is None else plane.annotation.positions for plane in task.planes]
    found = {i: detect(plane.shape, given[i], params.steps > 1) for i, plane in enumerate(task.planes)}
    yield Snapshot("toying", 1, 1, {"loss": 1.0}, found, model)
    return model


def predict(model, image, device="auto"):
    return detect(image.shape, [], masks=False)


@pytest.fixture
def pointed(toy, files, monkeypatch):
    """The toy detects, and there are points for an image and a stack."""
    method = dataclasses.replace(toy, annotation=Points, output=Detections)
    monkeypatch.setitem(METHODS, "toy", method)
    monkeypatch.setitem(sys.modules, method.code, SimpleNamespace(train=train, predict=predict))
    (files / "points").mkdir()
    (files / "points" / "a.csv").write_text("axis-0,axis-1\n5,6\n7,8\n")
    (files / "points" / "stack.csv").write_text("plane,y,x\n1,5,6\n3,7,8\n3,9,9\n")
    return files


def words(pointed, *more):
    return (
        "run",
        "toy",
        "--image",
        pointed / "images",
        "--annotations",
        pointed / "points",
        "--out",
        pointed / "out",
        *more,
    )


def test_points_heatmap_and_counts_are_written(call, pointed):
    ended = call(*words(pointed, "--set", "steps=1"))
    assert ended.code == 0, ended.err
    out = pointed / "out"
    names = [f"{stem}_{what}" for stem in ("a", "c", "stack") for what in ("heatmap.tif", "points.csv")]
    assert sorted(os.listdir(out)) == sorted([*names, "model", "run.json"])
    assert (out / "a_points.csv").read_text().splitlines()[:3] == [
        "y,x,score,role",
        "5.00,6.00,1.0000,given",
        "7.00,8.00,1.0000,given",
    ]
    assert (out / "stack_points.csv").read_text().splitlines()[0] == "plane,y,x,score,role"
    assert tifffile.imread(out / "stack_heatmap.tif").shape == (4, 20, 30)
    counts = json.loads((out / "run.json").read_text())["counts"]
    images = pointed / "images"
    assert counts == {
        str(images / "a.npy"): 3,
        str(images / "c.npy"): 1,
        str(images / "stack.npy"): [1, 2, 1, 3],
    }


def test_masks_are_written_where_there_are_some(call, pointed):
    call(*words(pointed, "--set", "steps=2"))
    assert tifffile.imread(pointed / "out" / "stack_labels.tif").shape == (4, 20, 30)


def test_predict_writes_points_and_counts_too(call, pointed):
    call(*words(pointed))
    ended = call("predict", "--model", pointed / "out", "--image", pointed / "images" / "c.npy", "--out", pointed / "p")
    assert ended.code == 0, ended.err
    assert sorted(os.listdir(pointed / "p")) == ["c_heatmap.tif", "c_points.csv", "predict.json"]
    counts = json.loads((pointed / "p" / "predict.json").read_text())["counts"]
    assert list(counts.values()) == [1]


def test_points_outside_the_image_are_a_sentence(call, pointed):
    (pointed / "points" / "a.csv").write_text("y,x\n5,6\n50,60\n")
    ended = call(*words(pointed))
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "1 point of a lies outside the image" in ended.err


def test_a_method_that_outlines_writes_no_counts(call, files):
    call("run", "toy", "--image", files / "images", "--annotations", files / "marks", "--out", files / "out")
    assert "counts" not in json.loads((files / "out" / "run.json").read_text())
