"""Points and boxes that are there already, and the point that is meant."""

import numpy as np
import pytest

from napari_labelfix.review.marks import boxes_at, near_any, nearest, overlapping_any

KNOWN = np.array([[10.0, 10], [30, 30]])


@pytest.mark.parametrize(("point", "near"), [([10, 14], True), ([10, 16], False), ([27, 26], True), ([20, 20], False)])
def test_a_point_within_the_distance_is_near(point, near):
    assert near_any(np.array([point], float), KNOWN, 5) == [near]


def test_each_point_has_a_distance_of_its_own():
    points = np.array([[10.0, 14], [10, 14]])
    np.testing.assert_array_equal(near_any(points, KNOWN, np.array([5, 3])), [True, False])


def test_points_of_other_planes_are_never_near():
    known = np.array([[0.0, 10, 10]])
    points = np.array([[0.0, 10, 12], [1, 10, 10]])
    np.testing.assert_array_equal(near_any(points, known, 5), [True, False])
    np.testing.assert_array_equal(near_any(points * 1.02, known, np.array([1, 30])), [False, False])
    assert nearest(points, np.array([1.2, 11, 10]), np.array([5, 5])) == 1


def test_a_point_that_lies_nowhere_is_near_nothing():
    points = np.array([[np.nan, 10], [10.0, 12], [10, np.inf]])
    np.testing.assert_array_equal(near_any(points, KNOWN, 5), [False, True, False])
    np.testing.assert_array_equal(near_any(KNOWN, points, 5), [True, False])
    np.testing.assert_array_equal(near_any(KNOWN, points[:1], 5), [False, False])
    assert nearest(points, np.array([11.0, 11]), np.full(3, 5)) == 1


@pytest.mark.parametrize("none", [np.zeros((0, 2))])
def test_no_points_are_near_nothing(none):
    assert near_any(none, KNOWN, 5).size == 0
    np.testing.assert_array_equal(near_any(KNOWN, none, 5), [False, False])
    assert nearest(none, np.zeros(2), np.zeros(0)) is None


def test_the_nearest_is_meant_unless_it_is_too_far():
    assert nearest(KNOWN, np.array([28.0, 29]), np.array([5, 5])) == 1
    assert nearest(KNOWN, np.array([20.0, 20]), np.array([5, 5])) is None


def test_a_box_is_there_where_one_of_its_plane_shares_half_of_it():
    known = np.array([[0.0, 0, 10, 10], [20, 20, 40, 40]])
    found = np.array([[0.0, 0, 10, 11], [20, 20, 29, 40], [20, 20, 40, 40]])
    flat = np.zeros((3, 0), int), np.zeros((2, 0), int)
    np.testing.assert_array_equal(overlapping_any(found, flat[0], known, flat[1]), [True, False, True])
    planes = np.array([[0], [0], [0]]), np.array([[0], [1]])
    np.testing.assert_array_equal(overlapping_any(found, planes[0], known, planes[1]), [True, False, False])
    assert overlapping_any(found[:0], flat[0][:0], known, flat[1]).size == 0


def test_the_smallest_box_of_the_plane_around_a_place_is_meant():
    boxes = np.array([[0, 0, 20, 20], [4, 4, 8, 10], [4, 4, 9, 10], [5, 5, 6, 6]], float)
    planes = np.array([[1, 0], [1, 0], [1, 0], [0, 0]])
    for place, index in [((5, 5), 1), ((8, 5), 2), ((9, 5), 0), ((5, 10), 0), ((-1, 5), None), ((20, 20), None)]:
        assert boxes_at(boxes, planes, np.array([1.2, 0, *place])) == index
    assert boxes_at(boxes, planes, np.array([0, 0, 5, 5])) == 3
    assert boxes_at(boxes, planes, np.array([0, 1, 5, 5])) is None
