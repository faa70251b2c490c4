import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays
from scipy.ndimage import binary_fill_holes
from skimage import segmentation

from napari_labelfix.data import label_images
from napari_labelfix.data.label_images import (
    boxes_of_labels,
    fill_label_holes,
    middles,
    mostly_in,
    rank_objects,
    relabel_sequential,
    remove_small_objects,
    sizes_of_whole,
)


@pytest.mark.parametrize(("highest", "lowest"), [(6, 0), (10_000, 0), (6, -2)], ids=["counted", "sorted", "below 0"])
def test_objects_are_ranked_by_their_ids_and_their_pixels_counted(highest, lowest):
    ids, sizes, ranks = rank_objects(np.array([[0, highest, highest], [4, lowest, highest]]))
    assert ids.tolist() == [4, highest]
    assert sizes.tolist() == [1, 3]
    assert ranks.tolist() == [[0, 2, 2], [1, 0, 2]]


@pytest.mark.parametrize("labels", [np.zeros((2, 3), np.uint8), np.zeros((0, 3), np.int32)], ids=["none", "no pixels"])
def test_where_there_is_no_object_all_is_background(labels):
    ids, sizes, ranks = rank_objects(labels)
    assert ids.size == sizes.size == 0
    assert np.array_equal(ranks, labels)


@pytest.mark.parametrize("highest", [8, 10_000], ids=["counted", "sorted"])
@given(labels=arrays(np.int64, (5, 6), elements={"min_value": 0, "max_value": 8}))
def test_ids_without_gaps_are_those_of_scikit_image(labels, highest):
    labels[labels == 8] = highest
    expected, _, _ = segmentation.relabel_sequential(labels)
    assert np.array_equal(relabel_sequential(labels), expected)


def test_the_middle_of_an_object_is_where_it_is_deepest_also_where_another_touches_it():
    labels = np.zeros((30, 40), np.int32)
    labels[5:16, 5:16], labels[5:16, 16:27], labels[20, 3], labels[25:, 30:] = 4, 9_000_000, 2, 1
    found = middles(labels, 0.8)
    assert np.argwhere(found & (labels == 4)).min(axis=0).tolist() == [9, 9]
    assert np.argwhere(found & (labels == 4)).max(axis=0).tolist() == [11, 11]
    assert (found & (labels == 9_000_000)).sum() == 9
    assert found[20, 3], "an object of one pixel is its own middle"
    assert found[29, 39], "beyond the border of the image it goes on"
    assert not (found & (labels == 0)).any()
    assert not middles(np.zeros((4, 4), int), 0.8).any()
    assert middles(np.zeros((0, 4), int), 0.8).shape == (0, 4)


def test_objects_that_lie_in_a_mask_for_the_most_part():
    labels = np.zeros((10, 10), np.int32)
    labels[0], labels[5, :5], labels[7:] = 3, 7_000_000, 9
    where = np.zeros(labels.shape, bool)
    where[:, :9] = True
    assert mostly_in(labels, where, 0.9).tolist() == [3, 9, 7_000_000]
    assert mostly_in(labels, where, 0.91).tolist() == [7_000_000]
    assert mostly_in(labels, ~where & (labels == 0), 0.5).size == 0


def test_the_background_is_no_object_and_a_mask_is_one():
    labels = np.array([[0, 0, 3]])
    assert mostly_in(labels, labels >= 0, 0.5).tolist() == [3]
    assert [found.tolist() for found in rank_objects(labels > 0)] == [[1], [1], [[0, 0, 1]]]


def test_ids_may_be_higher_than_there_is_memory_for_that_many():
    assert relabel_sequential(np.array([[0, 9], [2**40, 9]])).tolist() == [[0, 1], [2, 1]]
    assert relabel_sequential(np.array([[0, 2**60 + 1], [2**60, 9]], np.uint64)).tolist() == [[0, 3], [2, 1]]


def test_objects_of_exactly_the_minimum_size_stay_and_keep_their_ids():
    labels = np.array([[1, 1, 0, 2, 3, 3, 3]])
    assert remove_small_objects(labels, 2).tolist() == [[1, 1, 0, 0, 3, 3, 3]]


def test_objects_that_a_person_is_sure_of_stay_however_small_they_are():
    labels = np.array([[1, 0, 2, 3, 3, 3]])
    sure = np.array([[False, True, True, False, False, False]])
    assert remove_small_objects(labels, 2, sure).tolist() == [[0, 0, 2, 3, 3, 3]]


@given(arrays(bool, (8, 9)))
def test_holes_of_a_single_object_are_those_that_scipy_fills(mask):
    assert np.array_equal(fill_label_holes(mask.astype(np.uint8)), binary_fill_holes(mask))


def test_background_between_two_objects_is_no_hole():
    labels = np.array([[1, 1, 2, 2], [1, 0, 0, 2], [1, 1, 2, 2]])
    assert np.array_equal(fill_label_holes(labels), labels)


def test_boxes_come_in_the_order_of_the_ids():
    labels = np.zeros((20, 20), np.int64)
    labels[2:5, 3:9], labels[10:20, 0:4] = 7, 2**40
    assert boxes_of_labels(labels).tolist() == [[2, 3, 5, 9], [10, 0, 20, 4]]
    assert boxes_of_labels(np.zeros((5, 5), int)).shape == (0, 4)
    assert boxes_of_labels(np.full((5, 6), 3)).tolist() == [[0, 0, 5, 6]], "an object may fill the plane"


def test_ids_of_a_stack_are_found_a_plane_at_a_time(monkeypatch):
    stack = np.array([[[0, 7], [7, 4]], [[2**40, 0], [4, -1]], [[0, 0], [0, 0]]])
    seen = []
    real = label_images.np.unique
    monkeypatch.setattr(label_images.np, "unique", lambda array: seen.append(array.shape) or real(array))
    assert label_images.ids_of(stack).tolist() == [4, 7, 2**40]
    assert seen[:3] == [(2, 2)] * 3
    assert label_images.ids_of(np.zeros((2, 0, 5), np.uint64)).size == 0
    assert label_images.ids_of(np.eye(3, dtype=bool)).tolist() == [True]
    assert label_images.ids_of(stack[stack != 7]).tolist() == [4, 2**40], "some pixels"


def test_objects_are_counted_whole_where_a_part_of_them_is_asked_for_and_not_if_they_are_cut_off():
    labels = np.zeros((8, 9), np.int32)
    labels[0:3, 1:4] = 7  # at the border
    labels[2:5, 5:8] = 3
    labels[6, 2:5] = 9
    somewhere = np.zeros(labels.shape, bool)
    somewhere[:4] = True
    assert sizes_of_whole(labels, somewhere).tolist() == [9]
    assert sizes_of_whole(labels, np.ones_like(somewhere)).tolist() == [9, 3]
    assert sizes_of_whole(np.zeros_like(labels), somewhere).tolist() == []
