import numpy as np
import pytest

from napari_labelfix.review.boxes import (
    around,
    box_around,
    boxes_in,
    find_box,
    find_boxes,
    pixels_within,
    stacks_of,
    widened,
)


@pytest.mark.parametrize("step", [1, 1000, 10**6])
def test_boxes_are_found_for_few_and_for_many_objects_and_not_for_missing_ones(step):
    labels = np.zeros((20, 30), np.int32)
    expected = {}
    for number in range(12):
        labels[number, 2 * number : 2 * number + 3] = step * number + 7
        labels[number + 1, 2 * number] = step * number + 7
    for object_id in np.unique(labels)[1:].tolist():
        rows, columns = np.nonzero(labels == object_id)
        expected[object_id] = (slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1))
    assert find_boxes(labels, {*expected, 5, 10**8}) == expected
    assert find_boxes(labels) == expected
    assert find_boxes(labels, [7, 5]) == {7: expected[7]}


def test_no_boxes_in_empty_labels():
    assert find_boxes(np.zeros((5, 5), np.uint16)) == {}
    assert find_boxes(np.zeros((5, 5), np.uint16), range(1, 20)) == {}


def test_the_box_in_the_plane_that_is_seen_comes_first():
    labels = np.zeros((3, 8, 9), np.int32)
    labels[0, 1:3, 4:6] = 2
    labels[2, 5:8, 0:1] = 2
    labels[2, 6, 3] = 2
    assert find_boxes(labels) == {2: (slice(0, 3), slice(1, 8), slice(0, 6))}
    assert find_box(labels, 2) == (slice(0, 1), slice(1, 3), slice(4, 6))
    assert find_box(labels, 2, (2,)) == (slice(2, 3), slice(5, 8), slice(0, 4))
    assert find_box(labels, 2, (1,)) == find_box(labels, 2)
    assert find_box(labels, 3) is None


@pytest.mark.parametrize("ids", [None, [1], range(20)])
def test_masks_have_one_object_and_empty_arrays_none(ids):
    mask = np.zeros((5, 6), bool)
    assert find_boxes(mask, ids) == {}
    mask[1:3, 2:4] = True
    assert find_boxes(mask, ids) == {1: (slice(1, 3), slice(2, 4))}
    for shape in ((0, 4), (3, 0, 4)):
        assert find_boxes(np.zeros(shape, np.int32), ids) == {}


def test_an_object_is_looked_for_around_a_part_of_it_where_that_is_faster():
    labels = np.zeros((2, 400, 500), np.int32)
    labels[0, 60:62, 100:141], labels[0, 60:90, 100] = 5, 5
    labels[1, 300:304, 2:400] = 6
    pixel, area = (slice(0, 1), slice(61, 62), slice(120, 121)), np.count_nonzero(labels == 5)
    assert box_around(labels, 5, pixel, area) == (slice(0, 1), slice(60, 90), slice(100, 141)) == find_boxes(labels)[5]
    assert box_around(labels, 5, pixel, area + 1) is None
    assert box_around(labels, 6, (slice(1, 2), slice(301, 302), slice(3, 4)), np.count_nonzero(labels == 6)) is None


def test_an_edit_changes_what_it_is_asked_to_and_neither_background_nor_what_is_locked():
    labels = np.zeros((20, 30), np.int32)
    labels[2:4, 3:5], labels[6:9, 3:5], labels[12:14, 3:5] = 9, 4, 7
    found = find_boxes(labels)
    assert list(boxes_in(labels, [9, 0, 7, 4, 9], None, locked=[7]).items()) == [(4, found[4]), (9, found[9])]
    known = {4: (slice(0, 20), slice(0, 30)), 7: found[7]}
    assert boxes_in(labels, [9, 4, 7], known, locked=[7]) == {4: known[4]}


def test_boxes_are_widened_within_the_array_and_joined():
    box, other = (slice(2, 4), slice(8, 12)), (slice(0, 3), slice(9, 20))
    assert widened(box, 3, (30, 14)) == (slice(0, 7), slice(5, 14))
    assert widened(box, (0, 1), (30, 30)) == (slice(2, 4), slice(7, 13))
    assert around([box, other]) == (slice(0, 4), slice(8, 20))


@pytest.mark.parametrize(("shape", "indices"), [((3, 4), [()]), ((2, 3, 4), [()]), ((2, 5, 3, 4), [(0,), (1,)])])
def test_an_array_is_a_row_of_stacks(shape, indices):
    array = np.random.default_rng(0).random(shape)
    found = list(stacks_of(array))
    assert [index for index, _ in found] == indices
    assert all(np.array_equal(part, array[index]) for index, part in found)


def test_points_lie_in_the_pixel_that_they_are_nearest_to_or_in_none():
    points = np.array([(0.4, 2.6), (-0.6, 1), (3, 4.6), (np.nan, 1), (1, np.inf), (1e300, 0), (-0.4, 4.4)])
    which, pixels = pixels_within(points, (4, 5))
    assert which.tolist() == [0, 6]
    assert pixels.tolist() == [[0, 3], [0, 4]]
    assert pixels_within(np.zeros((0, 3)), (4, 5, 6))[1].shape == (0, 3)
