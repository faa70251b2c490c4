"""Where what lies on a layer lies on another one, by what a project knows of both."""

import numpy as np
import pytest

from napari_labelfix.project.placement import magnification, map_points, way_between

PLACE = {
    "scale": [2.0, 0.5],
    "translate": [10.0, -4.0],
    "rotate": [[0.0, -1.0], [1.0, 0.0]],
    "affine": np.eye(3).tolist(),
}
POINTS = np.array([[0.0, 0], [3, 4]])


@pytest.mark.parametrize("shear", [[0.25], [[1.0, 0.25], [0.0, 1.0]]], ids=["above the diagonal", "whole"])
def test_a_layer_is_scaled_sheared_turned_and_moved(shear):
    """(3, 4) becomes (6, 2), sheared (6.5, 2), turned by a right angle (-2, 6.5), moved (8, 2.5)."""
    plain = PLACE | {"scale": [1.0, 1.0], "translate": [0.0, 0.0], "rotate": np.eye(2).tolist(), "shear": [0.0]}
    placed = PLACE | {"shear": shear}
    there = map_points(POINTS, way_between(placed, plain, 2))
    assert there == pytest.approx(np.array([[10, -4], [8, 2.5]]))
    assert map_points(there, way_between(plain, placed, 2)) == pytest.approx(POINTS)
    assert magnification(way_between(plain | {"scale": [0.5, 0.5]}, plain, 2)) == 0.5


@pytest.mark.parametrize(("source", "target"), [({}, PLACE), (PLACE, {}), (PLACE, PLACE)])
def test_a_layer_of_which_nothing_is_known_lies_on_the_other(source, target):
    assert map_points(POINTS, way_between(source, target, 2)) == pytest.approx(POINTS)
