"""Large arrays are gone through a part at a time, and say the same as in one go."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.measure import label

from napari_labelfix.data.label_images import rank_objects
from napari_labelfix.review import in_parts
from napari_labelfix.review.boxes import find_boxes
from napari_labelfix.review.differences import find_differences
from napari_labelfix.review.in_parts import find_all_boxes, find_bodies, rank_all
from napari_labelfix.review.suspects import Reason, find_suspects


class Unwanted(Exception):
    """Nobody waits any more."""


@pytest.fixture(params=[1, 7, 40])
def small_parts(request, monkeypatch):
    monkeypatch.setattr(in_parts, "_PART", request.param)


@pytest.fixture(params=[(9, 8), (1, 6, 7), (5, 6, 7)], ids=str)
def labels(request):
    return np.random.default_rng(3).integers(0, 4, request.param)


def test_bodies_that_reach_through_several_parts_are_one(small_parts, labels):
    pieces = label(labels, connectivity=labels.ndim, background=0)
    expected = [labels[pieces == piece][0] for piece in range(1, pieces.max() + 1)]
    assert sorted(find_bodies(labels)) == sorted(expected)


def test_a_diagonal_through_all_parts_is_one_body_whichever_way_it_goes(small_parts):
    stack = np.zeros((7, 7, 7), np.uint8)
    for axis in range(4):
        diagonal = [np.arange(7)] * 3
        if axis < 3:
            diagonal[axis] = diagonal[axis][::-1]
        turned = stack.copy()
        turned[tuple(diagonal)] = 5
        assert find_bodies(turned).tolist() == [5]


@given(arrays(np.uint8, st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 6)), elements=st.integers(0, 3)))
def test_bodies_of_any_stack_are_those_that_scikit_image_finds(stack):
    pieces, count = label(stack, connectivity=3, background=0, return_num=True)
    assert sorted(find_bodies(stack)) == sorted(stack[pieces == piece][0] for piece in range(1, count + 1))


@pytest.mark.parametrize("factor", [1, 10**7])
def test_boxes_and_ranks_are_those_of_the_whole(small_parts, labels, factor):
    labels = labels * factor
    assert find_all_boxes(labels) == find_boxes(labels)
    for found, expected in zip(rank_all(labels), rank_objects(labels), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_what_differs_does_not_depend_on_the_parts(labels, small_parts):
    other = np.random.default_rng(4).integers(0, 4, labels.shape)
    found = find_differences(labels, other)
    with pytest.MonkeyPatch.context() as whole:
        whole.setattr(in_parts, "_PART", 2**22)
        expected = find_differences(labels, other)
    np.testing.assert_array_equal(found.codes, expected.codes)
    np.testing.assert_array_equal(found.pixels, expected.pixels)
    np.testing.assert_array_equal(found.overlap, expected.overlap)
    assert (found.before, found.after) == (expected.before, expected.after)


@pytest.mark.parametrize("work", [find_suspects, lambda labels, go_on: find_differences(labels, labels, go_on)])
def test_a_search_ends_between_two_parts_wherever_it_is(work, monkeypatch):
    monkeypatch.setattr(in_parts, "_PART", 32)
    labels = np.repeat(np.arange(8), 8).reshape(1, 8, 8).repeat(5, axis=0)
    calls = []
    work(labels, go_on=lambda: calls.append(1))
    assert len(calls) > labels.size / 32
    for last in range(1, len(calls)):
        left = iter(range(last))

        def go_on(left=left):
            if next(left, None) is None:
                raise Unwanted

        with pytest.raises(Unwanted):
            work(labels, go_on=go_on)


def test_an_object_in_two_pieces_far_apart_is_still_found(small_parts):
    labels = np.zeros((6, 9, 9), np.int32)
    labels[0, :2, :2] = labels[5, 7:, 7:] = 2
    labels[:, 4:6, 4:6] = 3
    found = find_suspects(labels)
    assert found.found[Reason.PIECES].tolist() == [True, False]
