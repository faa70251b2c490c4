"""ImageJ's multi-point tool keeps a slice for each point."""

import json

import numpy as np
import pytest
import roifile
import tifffile

from napari_labelfix.annotations import Points
from napari_labelfix.errors import InputError
from napari_labelfix.io.annotation_files import AnnotationFiles
from napari_labelfix.io.export import export
from napari_labelfix.io.formats import find_format
from napari_labelfix.io.label_image import LabelImage
from napari_labelfix.io.read import read_image


@pytest.fixture
def stack(tmp_path):
    np.save(tmp_path / "cells.npy", np.zeros((3, 30, 40), np.uint8))
    return read_image(tmp_path / "cells.npy")


def points_in_planes(stack, slices, position=0):
    roi = roifile.ImagejRoi.frompoints(np.array([[5.5, 6.5], [10.5, 11.5], [20.5, 21.5]]))
    roi.roitype = roifile.ROI_TYPE.POINT
    roi.position = position
    roi.counters, roi.counter_positions = np.zeros(3, np.uint8), np.array(slices, np.uint32)
    path = stack.path.with_suffix(".roi")
    roi.tofile(path)
    return [plane.positions.tolist() for plane in AnnotationFiles([path], stack).read(Points)]


@pytest.mark.parametrize("position", [0, 3])  # the ROI Manager adds the slice that was seen last
def test_each_point_lies_in_its_own_slice(stack, position):
    assert points_in_planes(stack, [1, 3, 1], position) == [[[6, 5], [21, 20]], [], [[11, 10]]]


def test_points_without_slices_lie_in_that_of_the_roi(stack):
    assert points_in_planes(stack, [0, 0, 0], position=2) == [[], [[6, 5], [11, 10], [21, 20]], []]
    with pytest.raises(InputError, match="does not say in which of 3 planes"):
        points_in_planes(stack, [0, 0, 0])


def test_a_slice_that_is_not_there_is_told(stack):
    with pytest.raises(InputError, match="in plane 8, but the image has 3 planes"):
        points_in_planes(stack, [1, 9, 1])


def test_in_a_stack_with_channels_each_channel_of_a_plane_is_a_slice(tmp_path):
    pixels = np.zeros((3, 2, 30, 40), np.uint8)
    tifffile.imwrite(tmp_path / "cells.tif", pixels, imagej=True, metadata={"axes": "ZCYX"})
    stack = read_image(tmp_path / "cells.tif")
    assert points_in_planes(stack, [1, 6, 2]) == [[[6, 5], [21, 20]], [], [[11, 10]]]


@pytest.mark.parametrize("name", ["imagej", "geojson"])
@pytest.mark.parametrize("axes", ["TZYX", "ZTYX"])
def test_time_and_depth_are_told_by_their_names_and_come_back(tmp_path, name, axes):
    pixels = np.zeros((2, 3, 30, 40), np.uint8)
    tifffile.imwrite(tmp_path / "cells.ome.tif", pixels, metadata={"axes": axes})
    stack = read_image(tmp_path / "cells.ome.tif")
    labels = np.zeros(stack.shape, np.uint16)
    labels[1, 2, 3:9, 4:9] = 1
    exported = export([LabelImage.of("cells", labels, stack.grid)], find_format(name), tmp_path)
    [path] = [tmp_path / file for file in exported.files if not file.endswith("_export.json")]
    time, depth = (1, 2) if axes == "TZYX" else (2, 1)
    if name == "imagej":
        [roi] = roifile.roiread(path)
        assert (roi.t_position, roi.z_position) == (time + 1, depth + 1)
    else:
        [feature] = json.loads(path.read_text())["features"]
        assert feature["geometry"]["plane"] == {"c": -1, "t": time, "z": depth}
    np.testing.assert_array_equal(AnnotationFiles([path], stack).read_labels(), labels)
