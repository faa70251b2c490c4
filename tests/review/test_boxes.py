import numpy as np
import pytest

from napari_labelfix.review.boxes import find_box, find_boxes


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
