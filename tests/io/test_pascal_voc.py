"""Boxes of Pascal VOC files, as LabelImg and CVAT write them, and we."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from napari_labelfix.annotations import Boxes, Instances
from napari_labelfix.errors import InputError
from napari_labelfix.io.annotation_files import AnnotationFiles
from napari_labelfix.io.content_files import read_content
from napari_labelfix.io.export import export
from napari_labelfix.io.formats import find_format
from napari_labelfix.io.label_image import LabelImage
from napari_labelfix.io.pairing import find_annotations, pair
from napari_labelfix.io.read import find_images, read_image

OBJECT = """<object><name>cell</name><pose>Unspecified</pose><difficult>0</difficult><bndbox>
<xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox></object>"""


def voc(*boxes, size=(20, 30)):
    """An annotation with boxes xmin, ymin, xmax, ymax."""
    height, width = size
    return (
        '<?xml version="1.0"?><annotation><folder>x</folder><filename>other.jpg</filename><size>'
        f"<width>{width}</width><height>{height}</height><depth>1</depth></size>"
        + "".join(OBJECT.format(*box) for box in boxes)
        + "</annotation>"
    )


@pytest.fixture
def image(tmp_path):
    np.save(tmp_path / "cells.npy", np.random.default_rng(0).random((20, 30)))
    return read_image(tmp_path / "cells.npy")


def write(tmp_path, text, name="cells.xml"):
    folder = tmp_path / "boxes"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_boxes_are_read_as_pixels_from_the_first_to_the_last(tmp_path, image):
    path = write(tmp_path, voc((1, 1, 30, 20), (5, 3, 9.5, 8)))
    assert AnnotationFiles([path], image).main_kind() is Boxes
    [found] = AnnotationFiles([path], image).read(Boxes)
    np.testing.assert_array_equal(found.corners, [[0, 0, 20, 30], [2, 4, 8, 9.5]])


def test_files_of_a_folder_belong_to_the_images_of_their_names_and_other_xml_is_left_out(tmp_path, image):
    path = write(tmp_path, voc((1, 1, 3, 3)))
    write(tmp_path, "<settings/>", "settings.xml")
    assert pair([image.path], find_annotations([path.parent]), Boxes) == {"cells": [path]}
    [content] = read_content([path.parent], [image.path], ("labels", "boxes"))
    assert (content.what, content.places.tolist()) == ("boxes", [[0, 0, 3, 3]])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (voc(size=(30, 20)), r"cells is 20 x 30, but .* says 30 x 20 \(height x width\)"),
        ("<settings/>", "Expected an annotation of Pascal VOC .* but got <settings>"),
        ("<annotation>", "is not a file of annotations that can be read"),
        (voc(("a", 1, 2, 3)), "is not a file of annotations that can be read"),
        (voc(), "There are no objects in"),
    ],
)
def test_what_is_wrong_is_told(tmp_path, image, text, sentence):
    path = write(tmp_path, text)
    with pytest.raises(InputError, match=sentence):
        AnnotationFiles([path], image).main_kind()


def test_boxes_are_no_outlines(tmp_path, image):
    with pytest.raises(InputError, match="holds boxes or points, but outlines are wanted"):
        AnnotationFiles([write(tmp_path, voc((1, 1, 3, 3)))], image).read(Instances)


@pytest.mark.parametrize("ending", ["_cp_masks", "_masks", "_mask", "_labels"])
def test_masks_of_other_programs_belong_to_the_image_of_their_name(tmp_path, image, ending):
    folder = tmp_path / "masks"
    folder.mkdir()
    np.save(folder / f"cells{ending}.npy", np.eye(20, 30, dtype=np.uint8))
    assert pair([image.path], find_annotations([folder]))["cells"] == [folder / f"cells{ending}.npy"]


def test_masks_beside_the_images_of_a_folder_that_is_given_as_both(tmp_path):
    folder = tmp_path / "cellpose"
    folder.mkdir()
    for stem in ("a", "b_mask"):  # the second is an image of that name
        np.save(folder / f"{stem}.npy", np.random.default_rng(0).random((20, 30)))
        np.save(folder / f"{stem}_cp_masks.npy", np.eye(20, 30, dtype=np.uint8))
    images = find_images([folder])
    assert [path.name for path in images] == ["a.npy", "b_mask.npy"]
    pairs = pair(images, find_annotations([folder]))
    assert pairs == {stem: [folder / f"{stem}_cp_masks.npy"] for stem in ("a", "b_mask")}


def test_sizes_with_a_point_and_none_are_fine(tmp_path, image):
    text = voc((1, 1, 3, 3)).replace("<width>30</width>", "<width>30.0</width>").replace("<height>20</height>", "")
    [found] = AnnotationFiles([write(tmp_path, text)], image).read(Boxes)
    assert len(found.corners) == 1


def test_labels_become_boxes_of_their_classes_and_names_of_files_are_no_markup(tmp_path):
    labels = np.zeros((20, 30), int)
    labels[2:9, 4:8], labels[0:3, 20:30] = 5, 9
    image = LabelImage.of("cells", labels, image_name="a & b\x01 <c>.tif", classes={5: 2, 9: 1})
    exported = export([image], find_format("voc"), tmp_path)
    assert exported.files == ("cells.xml", "cells_voc_export.json")
    root = ElementTree.parse(tmp_path / "cells.xml").getroot()
    assert root.findtext("filename") == "a & b <c>.tif"
    told = [[one.findtext("name"), one.findtext("truncated"), *(corner.text for corner in one.find("bndbox"))]
            for one in root.iterfind("object")]  # fmt: skip
    assert told == [["class 2", "0", "5", "3", "8", "9"], ["class 1", "1", "21", "1", "30", "3"]]


def test_no_boxes_are_a_file_without_objects(tmp_path):
    export([LabelImage.of("cells", np.zeros((2, 20, 30), int))], find_format("voc"), tmp_path)
    for name in ("cells_000.xml", "cells_001.xml"):
        assert ElementTree.parse(tmp_path / name).getroot().findall("object") == []


def test_what_the_classes_were_called_is_said_where_they_are_left_out(tmp_path, image):
    path = write(tmp_path, voc((1, 1, 3, 3), (5, 5, 8, 8)).replace(">cell<", ">debris<", 1))
    said = AnnotationFiles([path], image).classes_left_out(Boxes)
    assert said == "Boxes have no classes here, so that those of the files (debris, cell) are left out."
