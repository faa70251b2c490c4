"""Accepting: what is written, what never changes, and that every edit can be taken back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_labelfix.annotations import BACKGROUND
from napari_labelfix.review.actions import (
    Edit,
    accept_object,
    accept_objects,
    already_there,
    coverage,
    paint_over,
    painted_over,
)

SHAPE = (6, 7)
label_arrays = arrays(np.int32, SHAPE, elements=st.integers(0, 4))


def canvas(*boxes: tuple[int, int, int, int, int]) -> np.ndarray:
    """Labels of shape (10, 10) from (y0, y1, x0, x1, id) boxes."""
    labels = np.zeros((10, 10), np.int32)
    for y0, y1, x0, x1, label in boxes:
        labels[y0:y1, x0:x1] = label
    return labels


def applied(edit: Edit, labels: np.ndarray) -> np.ndarray:
    result = labels.copy()
    edit.apply(result)
    return result


def test_accepted_objects_get_new_ids_after_the_largest():
    proposed = canvas((0, 2, 0, 2, 5), (4, 6, 4, 6, 9))
    accepted = canvas((8, 10, 8, 10, 41))
    edit = accept_objects(proposed, accepted, [5, 9])
    result = applied(edit, accepted)
    assert edit.count == 2
    assert edit.present == 0
    assert (result[0:2, 0:2] == 42).all()
    assert (result[4:6, 4:6] == 43).all()
    assert (result[8:10, 8:10] == 41).all()


def test_new_ids_that_a_layer_cannot_hold_are_not_wrapped_around():
    edit = accept_objects(canvas((0, 2, 0, 2, 5)), canvas((8, 10, 8, 10, 2**31 - 1)), [5])
    assert set(edit.after.tolist()) == {2**31}


def test_a_better_outline_replaces_an_object_with_an_id_of_32_bits():
    proposed, accepted = np.zeros((2, 8, 8), np.uint32)
    proposed[1:6, 1:6] = 7
    accepted[1:6, 1:5] = 3_000_000_000
    edit = accept_object(proposed, accepted, 7)
    edit.apply(accepted)
    assert edit.count == 1
    np.testing.assert_array_equal(accepted == 3_000_000_000, proposed == 7)


@pytest.mark.parametrize("apart", [1, 1_000_003], ids=["ids in a row", "ids far apart"])
@pytest.mark.parametrize("kind", [np.int32, np.uint32, np.uint64])
def test_what_is_there_is_found_for_ids_of_any_height_also_for_some_of_them_only(apart, kind):
    random = np.random.default_rng(0)
    proposed = (random.integers(0, 9, (20, 20)) * apart + 3_000_000 * apart // 1_000_003).astype(kind)
    accepted = random.integers(0, 2, (20, 20))
    some = np.unique(proposed)[1:7:2].astype(np.int64)
    ids = np.sort(np.append(some, some[-1] + 1))
    expected = [(accepted[proposed == label] > 0).mean() > 0.5 if (proposed == label).any() else False for label in ids]
    np.testing.assert_array_equal(already_there(proposed, accepted, ids), expected)


def test_an_object_mostly_covered_counts_as_there_and_one_half_covered_does_not():
    proposed = canvas((0, 2, 0, 2, 1), (4, 6, 0, 2, 2))
    accepted = canvas((0, 1, 0, 2, 1), (1, 2, 0, 1, 1), (4, 5, 0, 2, 2))  # 3 of 4 pixels, and 2 of 4
    np.testing.assert_array_equal(already_there(proposed, accepted, np.array([1, 2, 3])), [True, False, False])
    edit = accept_objects(proposed, accepted, [1, 2])
    assert (edit.count, edit.present) == (1, 1)
    result = applied(edit, accepted)
    assert result[1, 1] == 0, "the object that is there keeps its outline"
    assert (result[4] == accepted[4]).all(), "pixels of an accepted object are never overwritten in bulk"
    assert (result[5, 0:2] == 3).all()


def test_no_number_is_skipped_for_an_id_that_the_proposal_does_not_have():
    edit = accept_objects(canvas((0, 2, 0, 2, 5)), canvas(), [2, 5])
    assert edit.count == 1
    assert (edit.after == 1).all()


def test_accepting_nothing_changes_nothing():
    edit = accept_objects(canvas((0, 2, 0, 2, 5)), canvas(), [])
    assert edit.count == edit.present == edit.after.size == 0


def test_a_better_outline_of_the_same_object_keeps_its_id():
    accepted = canvas((1, 4, 1, 4, 7))
    proposed = canvas((0, 5, 0, 5, 3))
    edit = accept_object(proposed, accepted, 3)
    assert edit.count == 1
    np.testing.assert_array_equal(applied(edit, accepted), canvas((0, 5, 0, 5, 7)))


def test_a_smaller_outline_erases_what_sticks_out():
    accepted = canvas((0, 5, 0, 5, 7))
    proposed = canvas((0, 4, 0, 5, 3))  # 20 of the 25 accepted pixels
    np.testing.assert_array_equal(applied(accept_object(proposed, accepted, 3), accepted), canvas((0, 4, 0, 5, 7)))


def test_two_accepted_halves_become_one_object_with_the_larger_halfs_id():
    accepted = canvas((0, 4, 0, 2, 1), (0, 4, 2, 5, 2))
    proposed = canvas((0, 4, 0, 5, 9))
    np.testing.assert_array_equal(applied(accept_object(proposed, accepted, 9), accepted), canvas((0, 4, 0, 5, 2)))


def test_a_neighbour_that_is_only_touched_keeps_its_pixels():
    accepted = canvas((0, 6, 4, 10, 1))
    proposed = canvas((0, 6, 0, 5, 3))
    result = applied(accept_object(proposed, accepted, 3), accepted)
    np.testing.assert_array_equal(result == 1, accepted == 1)
    assert (result[0:6, 0:4] == 2).all()


def test_a_locked_object_is_neither_replaced_nor_written_over():
    accepted = canvas((1, 4, 1, 4, 7))
    proposed = canvas((0, 5, 0, 5, 3))
    result = applied(accept_object(proposed, accepted, 3, locked={7}), accepted)
    np.testing.assert_array_equal(result == 7, accepted == 7)
    assert (result[0, 0:5] == 8).all()


def test_accepting_the_same_outline_again_is_told_as_present():
    accepted = canvas((1, 4, 1, 4, 7))
    edit = accept_object(canvas((1, 4, 1, 4, 2)), accepted, 2)
    assert (edit.count, edit.present, edit.after.size) == (0, 1, 0)


def test_an_object_that_does_not_exist_is_neither_accepted_nor_present():
    edit = accept_object(canvas(), canvas(), 2)
    assert (edit.count, edit.present) == (0, 0)


@pytest.mark.parametrize("planes", [1, 3])
def test_stacks_are_edited_like_planes(planes):
    proposed = np.stack([canvas((0, 2, 0, 2, 10 * plane + 1)) for plane in range(planes)])
    edit = accept_objects(proposed, np.zeros_like(proposed), np.unique(proposed)[1:])
    assert edit.count == planes
    result = applied(edit, np.zeros_like(proposed))
    np.testing.assert_array_equal(result[:, 0, 0], np.arange(planes) + 1)


@settings(max_examples=200, deadline=None)
@given(label_arrays, label_arrays, st.lists(st.integers(1, 4), unique=True))
def test_a_bulk_accept_only_fills_free_pixels_and_can_be_taken_back(proposed, accepted, ids):
    edit = accept_objects(proposed, accepted, ids)
    result = applied(edit, accepted)
    np.testing.assert_array_equal(result[accepted > 0], accepted[accepted > 0])
    assert np.isin(proposed[edit.indices], ids).all()
    assert (edit.before != edit.after).all()
    assert len(np.unique(edit.after)) == edit.count
    np.testing.assert_array_equal(applied(edit.inverse(), result), accepted)


@settings(max_examples=200, deadline=None)
@given(label_arrays, label_arrays, st.integers(1, 4), st.sets(st.integers(1, 4)))
def test_an_accept_of_one_object_spares_locked_ones_and_can_be_taken_back(proposed, accepted, object_id, locked):
    edit = accept_object(proposed, accepted, object_id, locked)
    result = applied(edit, accepted)
    for label in locked & set(np.unique(accepted)):
        np.testing.assert_array_equal(result == label, accepted == label)
    assert edit.count + edit.present == int((proposed == object_id).any())
    np.testing.assert_array_equal(applied(edit.inverse(), result), accepted)
    assert accept_object(proposed, result, object_id, locked).count == 0, "a second accept has nothing left to do"


@given(label_arrays, label_arrays, st.sets(st.integers(1, 6)), st.sampled_from([1, 9_000_000]))
def test_what_of_objects_is_accepted_is_what_counting_one_by_one_says(proposed, accepted, ids, apart):
    sizes, covered = coverage(proposed * apart, accepted, np.array(sorted(ids), np.int64) * apart)
    assert sizes.tolist() == [(proposed == number).sum() for number in sorted(ids)]
    assert covered.tolist() == [((proposed == number) & (accepted > 0)).sum() for number in sorted(ids)]


def test_what_is_rejected_becomes_background_but_for_its_outline_and_what_is_drawn():
    proposed = canvas((1, 6, 1, 6, 5), (1, 6, 6, 9, 7), (8, 9, 0, 10, 2))
    marks = np.zeros((10, 10), np.uint8)
    marks[3, 3] = 2
    edit = paint_over(proposed, marks, 5)
    painted = applied(edit, marks)
    expected = marks.copy()
    expected[2:5, 2:5] = BACKGROUND
    expected[3, 3] = 2
    assert np.array_equal(painted, expected)
    assert edit.count == 1
    assert np.array_equal(applied(edit.inverse(), painted), marks)
    thin = paint_over(proposed, marks, 2)
    assert (applied(thin, marks)[8] == BACKGROUND).all(), "of what is all outline nothing is left out"
    assert paint_over(proposed, marks, 9).count == 0


def test_an_object_is_rejected_where_all_of_it_that_can_be_is_background():
    proposed = canvas((1, 6, 1, 6, 5), (8, 9, 0, 10, 2), (7, 8, 0, 1, 9))
    marks = np.zeros((10, 10), np.uint8)
    assert painted_over(proposed, marks).tolist() == []
    for object_id in (5, 2):
        marks = applied(paint_over(proposed, marks, object_id), marks)
    marks[0] = BACKGROUND
    assert painted_over(proposed, marks).tolist() == [2, 5]
    marks[3, 3] = 0
    assert painted_over(proposed, marks).tolist() == [2]
    marks[3, 3] = 2
    assert painted_over(proposed, marks).tolist() == [2, 5], "another class that is drawn there does not speak for it"
