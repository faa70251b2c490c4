"""The label upgrade on files: what is trusted, what comes out, and what is wrong in words."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile

from napari_labelfix.sample_data.synthetic import fluorescence

NUCLEI = fluorescence(seed=1, shape=(96, 112))
QUICK = ("--set", "epochs=1", "crop=64", "wrong=cells are missing", "--device", "cpu")


@pytest.fixture
def poor(tmp_path):
    """A folder with an image, labels in which every second object is missing, and a mask of the right part."""
    for name in ("images", "poor", "right"):
        (tmp_path / name).mkdir()
    mask = np.zeros(NUCLEI.labels.shape, np.uint8)
    mask[:, :60] = 1
    missing = (NUCLEI.labels % 2 == 0) & (mask == 0)
    tifffile.imwrite(tmp_path / "images" / "a.tif", NUCLEI.image)
    tifffile.imwrite(tmp_path / "poor" / "a.tif", np.where(missing, 0, NUCLEI.labels).astype(np.uint16))
    tifffile.imwrite(tmp_path / "right" / "a.tif", mask)
    return tmp_path


def upgrade(call, folder, *more, trusted="right"):
    words = ["--image", folder / "images", "--annotations", folder / "poor", "--out", folder / "out", *more]
    return call("run", "label_upgrade", *words, *(["--trusted", folder / trusted] if trusted else []))


def test_a_run_writes_upgraded_labels_and_what_changed(call, poor):
    ended = upgrade(call, poor, *QUICK)
    assert ended.code == 0, ended.err
    found = {what: tifffile.imread(poor / "out" / f"a_{what}.tif") for what in ("labels", "changes", "confidence")}
    assert np.array_equal(found["labels"][:, :60], NUCLEI.labels[:, :60])
    assert not found["changes"][:, :60].any()
    assert set(np.unique(found["changes"])) <= set(range(6))
    assert (found["confidence"][:, :60] == 1).all()
    record = json.loads((poor / "out" / "run.json").read_text())
    assert any(message.startswith("Upgraded: ") for message in record["messages"])


def test_its_model_predicts_images_without_labels(call, poor):
    assert upgrade(call, poor, *QUICK).code == 0
    more = poor / "more"
    ended = call("predict", "--model", poor / "out", "--image", poor / "images", "--out", more, "--device", "cpu")
    assert ended.code == 0, ended.err
    assert tifffile.imread(more / "a_labels.tif").shape == NUCLEI.labels.shape
    assert not (more / "a_changes.tif").exists()


def test_without_a_right_part_it_says_what_to_do(call, poor):
    ended = upgrade(call, poor, trusted="")
    assert ended.code == 2
    assert "Nothing says which labels are right. Give masks of where they are, or right labels: --trusted." in ended.err


def test_methods_that_do_not_learn_from_labels_trust_nothing(call, poor):
    words = ["--image", poor / "images", "--annotations", poor / "poor", "--out", poor / "out"]
    ended = call("run", "scribble2label", *words, "--trusted", poor / "right")
    assert ended.code == 2
    assert "Leave --trusted out" in ended.err
