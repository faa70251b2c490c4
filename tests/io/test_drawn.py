"""Outlines become labels: which number each gets, whatever the other program has made of it."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import roifile

from napari_labelfix.io import imagej_rois, qupath_geojson
from napari_labelfix.io.drawn import Drawn, DrawnObject, paint_drawn
from napari_labelfix.io.export import export
from napari_labelfix.io.formats import find_format
from napari_labelfix.io.label_image import HIGHEST_NUMBER, LabelImage
from napari_labelfix.io.read import ImageFile

IMAGE = ImageFile(Path("cells.tif"), np.zeros((60, 60), np.uint8), None)


def square(number, at, plane=None):
    top, left = divmod(at, 10)
    corners = [(top, left), (top, left + 1), (top + 1, left + 1), (top + 1, left)]
    return DrawnObject([np.array(corners, float)], plane, number)


def numbers(objects, shape=(10, 10)):
    """Return the number at the place of each object: 0, 1, 2, ..., from left to right."""
    return paint_drawn(Drawn(list(objects)), shape, "a file").reshape(-1)[: len(objects)].tolist()


@pytest.mark.parametrize(
    ("said", "got"),
    [
        ([3, 7, 5], [3, 7, 5]),
        ([None, None, None], [1, 2, 3]),
        ([3, 7, 3, 3], [3, 7, 8, 9]),
        ([3, None, 7], [3, 8, 7]),
        ([3, 0, -2, HIGHEST_NUMBER + 1], [3, 4, 5, 6]),
        ([HIGHEST_NUMBER, 1, 1, None], [HIGHEST_NUMBER, 1, 2, 3]),
    ],
)
def test_the_first_keeps_its_number_and_copies_and_new_ones_get_others(said, got):
    assert numbers([square(number, at) for at, number in enumerate(said)]) == got


def test_an_object_goes_through_planes_and_a_copy_in_one_of_them_does_not():
    objects = [square(4, 0, 0), square(4, 0, 1), square(4, 1, 1)]
    labels = paint_drawn(Drawn(objects), (2, 10, 10), "a file")
    assert (labels[:, 0, 0].tolist(), labels[1, 0, 1]) == ([4, 4], 5)


def two_objects():
    labels = np.zeros((60, 60), np.uint8)
    labels[5:15, 5:15], labels[5:15, 30:40] = 1, 2
    return LabelImage.of("cells", labels)


def test_a_roi_that_was_duplicated_in_imagej_is_an_object_of_its_own(tmp_path):
    export([two_objects()], find_format("imagej"), tmp_path)
    rois = roifile.roiread(tmp_path / "cells_rois.zip")
    copy = roifile.ImagejRoi.frombytes(rois[0].tobytes())
    copy.top, copy.bottom, copy.name = copy.top + 30, copy.bottom + 30, "copy"
    roifile.roiwrite(tmp_path / "more.zip", [*rois, copy])
    labels = paint_drawn(imagej_rois.read(tmp_path / "more.zip", IMAGE), (60, 60), "a file")
    assert [labels[10, 10], labels[10, 35], labels[40, 10]] == [1, 2, 3]


def test_what_else_lies_in_a_zip_of_rois_is_left_out(tmp_path):
    export([two_objects()], find_format("imagej"), tmp_path)
    with zipfile.ZipFile(tmp_path / "cells_rois.zip", "a") as archive:
        for name in ("__MACOSX/._0001.roi", ".DS_Store", "notes.txt", "more/"):
            archive.writestr(name, b"\0\5\x16\7 what macOS adds")
    assert len(imagej_rois.read(tmp_path / "cells_rois.zip", IMAGE).objects) == 2


def test_an_annotation_drawn_in_qupath_takes_no_numbers_from_the_others(tmp_path):
    export([two_objects()], find_format("geojson"), tmp_path)
    path = tmp_path / "cells.geojson"
    data = json.loads(path.read_text())
    ring = [[1, 40], [9, 40], [9, 49], [1, 49], [1, 40]]
    drawn = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": {}}
    path.write_text(json.dumps(data | {"features": [drawn, *reversed(data["features"])]}))
    labels = paint_drawn(qupath_geojson.read(path, IMAGE), (60, 60), "a file")
    assert [labels[10, 10], labels[10, 35], labels[45, 5]] == [1, 2, 3]


RING = [[1, 1], [5, 1], [5, 5], [1, 5], [1, 1]]
FAR = [[11, 11], [15, 11], [15, 15], [11, 15], [11, 11]]


def read_features(path, *geometries, **properties):
    features = [{"type": "Feature", "geometry": geometry} | properties for geometry in geometries]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return qupath_geojson.read(path, IMAGE)


def test_features_without_properties_or_place_are_fine(tmp_path):
    polygon = {"type": "Polygon", "coordinates": [RING]}
    empty = [{"type": "Polygon", "coordinates": []}, {"type": "Point", "coordinates": []}]
    drawn = read_features(tmp_path / "a.geojson", None, polygon, *empty, properties=None)
    assert ([len(found.rings) for found in drawn.objects], drawn.points) == ([1], [])
    assert paint_drawn(drawn, (20, 20), "a file").sum() == 16


def test_a_collection_of_shapes_is_one_object_and_its_points(tmp_path):
    shapes = [
        {"type": "Polygon", "coordinates": [RING]},
        {"type": "LineString", "coordinates": [[0, 0], [9, 9]]},
        {"type": "MultiPoint", "coordinates": [[3, 4], [7, 8]]},
        {"type": "GeometryCollection", "geometries": [{"type": "MultiPolygon", "coordinates": [[FAR]]}]},
    ]
    collection = {"type": "GeometryCollection", "geometries": shapes, "plane": {"z": 0, "t": 0}}
    drawn = read_features(tmp_path / "a.geojson", collection)
    assert [place for _, place in drawn.points] == [(3.5, 2.5), (7.5, 6.5)]
    [found] = drawn.objects
    assert (len(found.rings), found.plane) == (2, 0)
    assert paint_drawn(drawn, (20, 20), "a file").sum() == 32


def test_classes_of_several_files_are_told_apart_by_their_names():
    drawn = Drawn()
    for plane, names in enumerate([{1: "cell", 2: "debris"}, {1: "debris", 2: "cell", 3: "fibre"}, {1: "dust"}]):
        objects = [replace(square(None, at=number), class_number=number) for number in names]
        drawn.add(Drawn(objects, class_names=names), plane)
    assert [drawn.class_names[found.class_number] for found in drawn.objects] == [
        *("cell", "debris"),
        *("debris", "cell", "fibre"),
        "dust",
    ]
