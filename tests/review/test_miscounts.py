"""Labels held against points: which objects have none or several, which points no object, and how well both agree."""

import numpy as np
import pytest

from napari_labelfix.review.miscounts import find_miscounts
from napari_labelfix.review.suspects import Reason, find_suspects
from napari_labelfix.snapshots import Change

MERGED, MISSED, FALSE = int(Change.MERGED), int(Change.REMOVED), int(Change.ADDED)


def three_objects():
    labels = np.zeros((60, 80), np.int32)
    labels[5:15, 5:35], labels[40:50, 60:70], labels[20:24, 5:9] = 7, 300, 4
    return labels


def rows(found):
    return list(zip(found.kinds.tolist(), found.before, found.after, found.pixels.tolist(), strict=True))


def test_objects_with_several_points_come_first_then_points_without_an_object_then_objects_without_a_point():
    points = np.array([(10, 30), (45, 65), (55, 10), (9.6, 8.2)])
    found = find_miscounts(points, three_objects())
    assert rows(found) == [(MERGED, (0, 3), (7,), 300), (MISSED, (2,), (), 0), (FALSE, (), (4,), 16)]
    assert found.count() == {Change.MERGED: 1, Change.REMOVED: 1, Change.ADDED: 1}
    assert found.f1 == pytest.approx(2 * 2 / (4 + 3)), "two objects have a point, of four points and three objects"
    np.testing.assert_array_equal(found.points, points)


def test_each_kind_is_marked_in_its_pixels_and_a_point_without_an_object_by_a_dot_on_the_background():
    labels = three_objects()
    codes = find_miscounts(np.array([(10, 30), (10, 8), (17, 20), (59, 0)]), labels).codes
    assert (codes[labels == 7] == MERGED).all()
    assert (codes[np.isin(labels, [4, 300])] == FALSE).all()
    assert codes[17, 20] == codes[20, 22] == codes[59, 3] == MISSED
    assert codes[14, 20] == MERGED, "the dot does not cover the object beside it"
    assert np.count_nonzero(codes == MISSED) < 120


def test_of_equally_many_the_largest_object_comes_first():
    found = find_miscounts(np.zeros((0, 2)), three_objects())
    assert found.after == [(7,), (300,), (4,)]


def test_where_each_object_has_a_point_nothing_is_found():
    found = find_miscounts(np.array([(10, 20), (45, 65), (22, 7)]), three_objects())
    assert len(found) == 0
    assert not found.codes.any()
    assert found.f1 == 1


def test_points_that_are_outside_or_nowhere_do_not_count():
    beside = np.array([(-0.6, 3), (3, 79.6), (np.nan, 3), (1e9, 3), (-0.4, 79.4)])
    found = find_miscounts(beside, three_objects() * 0)
    assert rows(found) == [(MISSED, (4,), (), 0)]


@pytest.mark.parametrize("shape", [(60, 80), (4, 60, 80)])
def test_without_objects_and_without_points_there_is_nothing_to_say(shape):
    found = find_miscounts(np.zeros((0, len(shape))), np.zeros(shape, np.int32))
    assert len(found) == 0
    assert found.f1 == 1


def test_in_a_stack_a_body_has_one_point_in_any_of_its_planes():
    stack = np.zeros((4, 30, 30), np.int32)
    stack[0:3, 5:15, 5:15], stack[1:4, 20:28, 20:28] = 1, 2
    assert len(find_miscounts(np.array([(2, 8, 8), (1, 24, 24)]), stack)) == 0
    found = find_miscounts(np.array([(0, 8, 8), (2, 12, 12), (3, 8, 8)]), stack)
    assert rows(found) == [(MERGED, (0, 1), (1,), 300), (MISSED, (2,), (), 0), (FALSE, (), (2,), 192)]
    assert found.codes[3, 8, 8] == MISSED
    assert not (found.codes[2] == MISSED).any()


def test_what_is_found_makes_objects_doubtful():
    labels = three_objects()
    suspects = find_miscounts(np.array([(10, 30), (10, 8), (22, 7)]), labels).add_to(find_suspects(labels))
    assert Reason.SEVERAL_POINTS in suspects.why(1)
    assert Reason.NO_POINT in suspects.why(2)
    assert not {Reason.SEVERAL_POINTS, Reason.NO_POINT} & set(suspects.why(0))
    assert suspects.doubt[1] > suspects.doubt[0]
