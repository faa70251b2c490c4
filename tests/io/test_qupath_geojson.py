"""QuPath names the plane of an object unless that is the first."""

import json

import numpy as np
import pytest

from napari_labelfix.annotations import Instances
from napari_labelfix.errors import InputError
from napari_labelfix.io.annotation_files import AnnotationFiles
from napari_labelfix.io.read import read_image


def feature(at, *, plane=None, by_qupath=False):
    square = [[at, at], [at + 4, at], [at + 4, at + 4], [at, at + 4], [at, at]]
    geometry = {"type": "Polygon", "coordinates": [square]} | ({"plane": plane} if plane else {})
    return {"type": "Feature", "geometry": geometry, "properties": {"objectType": "annotation"} if by_qupath else {}}


def objects_in_planes(tmp_path, shape, *features):
    np.save(tmp_path / "cells.npy", np.zeros(shape, np.uint8))
    path = tmp_path / "cells.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    found = AnnotationFiles([path], read_image(tmp_path / "cells.npy")).read(Instances)
    return [len(np.unique(plane.labels)) - 1 for plane in found]


def test_an_object_without_a_plane_lies_in_the_first_where_others_name_theirs(tmp_path):
    third = feature(15, plane={"c": -1, "z": 2, "t": 0})
    assert objects_in_planes(tmp_path, (3, 30, 40), feature(5), third) == [1, 0, 1]


def test_objects_of_qupath_without_planes_lie_in_the_first(tmp_path):
    features = [feature(at, by_qupath=True) for at in (5, 15)]
    assert objects_in_planes(tmp_path, (2, 3, 30, 40), *features) == [2, 0, 0, 0, 0, 0]


def test_where_nothing_tells_the_plane_that_is_said(tmp_path):
    with pytest.raises(InputError, match="does not say in which of 3 planes"):
        objects_in_planes(tmp_path, (3, 30, 40), feature(5), feature(15))


def test_an_object_may_be_a_collection_of_shapes(tmp_path):
    parts = feature(5, by_qupath=True) | {
        "geometry": {"type": "GeometryCollection", "geometries": [feature(at)["geometry"] for at in (5, 15)]}
    }
    assert objects_in_planes(tmp_path, (30, 40), parts) == [1]
