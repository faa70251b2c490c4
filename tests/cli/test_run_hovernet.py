"""HoVer-Net + ST++ on files: some images with labels, others without."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile

from napari_labelfix.metrics.instances import f1_score
from napari_labelfix.sample_data.synthetic import fluorescence

NUCLEI = {name: fluorescence(seed, (96, 112)) for seed, name in enumerate("abc")}
QUICK = ("--set", "epochs=2", "crop=64", "--device", "cpu")


@pytest.fixture
def few(tmp_path):
    """A folder with three images, one of which has labels."""
    for name in ("images", "finished"):
        (tmp_path / name).mkdir()
    for name, sample in NUCLEI.items():
        tifffile.imwrite(tmp_path / "images" / f"{name}.tif", sample.image)
    tifffile.imwrite(tmp_path / "finished" / "a.tif", NUCLEI["a"].labels.astype(np.uint16))
    return tmp_path


def run(call, folder, *more):
    words = ["--image", folder / "images", "--annotations", folder / "finished", "--out", folder / "out", *more]
    return call("run", "hovernet_stpp", *words)


def test_all_images_get_labels_and_the_record_says_which_were_reliable(call, few):
    ended = run(call, few, *QUICK)
    assert ended.code == 0, ended.err
    found = {name: tifffile.imread(few / "out" / f"{name}_labels.tif") for name in NUCLEI}
    assert np.array_equal(found["a"], NUCLEI["a"].labels)
    assert min(f1_score(found[name], NUCLEI[name].labels) for name in "bc") > 0.7
    messages = json.loads((few / "out" / "run.json").read_text())["messages"]
    assert any(message.startswith("Judged reliable, 1 of 2 images without labels: ") for message in messages)
    more = few / "more"
    ended = call("predict", "--model", few / "out", "--image", few / "images", "--out", more, "--device", "cpu")
    assert ended.code == 0, ended.err
    assert f1_score(tifffile.imread(more / "b_labels.tif"), NUCLEI["b"].labels) > 0.7


def test_a_mask_says_where_labels_are_right(call, few):
    (few / "right").mkdir()
    mask = np.zeros(NUCLEI["a"].labels.shape, np.uint8)
    mask[:, :60] = 1
    tifffile.imwrite(few / "right" / "a.tif", mask)
    tifffile.imwrite(few / "finished" / "a.tif", (NUCLEI["a"].labels * mask).astype(np.uint16))
    ended = run(call, few, "--trusted", few / "right", *QUICK)
    assert ended.code == 0, ended.err
    found = tifffile.imread(few / "out" / "a_labels.tif")
    assert np.array_equal(found[:, :60], NUCLEI["a"].labels[:, :60])
    assert found[:, 60:].any()


def test_without_labels_it_says_what_to_do(call, few):
    tifffile.imwrite(few / "finished" / "a.tif", np.zeros(NUCLEI["a"].labels.shape, np.uint16))
    ended = run(call, few, *QUICK)
    assert ended.code == 2
    assert "No image has labels" in ended.err
