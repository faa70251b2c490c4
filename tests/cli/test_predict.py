"""`predict`: an image at a time, and what was done stays whatever ends it."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import weakref

import numpy as np
import pytest
import tifffile

from napari_labelfix.cli import predicting
from napari_labelfix.errors import ModelError, UnfitImageError
from napari_labelfix.io.grid import Grid, read_grid
from napari_labelfix.methods.checkpoint import TrainedModel


@pytest.fixture
def model(tmp_path):
    TrainedModel("toy", {}, {}, b"weights").save(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def predict(call, files, model):
    """Predict the three images; `ends` is what happens at the one with so many rows."""

    def run(monkeypatch=None, rows=0, ends=None):
        code = sys.modules["toy_of_the_command_line"]
        ordinary = code.predict

        def stumble(model, image, device="auto"):
            if len(image) == rows:
                raise ends
            return ordinary(model, image, device)

        if monkeypatch is not None:
            monkeypatch.setattr(code, "predict", stumble)
        return call("predict", "--model", model, "--image", files / "images", "--out", files / "new")

    return run


def record_of(folder):
    return json.loads((folder / "predict.json").read_text())


def stems_in(folder):
    return {name.partition("_")[0] for name in os.listdir(folder) if name.endswith(".tif")}


def test_predict_applies_the_model_of_a_run(call, files):
    images, marks = files / "images", files / "marks"
    call("run", "toy", "--image", images, "--annotations", marks, "--out", files / "out")
    for model in (files / "out", files / "out" / "model"):
        ended = call("predict", "--model", model, "--image", files / "images" / "stack.npy", "--out", files / "new")
        assert ended.code == 0, ended.err
        labels = tifffile.imread(files / "new" / "stack_labels.tif")
        assert (labels.shape, labels.max()) == ((4, 20, 30), 9)
        assert record_of(files / "new")["method"] == "toy"


def test_predict_says_what_is_wrong_with_a_model(call, files):
    ended = call("predict", "--model", files / "marks", "--image", files / "images", "--out", files / "new")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "is not a saved model" in ended.err
    TrainedModel("other", {}, {}, b"").save(files / "model")
    ended = call("predict", "--model", files / "model", "--image", files / "images", "--out", files / "new")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "There is no method 'other'" in ended.err
    assert not (files / "new").exists()


def test_of_many_images_one_is_in_memory_at_a_time(predict, monkeypatch):
    read, alive = predicting.read_image, []

    def reading(path):
        gc.collect()
        assert [pixels for pixels in alive if pixels() is not None] == []
        file = read(path)
        alive.append(weakref.ref(file.pixels))
        return file

    monkeypatch.setattr(predicting, "read_image", reading)
    ended = predict()
    assert ended.code == 0, ended.err
    assert len(alive) == 3


def test_the_record_is_that_of_all_images_together(predict, files, call):
    predict()
    record = record_of(files / "new")
    assert list(record["images"].values()) == [[20, 30], [9, 11], [4, 20, 30]]
    assert [len(names) for names in record["outputs"].values()] == [3, 3, 3]
    assert record["ended"] == "finished"
    images, marks = files / "images", files / "marks"
    call("run", "toy", "--image", images, "--annotations", marks, "--out", files / "out")
    assert record["fingerprint"] == json.loads((files / "out" / "run.json").read_text())["fingerprint"]


def test_ctrl_c_ends_it_and_the_images_that_are_done_are_written(predict, files, monkeypatch):
    ended = predict(monkeypatch, 9, KeyboardInterrupt())
    assert ended.code == 0, ended.err
    assert "Interrupted. Writing 1 of 3 images" in ended.out
    assert stems_in(files / "new") == {"a"}
    record = record_of(files / "new")
    assert (record["ended"], len(record["outputs"]), len(record["images"])) == ("interrupted", 1, 1)


def test_what_ends_the_jobs_of_a_cluster_ends_it_as_ctrl_c_does(predict, files, monkeypatch):
    code, before = sys.modules["toy_of_the_command_line"], signal.getsignal(signal.SIGTERM)
    ordinary = code.predict

    def ended(model, image, device="auto"):
        assert signal.getsignal(signal.SIGTERM) != before, "else it would end the tests"
        if len(image) == 9:
            signal.raise_signal(signal.SIGTERM)
        return ordinary(model, image, device)

    monkeypatch.setattr(code, "predict", ended)
    ended = predict()
    assert ended.code == 0, ended.err
    assert "Interrupted. Writing 1 of 3 images" in ended.out
    assert signal.getsignal(signal.SIGTERM) == before


def test_ctrl_c_while_an_image_is_written_leaves_no_half_of_it(predict, files, monkeypatch):
    from napari_labelfix.io import results

    write = results.write_confidence

    def interrupted(path, *confidence):
        if path.name.startswith("c_"):
            raise KeyboardInterrupt
        write(path, *confidence)

    monkeypatch.setattr(results, "write_confidence", interrupted)
    assert predict().code == 0
    assert stems_in(files / "new") == {"a"}


def test_an_image_that_cannot_be_used_is_named_in_the_end_and_the_others_are_done(predict, files):
    np.save(files / "images" / "b.npy", np.full((5, 5), 1j))
    ended = predict()
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "Not done: Expected numbers in b, but got complex128" in " ".join(ended.out.split())
    assert "Expected numbers in b, but got complex128" in ended.err
    assert "What was done is written: 3 images." in ended.err
    assert stems_in(files / "new") == {"a", "c", "stack"}
    record = record_of(files / "new")
    assert (record["ended"], len(record["outputs"])) == ("failed", 3)
    assert {path: "complex128" in why for path, why in record["not_done"].items()} == {
        str(files / "images" / "b.npy"): True
    }


def test_a_link_to_nothing_among_the_images_does_not_keep_the_others_from_being_done(predict, files):
    (files / "images" / "b.tif").symlink_to(files / "gone.tif")
    ended = predict()
    assert ended.code == 2
    assert f"There is no file {files / 'images' / 'b.tif'}. What was done is written: 3 images." in ended.err


def test_many_images_that_cannot_be_used_are_named_in_one_sentence(predict, files):
    for number in range(12):
        (files / "images" / f"broken_{number:02}.png").write_bytes(b"no picture")
    ended = predict()
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "12 of 15 images could not be done: broken_00.png, " in ended.err
    assert "broken_09.png and 2 more. " in ended.err
    assert "What was done is written: 3 images." in ended.err
    assert len(record_of(files / "new")["not_done"]) == 12


def test_after_ctrl_c_what_could_not_be_done_until_then_is_named(predict, files, monkeypatch):
    np.save(files / "images" / "b.npy", np.full((5, 5), 1j))
    ended = predict(monkeypatch, 9, KeyboardInterrupt())
    assert ended.code == 2
    assert "Expected numbers in b" in ended.err
    assert stems_in(files / "new") == {"a"}
    record = record_of(files / "new")
    assert (record["ended"], len(record["not_done"])) == ("interrupted", 1)


def test_a_model_that_cannot_be_used_is_told_once_and_not_of_each_image(predict, files, monkeypatch):
    ended = predict(monkeypatch, 20, ModelError("The weights are damaged."))
    assert (ended.code, ended.err) == (2, "napari-labelfix: The weights are damaged.\n")
    assert not (files / "new").exists()


def test_where_an_image_has_no_numbers_nothing_is_found_and_that_is_told(predict, files):
    stitched = np.random.default_rng(0).random((20, 30))
    stitched[:, 12:] = np.nan
    np.save(files / "images" / "b.npy", stitched)
    ended = predict()
    assert ended.code == 0, ended.err
    assert "60 % of the pixels of b are NaN or infinite. They are taken as empty." in " ".join(ended.out.split())
    labels = tifffile.imread(files / "new" / "b_labels.tif")
    assert (labels > 0).tolist() == np.isfinite(stitched).tolist()


def test_where_nothing_was_done_nothing_is_written(predict, files, monkeypatch):
    ended = predict(monkeypatch, 20, KeyboardInterrupt())
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "before the first image was done" in ended.err
    assert not (files / "new").exists()


def test_where_no_image_can_be_done_nothing_is_written_and_the_first_is_told(predict, files, monkeypatch):
    (files / "images" / "c.npy").unlink()
    ended = predict(monkeypatch, 20, RuntimeError("shapes differ"))
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "None of the 2 images could be done. The first: " in ended.err
    assert "shapes differ" in ended.err
    assert not (files / "new").exists()


def test_a_disk_that_fills_up_leaves_nothing(predict, files, monkeypatch):
    from napari_labelfix.errors import OutputError
    from napari_labelfix.io import results

    write = results.write_confidence

    def full(path, *confidence):
        if path.name.startswith("c_"):
            raise OutputError("The disk is full.")
        write(path, *confidence)

    monkeypatch.setattr(results, "write_confidence", full)
    assert predict().code == 2
    assert not (files / "new").exists()


def test_an_image_with_other_channels_is_told_by_its_name(predict, monkeypatch):
    ended = predict(monkeypatch, 9, UnfitImageError("This one has 3 channels."))
    assert ended.code == 2
    assert "c.npy cannot be predicted. This one has 3 channels. What was done is written: 2 images." in ended.err


@pytest.mark.parametrize("name", ["model.json", "model.safetensors"])
def test_a_file_of_a_model_stands_for_its_folder(call, files, model, name):
    ended = call("predict", "--model", model / name, "--image", files / "images" / "c.npy", "--out", files / "new")
    assert ended.code == 0, ended.err


def test_a_file_that_is_no_model_is_told(call, files):
    image = files / "images" / "c.npy"
    ended = call("predict", "--model", image, "--image", image, "--out", files / "new")
    assert ended.code == 2
    assert "c.npy is not a saved model: it is a file. Give the folder of a run, or the model in it." in ended.err


def test_what_is_written_has_the_pixel_size_of_the_image(call, files, model):
    image = files / "cells.tif"
    metadata = {"axes": "ZYX", "unit": "um", "spacing": 2.0}
    pixels = np.random.default_rng(0).integers(0, 999, (4, 20, 30)).astype(np.uint16)
    tifffile.imwrite(image, pixels, imagej=True, resolution=(4, 4), metadata=metadata)
    ended = call("predict", "--model", model, "--image", image, "--out", files / "new")
    assert ended.code == 0, ended.err
    for ending in ("labels", "classes", "confidence"):
        grid = read_grid(files / "new" / f"cells_{ending}.tif", 3)
        assert grid == Grid.of("zyx", (2.0, 0.25, 0.25), ("micrometer",) * 3)
        assert tifffile.imread(files / "new" / f"cells_{ending}.tif").shape == pixels.shape


def test_what_is_written_of_an_image_without_a_pixel_size_claims_none(predict, files):
    predict()
    with tifffile.TiffFile(files / "new" / "a_labels.tif") as file:
        assert not file.is_ome
