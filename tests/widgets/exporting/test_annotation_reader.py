"""Annotations of other programs, opened or dropped, lie on the image that they belong to."""

import json
import zipfile

import numpy as np
import pytest
from scipy.ndimage import label

from napari_labelfix.errors import InputError
from napari_labelfix.io.export import export
from napari_labelfix.io.formats import FORMATS
from napari_labelfix.io.label_image import LabelImage
from napari_labelfix.widgets.exporting import annotation_reader
from napari_labelfix.widgets.exporting.annotation_reader import get_annotation_reader


@pytest.fixture
def labels(spots):
    return label(spots > 0.4)[0].astype(np.int32)


@pytest.fixture
def viewer(make_napari_viewer, spots):
    viewer = make_napari_viewer()
    viewer.add_image(spots, name="cells", scale=(0.5, 0.5), units=("um", "um"))
    viewer.add_image(spots[:30], name="others")
    return viewer


@pytest.mark.parametrize("name", ["cellpose", "imagej", "geojson", "coco"])
def test_what_was_exported_comes_back_by_file_open_and_by_dropping_it(viewer, labels, tmp_path, name):
    exported = export([LabelImage.of("cells", labels)], FORMATS[name], tmp_path)
    path = str(tmp_path / exported.files[0])
    [opened] = viewer.open(path, plugin="napari-labelfix")
    np.testing.assert_array_equal(opened.data, labels)
    np.testing.assert_allclose(opened.scale, (0.5, 0.5))
    if name != "cellpose":  # of a .npy napari asks which reader is meant
        viewer.window._qt_viewer._qt_open([path], stack=False, choose_plugin=False)
        np.testing.assert_array_equal(viewer.layers[-1].data, labels)


def test_a_file_that_does_not_say_its_size_needs_an_image(viewer, labels, tmp_path):
    exported = export([LabelImage.of("unknown", labels)], FORMATS["imagej"], tmp_path)
    with pytest.raises(InputError, match="Open the image first"):
        viewer.open(str(tmp_path / exported.files[0]), plugin="napari-labelfix")


def test_that_boxes_lose_their_classes_is_said(viewer, labels, tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(annotation_reader, "show_warning", told.append)
    boxes = [{"id": number, "image_id": 1, "category_id": number, "bbox": [3, 4, 10, 20]} for number in (1, 2)]
    categories = [{"id": 1, "name": "cell"}, {"id": 2, "name": "debris"}]
    height, width = labels.shape
    images = [{"id": 1, "file_name": "cells.tif", "height": height, "width": width}]
    said = {"images": images, "annotations": boxes, "categories": categories}
    (tmp_path / "cells_coco.json").write_text(json.dumps(said))
    viewer.open(str(tmp_path / "cells_coco.json"), plugin="napari-labelfix")
    assert told == ["Boxes have no classes here, so that those of the files (cell, debris) are left out."]


def test_masks_of_cellpose_need_no_image(viewer, labels, tmp_path):
    exported = export([LabelImage.of("unknown", labels)], FORMATS["cellpose"], tmp_path)
    [opened] = viewer.open(str(tmp_path / exported.files[0]), plugin="napari-labelfix")
    np.testing.assert_array_equal(opened.data, labels)


def test_other_archives_are_left_to_others(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert get_annotation_reader(str(tmp_path / "a.zip")) is None
    assert get_annotation_reader(str(tmp_path / "none.zip")) is None
    assert get_annotation_reader(["a.roi", "b.roi"]) is None
