"""`verify` finds what is wrong, and `describe` tells what is there."""

from dataclasses import replace

import numpy as np
import pytest
import tifffile

from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.project import fingerprint, models
from napari_labelfix.project.blocks import Key
from napari_labelfix.project.describe import describe
from napari_labelfix.project.records import (
    KEPT,
    Batch,
    Block,
    Entry,
    ImageRecord,
    LayerRecord,
    ObjectRecord,
    Objects,
    RunRecord,
)
from napari_labelfix.project.store import Project
from napari_labelfix.project.verify import verify

PIXELS = np.random.default_rng(0).integers(0, 255, (30, 40)).astype(np.uint8)


@pytest.fixture
def project(tmp_path):
    file = tmp_path / "cells.tif"
    tifffile.imwrite(file, PIXELS)
    prints = {"file_fingerprint": fingerprint.of_file(file), "pixel_fingerprint": fingerprint.of_pixels(PIXELS)}
    image = ImageRecord("i", "cells", str(file), (30, 40), "uint8", **prints)
    labels = LayerRecord("l", "i", "corrected", "person", "labels", "corrected", (30, 40), "int32")
    points = LayerRecord("p", "i", "points", "person", "points", "points", (0, 2), "float64")
    with Project.create(tmp_path / "a.labelfix") as project:
        place = models.keep(project.path, "r", TrainedModel("scribble2label", {}, {}, b"w"))
        project.write(
            Batch(
                images=[image],
                layers=[labels, points],
                runs=[RunRecord("r", "scribble2label", "i", {}, model=place)],
                blocks=[Block("l", "person", Key(0, 0, 0), np.ones((30, 40), np.int32))],
                objects={"l": Objects([ObjectRecord(1, "accepted"), ObjectRecord(2, "todo"), ObjectRecord(3, "todo")])},
                geometry={"p": '{"data": [[1, 2], [3, 4]]}'},
                history=[Entry("person", "ann", "paint", "l", (1,))],
            )
        )
        yield project


def troubles(project):
    return [check.trouble for check in verify(project) if check.trouble]


def test_a_sound_project_has_nothing_wrong(project):
    assert troubles(project) == []
    told = {check.what: check.found for check in verify(project)}
    assert told["database"] == "whole"
    assert told["labels “corrected”"] == "1 block"
    assert told["points “points”"] == "2 points"


def test_an_image_saved_again_is_the_same_and_another_is_not(project, tmp_path):
    tifffile.imwrite(tmp_path / "cells.tif", PIXELS, compression="zlib")
    assert troubles(project) == []
    tifffile.imwrite(tmp_path / "cells.tif", PIXELS[::-1])
    [trouble] = troubles(project)
    assert "is another image than the one" in trouble
    (tmp_path / "cells.tif").write_bytes(b"nonsense")
    assert "cannot be read here" in troubles(project)[0]
    (tmp_path / "cells.tif").unlink()
    assert "There is no" in troubles(project)[0]


def test_damage_is_found(project):
    project._connection.execute("UPDATE block SET checksum = 5")
    [trouble] = troubles(project)
    assert trouble == "1 of 1 block is damaged, the first is (0, 0, 0)."


def test_objects_whose_pixels_are_all_gone_are_found(project):
    project._connection.execute("DELETE FROM block")
    [trouble] = troubles(project)
    assert trouble.startswith("Not a pixel of them is there.")


@pytest.fixture
def kept(project):
    """The same project with an image of no file, all of which is in it."""
    image = ImageRecord("k", "sample", "", (30, 40), "uint8", KEPT, pixel_fingerprint=fingerprint.of_pixels(PIXELS))
    layer = LayerRecord("k", "k", "", "person", "image", "sample", (30, 40), "uint8")
    project.write(Batch(images=[image], layers=[layer], blocks=[Block("k", "person", Key(0, 0, 0), PIXELS)]))
    assert troubles(project) == []
    return project


@pytest.mark.parametrize("known", [True, False])
def test_an_image_that_was_kept_and_whose_pixels_are_gone_is_found(kept, known):
    kept._connection.execute("DELETE FROM block WHERE layer = 'k'")
    if not known:
        kept._connection.execute("UPDATE image SET pixel_fingerprint = '' WHERE id = 'k'")
    assert troubles(kept) == ["Its pixels are not those that it had. Open a copy of it that is whole."]


def test_a_kept_image_without_its_layer_is_found(kept):
    kept.write(Batch(layers=[LayerRecord("d", "k", "corrected", "person", "labels", "drawn", (30, 40), "int32")]))
    kept._connection.execute("DELETE FROM layer WHERE id = 'k'")
    assert troubles(kept) == ["Its layer is not in the project. Open a copy of it that is whole."]


def test_images_that_were_closed_and_to_which_nothing_belongs_are_not_missed(kept, tmp_path):
    by_mistake = ImageRecord("m", "another", str(tmp_path / "gone.tif"), (30, 40), "uint8")
    layer = LayerRecord("m", "m", "", "person", "image", "another", (30, 40), "uint8")
    kept.write(Batch(images=[by_mistake], layers=[layer]))
    assert len(troubles(kept)) == 1
    kept.write(Batch(removed=["m", "k"]))
    assert troubles(kept) == []
    assert [image.name for image in describe(kept).images] == ["cells"]


def test_a_kept_image_that_is_black_is_whole(kept):
    black = np.zeros_like(PIXELS)
    kept._connection.execute("DELETE FROM block WHERE layer = 'k'")
    kept._connection.execute("UPDATE image SET pixel_fingerprint = ? WHERE id = 'k'", (fingerprint.of_pixels(black),))
    assert troubles(kept) == []


def test_a_damaged_block_of_a_kept_image_is_told_once(kept):
    kept._connection.execute("UPDATE block SET checksum = 5 WHERE layer = 'k'")
    assert troubles(kept) == ["1 of 1 block is damaged, the first is (0, 0, 0)."]


def test_an_image_that_could_not_be_kept_is_found(kept):
    kept._connection.execute("UPDATE image SET reader = '' WHERE id = 'k'")
    assert "too large to be kept" in troubles(kept)[0]


def test_rows_that_refer_to_nothing_are_found(project):
    project._connection.execute("PRAGMA foreign_keys = OFF")
    project._connection.execute("UPDATE layer SET id = 'x' WHERE id = 'l'")
    assert "refers to a layer that is not there" in troubles(project)[0]


@pytest.mark.parametrize(
    "content", ["{}", '{"data": [["a", 2]]}', '{"data": [[1, 2, 3]]}', '{"data": [[1, 2]], "features": 1}']
)
def test_points_that_make_no_sense_are_found(project, content):
    project.write(Batch(geometry={"p": content}))
    assert troubles(project) == ["Its positions cannot be read."]


def test_a_model_that_is_gone_is_found(project):
    (project.path.parent / "a.models" / "r-1" / "model.json").unlink()
    assert "model.json is missing" in troubles(project)[0]


def test_a_project_is_told_in_numbers(project):
    project.write(Batch(images=[replace(project.images()[0], name="cells 2")]))
    summary = describe(project)
    assert [image.name for image in summary.images] == ["cells 2"]
    by_kind = {told.layer.kind: told for told in summary.layers}
    assert by_kind["labels"].count == 3
    assert by_kind["labels"].states == {"accepted": 1, "todo": 2}
    assert by_kind["points"].count == 2
    assert (summary.edits, summary.last.name) == (1, "ann")
