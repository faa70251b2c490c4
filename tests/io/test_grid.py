"""Axes and pixel sizes stand in the files as they are, whatever a viewer calls them."""

import itertools

import numpy as np
import pytest
import tifffile

from napari_labelfix.io.grid import Grid, read_grid
from napari_labelfix.io.labels_tiff import write_labels

LABELS = np.arange(3 * 20 * 30).reshape(3, 20, 30)


@pytest.mark.parametrize("scale", [(1.0, 1.0, 1.0), (3.0, 0.5, 0.5), (2.0, 1.0, 1.0)])
@pytest.mark.parametrize("unit", ["pixel", "micrometer"])
def test_the_pixel_size_comes_back_whatever_its_unit(tmp_path, scale, unit):
    grid = Grid.of(("z", "y", "x"), scale, (unit,) * 3)
    write_labels(tmp_path / "a.tif", LABELS, grid)
    assert read_grid(tmp_path / "a.tif", 3) == grid


def test_steps_of_time_without_a_unit_are_left_out(tmp_path):
    write_labels(tmp_path / "a.tif", LABELS, Grid.of(("t", "y", "x"), (7, 0.5, 0.5), ("pixel",) * 3))
    assert read_grid(tmp_path / "a.tif", 3) == Grid(("t", "y", "x"), (1.0, 0.5, 0.5), ("pixel",) * 3)


@pytest.mark.parametrize("axes", [*itertools.permutations("zyx"), *itertools.permutations("tyx")], ids="".join)
def test_names_of_axes_in_any_order_can_be_written(tmp_path, axes):
    grid = Grid.of(axes, (1, 1, 1), ("micrometer",) * 3)
    assert grid.axes == (axes if axes[1:] == ("y", "x") else ("z", "y", "x"))
    write_labels(tmp_path / "a.tif", LABELS, grid)
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert file.series[0].shape == LABELS.shape
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), LABELS)


def test_axes_are_called_as_the_file_calls_them_in_any_order(tmp_path):
    of_ome = {"axes": "ZTYX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5, "PhysicalSizeZ": 2.0}
    tifffile.imwrite(tmp_path / "a.ome.tif", np.zeros((4, 3, 20, 30), np.uint8), metadata=of_ome)
    units = ("micrometer", "pixel", "micrometer", "micrometer")
    assert read_grid(tmp_path / "a.ome.tif", 4) == Grid(("z", "t", "y", "x"), (2.0, 1.0, 0.5, 0.5), units)


def test_frames_that_fiji_gives_a_spacing_are_times(tmp_path):
    metadata = {"axes": "TYX", "unit": "um", "spacing": 1.0, "finterval": 3.0}
    stack = np.zeros((4, 20, 30), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", stack, imagej=True, resolution=(2, 2), metadata=metadata)
    units = ("second", "micrometer", "micrometer")
    assert read_grid(tmp_path / "a.tif", 3) == Grid(("t", "y", "x"), (3.0, 0.5, 0.5), units)
