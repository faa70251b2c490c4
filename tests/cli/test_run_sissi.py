"""SISSI on files: boxes in tables or labels, or none at all; corrected boxes come out."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import tifffile

from napari_labelfix.data.label_images import boxes_of_labels
from napari_labelfix.methods.sissi import learner, views
from napari_labelfix.metrics.boxes import box_scores
from napari_labelfix.sample_data.imperfect import careless_boxes
from napari_labelfix.sample_data.synthetic import fluorescence

NUCLEI = {name: fluorescence(seed, (96, 112)) for seed, name in enumerate("ab", start=1)}
QUICK = ("--device", "cpu", "--set", "epochs=2", "crop=64", "batch_size=4")


@pytest.fixture(autouse=True)
def quicker(monkeypatch):
    """Look twice at an image instead of twenty times, and take fewer steps."""
    monkeypatch.setattr(views, "SCALES", (1.0,))
    monkeypatch.setattr(views, "FLIPS", ((False, False), (False, True)))
    monkeypatch.setattr(learner, "FEWEST_CROPS", 8)


@pytest.fixture
def images(tmp_path):
    (tmp_path / "images").mkdir()
    for name, sample in NUCLEI.items():
        tifffile.imwrite(tmp_path / "images" / f"{name}.tif", sample.image)
    return tmp_path


def read(path):
    with path.open() as file:
        rows = [row for row in csv.DictReader(file) if row["role"] != "dropped"]
    return np.array([[float(row[name]) for name in ("y0", "x0", "y1", "x1", "score")] for row in rows])


def expect_good(folder):
    for name, sample in NUCLEI.items():
        found = read(folder / f"{name}_boxes.csv")
        assert box_scores([(found[:, :4], found[:, 4])], [boxes_of_labels(sample.labels)]).ap50 > 0.7


def test_some_careless_boxes_of_one_image_become_boxes_of_all(call, images):
    table = images / "a.csv"
    rows = "\n".join(",".join(map(str, row)) for row in careless_boxes(NUCLEI["a"].labels, 1))
    table.write_text(f"y0,x0,y1,x1\n{rows}\n")
    out = images / "out"
    words = ("--image", images / "images", "--annotations", table, "--out", out)
    ended = call("run", "sissi", *words, *QUICK, "masks=foreground")
    assert ended.code == 0, ended.err
    expect_good(out)
    record = json.loads((out / "run.json").read_text())
    assert all(count >= 3 for count in record["counts"].values())
    assert tifffile.imread(out / "a_labels.tif").max() >= 3
    more = images / "more"
    ended = call("predict", "--model", out, "--image", images / "images", "--out", more, "--device", "cpu")
    assert ended.code == 0, ended.err
    expect_good(more)
    again = ("--image", images / "images", "--annotations", more / "b_boxes.csv", "--out", images / "again")
    assert call("run", "sissi", *again, *QUICK).code == 0, "what came out can go in"


def test_without_boxes_it_finds_some_itself(call, images):
    ended = call("run", "sissi", "--image", images / "images", "--out", images / "out", *QUICK)
    assert ended.code == 0, ended.err
    expect_good(images / "out")


def test_right_labels_of_an_image_are_where_good_boxes_come_from(call, images):
    (images / "right").mkdir()
    tifffile.imwrite(images / "right" / "b.tif", NUCLEI["b"].labels.astype(np.uint16))
    words = ("--image", images / "images", "--trusted", images / "right", "--out", images / "out")
    ended = call("run", "sissi", *words, *QUICK)
    assert ended.code == 0, ended.err
    expect_good(images / "out")
    exact = read(images / "out" / "b_boxes.csv")
    assert np.array_equal(exact[:, :4], boxes_of_labels(NUCLEI["b"].labels))


def test_other_methods_do_not_do_without(call, images):
    ended = call("run", "scribble2label", "--image", images / "images", "--out", images / "out", "--device", "cpu")
    assert ended.code == 2
    assert "scribble" in ended.err.lower()


def test_with_no_way_to_find_boxes_it_says_what_to_do(call, images):
    words = ("--image", images / "images", "--out", images / "out")
    ended = call("run", "sissi", *words, *QUICK, "weak_boxes=none")
    assert ended.code == 2
    assert "No image has boxes. Draw some, or choose a way to find boxes." in ended.err
