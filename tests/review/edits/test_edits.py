"""Edits of objects, worked out by hand: what each makes of some boxes."""

import numpy as np
import pytest
import skimage

from napari_labelfix.annotations import HIGHEST_ID
from napari_labelfix.review.edits import (
    delete,
    fill_holes,
    grow,
    ids_along,
    join_planes,
    keep_largest,
    merge,
    redraw,
    renumber,
    separate,
    shrink,
    smooth,
    split_by_line,
    split_by_seeds,
    unusable_ids,
)
from napari_labelfix.review.edits.draft import Draft


def canvas(*boxes, shape=(10, 10)):
    """Labels from (y0, y1, x0, x1, id) boxes."""
    labels = np.zeros(shape, np.int32)
    for y0, y1, x0, x1, label in boxes:
        labels[y0:y1, x0:x1] = label
    return labels


def drawing(*rows):
    """Labels from rows of digits, where a point is background."""
    return np.array([[int(pixel) for pixel in row.replace(".", "0")] for row in rows], np.int32)


def applied(outcome, labels):
    result = labels.copy()
    outcome.edit.apply(result)
    return result


def discs(*centres, radius=6, shape=(30, 40)):
    """One object of overlapping discs."""
    rows, columns = np.indices(shape)
    return sum((rows - y) ** 2 + (columns - x) ** 2 <= radius**2 for y, x in centres).astype(bool).astype(np.int32)


# which objects a line meets


def test_a_dragged_line_meets_objects_in_its_order_and_each_once():
    labels = canvas((0, 2, 0, 3, 4), (0, 2, 5, 8, 2), (6, 8, 5, 8, 9))
    assert ids_along(labels, [(1, 9), (1, 0)]) == [2, 4]
    assert ids_along(labels, [(0, 0), (0, 7), (7, 6)]) == [4, 2, 9]
    assert ids_along(labels, [(-5, 0), (4, 0)]) == [4]
    assert ids_along(labels, [(30, 30), (40, 40)]) == []
    assert ids_along(labels, []) == []
    columns = np.tile(np.arange(1, 51), (9, 1))
    assert ids_along(columns, [(0, 0), (8, 49)]) == list(range(1, 51)), "none is too thin to be met"


# merge


def test_merged_objects_get_the_id_of_the_largest_and_no_gap_is_filled():
    labels = canvas((0, 2, 0, 2, 3), (0, 2, 3, 7, 5), (5, 6, 0, 2, 8))
    outcome = merge(labels, [3, 5])
    np.testing.assert_array_equal(applied(outcome, labels), canvas((0, 2, 0, 2, 5), (0, 2, 3, 7, 5), (5, 6, 0, 2, 8)))
    assert outcome.parents == {5: (3, 5)}
    assert outcome.gains() == {3: -4, 5: 4}
    assert outcome.edit.count == 2


def test_the_first_of_the_selected_objects_can_keep_its_id():
    labels = canvas((0, 2, 0, 2, 3), (0, 2, 3, 7, 5))
    outcome = merge(labels, [3, 5], keep=3)
    np.testing.assert_array_equal(applied(outcome, labels) > 0, labels > 0)
    assert set(np.unique(applied(outcome, labels))) == {0, 3}
    assert outcome.parents == {3: (3, 5)}


def test_one_object_is_not_merged_and_a_locked_one_neither():
    labels = canvas((0, 2, 0, 2, 3), (0, 2, 3, 7, 5))
    assert merge(labels, [3]).changes_nothing
    assert merge(labels, [3, 4]).changes_nothing
    assert merge(labels, [3, 5], locked={5}).changes_nothing


# split


def test_a_line_from_edge_to_edge_parts_an_object_and_its_pixels_join_a_part():
    labels = canvas((2, 8, 1, 9, 4))
    outcome = split_by_line(labels, [(0, 3), (9, 3)], [4], new_id=11)
    result = applied(outcome, labels)
    assert (result[2:8, 4:9] == 4).all(), "the larger part keeps the id"
    assert (result[2:8, 1:3] == 11).all()
    np.testing.assert_array_equal(result > 0, labels > 0)
    assert np.isin(result[2:8, 3], [4, 11]).all()
    assert outcome.parents == {11: (4,)}


def test_a_diagonal_line_parts_too():
    labels = canvas((0, 10, 0, 10, 1))
    result = applied(split_by_line(labels, [(-2, 4), (5, 11)], [1], new_id=2), labels)
    assert result[0, 9] == 2
    assert result[9, 0] == result[0, 0] == result[9, 9] == 1
    assert set(np.unique(result)) == {1, 2}


def test_a_line_that_ends_in_an_object_leaves_it_whole():
    labels = canvas((2, 8, 1, 9, 4), (2, 8, 9, 10, 6))
    assert split_by_line(labels, [(0, 3), (5, 3)], [4], new_id=11).changes_nothing


def test_a_line_parts_all_objects_that_it_crosses_but_not_locked_ones():
    labels = canvas((0, 3, 0, 9, 1), (4, 7, 0, 9, 2), (8, 10, 0, 9, 3))
    outcome = split_by_line(labels, [(-1, 4), (11, 4)], [1, 2, 3], new_id=20, locked={2})
    result = applied(outcome, labels)
    assert outcome.parents == {20: (1,), 21: (3,)}
    np.testing.assert_array_equal(result == 2, labels == 2)


def test_a_zigzag_makes_three_parts_and_a_sliver_is_none():
    labels = canvas((0, 20, 0, 30, 1), shape=(20, 30))
    outcome = split_by_line(labels, [(-1, 8), (21, 8), (21, 20), (-1, 20)], [1], new_id=2)
    assert outcome.parents == {2: (1,), 3: (1,)}
    # the line runs along the edge, and parts a corner of three pixels off beside the two halves
    outcome = split_by_line(labels, [(-1, 15), (17, 15), (17, 1), (21, 1)], [1], new_id=2)
    assert outcome.parents == {2: (1,)}
    assert split_by_line(labels, [(2, -1), (2, 1), (-1, 1)], [1], new_id=2).changes_nothing


def test_a_piece_that_the_line_does_not_touch_keeps_its_id():
    labels = canvas((0, 4, 0, 9, 1), (8, 9, 0, 2, 1))
    result = applied(split_by_line(labels, [(-1, 2), (5, 2)], [1], new_id=5), labels)
    assert (result[8, 0:2] == 1).all()
    assert set(np.unique(result)) == {0, 1, 5}


def test_a_body_is_cut_in_all_planes_along_one_line():
    labels = np.stack([canvas((2, 8, 1, 9, 4))] * 3)
    outcome = split_by_line(labels, [(0, 3), (9, 3)], [4], new_id=11)
    result = applied(outcome, labels)
    assert (result[:, 2:8, 4:9] == 4).all()
    assert (result[:, 2:8, 1:3] == 11).all()
    np.testing.assert_array_equal(result > 0, labels > 0)


def test_seeds_part_two_discs_at_the_neck():
    labels = discs((15, 10), (15, 20))
    outcome = split_by_seeds(labels, [1], [(15, 9), (14, 22)], new_id=2)
    result = applied(outcome, labels)
    left, right = result[:, :14], result[:, 17:]
    assert len(np.unique(left)) == len(np.unique(right)) == 2, "each side is of one object"
    assert left.max() != right.max()
    assert outcome.parents == {2: (1,)}


def test_seeds_in_a_shape_without_a_neck_part_it_between_them():
    labels = canvas((2, 12, 0, 30, 1), shape=(14, 30))
    sizes = np.unique(applied(split_by_seeds(labels, [1], [(7, 8), (7, 22)], new_id=2), labels), return_counts=True)[1]
    assert sizes[1:].min() > 0.35 * (labels == 1).sum()


@pytest.mark.parametrize("sign", [1, -1])
def test_seeds_part_along_a_valley_or_a_ridge_of_the_image_where_the_shape_says_nothing(sign):
    labels = canvas((2, 12, 0, 30, 1), shape=(14, 30))
    image = np.full(labels.shape, 100.0)
    image[:, 9:11] -= sign * 60
    result = applied(split_by_seeds(labels, [1], [(7, 3), (7, 22)], new_id=2, image=image), labels)
    assert (result[2:12, :8] == 2).all()
    assert (result[2:12, 12:] == 1).all()


def test_where_the_image_says_nothing_either_seeds_part_by_what_is_nearest():
    labels = canvas((2, 12, 2, 24, 1), shape=(14, 26))
    image = np.full(labels.shape, 7.0)
    result = applied(split_by_seeds(labels, [1], [(7, 3), (7, 22)], new_id=2, image=image), labels)
    assert np.bincount(result.ravel())[1:].tolist() == pytest.approx([110, 110], abs=20)


def test_fewer_than_two_seeds_in_the_object_part_nothing():
    labels = discs((15, 10), (15, 20))
    assert split_by_seeds(labels, [1], [(15, 10), (0, 0), (99, 99)], new_id=2).changes_nothing
    beside = tuple(np.argwhere(labels == 1).min(axis=0))
    assert labels[beside] != 1
    assert split_by_seeds(labels, [1], [beside, (15, 10)], new_id=2).changes_nothing
    assert split_by_seeds(labels, [1], [(15, 10), (15, 10)], new_id=2).changes_nothing
    assert split_by_seeds(labels, [1], [(15, 10), (15, 20)], new_id=2, locked=[1]).changes_nothing
    assert split_by_seeds(labels, [9], [(15, 10), (15, 20)], new_id=2).changes_nothing


def test_several_objects_are_parted_at_once_each_by_the_seeds_that_lie_in_it():
    labels = np.zeros((14, 70), np.int32)
    labels[2:12, 0:20], labels[2:12, 25:45], labels[2:12, 50:70] = 5, 6, 9
    seeds = [(7, 3), (7, 28), (7, 16), (7, 60), (7, 34), (7, 43), (np.nan, 3)]
    outcome = split_by_seeds(labels, [5, 6, 9], seeds, new_id=10)
    assert outcome.parents == {10: (5,), 11: (6,), 12: (6,)}
    result = applied(outcome, labels)
    assert len({result[7, 3], result[7, 16]} & {5, 10}) == 2
    assert {result[7, 28], result[7, 34], result[7, 43]} == {6, 11, 12}
    np.testing.assert_array_equal(result[:, 50:], labels[:, 50:])
    one_by_one = applied(split_by_seeds(labels, [6], seeds, new_id=11), labels)
    np.testing.assert_array_equal(one_by_one[:, 25:45], result[:, 25:45])


def test_seeds_in_different_planes_part_a_body():
    labels = np.zeros((12, 20, 20), np.int32)
    for centre in (3, 8):
        labels[np.sum((np.indices(labels.shape) - np.array([centre, 10, 10])[:, None, None, None]) ** 2, 0) <= 9] = 3
    result = applied(split_by_seeds(labels, [3], [(3, 10, 10), (8, 10, 10)], new_id=4), labels)
    assert result[3, 10, 10] != result[8, 10, 10]
    np.testing.assert_array_equal(result > 0, labels > 0)


# outlines


def test_growing_takes_background_only_and_a_contested_pixel_goes_to_the_nearer():
    labels = drawing(".........", ".1....2..", ".........")
    result = applied(grow(labels, [1, 2], by=3), labels)
    np.testing.assert_array_equal(result[1], [1, 1, 1, 1, 2, 2, 2, 2, 2])
    labels = drawing("13.", "1..")
    np.testing.assert_array_equal(applied(grow(labels, [1]), labels), drawing("13.", "11."))


def test_growing_through_a_stack_counts_the_distance_between_planes():
    labels = np.zeros((3, 5, 5), np.int32)
    labels[1, 2, 2] = 1
    assert (applied(grow(labels, [1], by=1, spacing=(3, 1, 1)), labels) > 0).sum() == 5
    assert (applied(grow(labels, [1], by=1), labels) > 0).sum() == 7
    assert (applied(grow(labels, [1], by=3, spacing=(3, 1, 1)), labels)[:, 2, 2] == 1).all()


def test_shrinking_takes_the_edge_but_not_where_the_image_ends():
    labels = canvas((0, 5, 2, 7, 1))
    np.testing.assert_array_equal(applied(shrink(labels, [1]), labels), canvas((0, 4, 3, 6, 1)))
    whole = np.ones((4, 4), np.int32)
    assert shrink(whole, [1]).changes_nothing


def test_an_object_too_small_to_shrink_or_to_smooth_stays():
    labels = canvas((1, 3, 1, 3, 1), (5, 6, 1, 9, 2))
    assert shrink(labels, [1, 2]).changes_nothing
    assert smooth(labels, [2], by=2).changes_nothing


def test_smoothing_takes_a_spike_and_fills_a_dent():
    labels = canvas((5, 15, 5, 15, 1), (2, 5, 9, 10, 1), shape=(20, 20))
    labels[10, 14] = 0
    result = applied(smooth(labels, [1], by=1.5), labels)
    assert not result[2:4, 9].any()
    assert result[10, 14] == 1
    assert abs(int((result > 0).sum()) - 100) < 12


def test_holes_are_filled_but_not_bays_nor_other_objects():
    labels = drawing("1111.222", "1.31.2.2", "1111.2.2")
    np.testing.assert_array_equal(
        applied(fill_holes(labels, [1, 2]), labels), drawing("1111.222", "1131.2.2", "1111.2.2")
    )


# pieces


def test_delete_removes_many_but_not_locked_ones():
    labels = canvas((0, 2, 0, 2, 1), (4, 6, 0, 2, 2), (8, 10, 0, 2, 3))
    outcome = delete(labels, [1, 2, 3], locked={2})
    np.testing.assert_array_equal(applied(outcome, labels), canvas((4, 6, 0, 2, 2)))
    assert outcome.gains() == {1: -4, 3: -4}


def test_only_the_largest_piece_stays_and_a_corner_holds_together():
    labels = drawing("11..1", "11..1", "..1..")
    np.testing.assert_array_equal(applied(keep_largest(labels, [1]), labels), drawing("11...", "11...", "..1.."))


def test_pieces_become_objects_and_the_largest_keeps_the_id():
    labels = drawing("7..777", "....77", "22..2.")
    outcome = separate(labels, [2, 7], new_id=8)
    np.testing.assert_array_equal(applied(outcome, labels), drawing("9..777", "....77", "22..8."))
    assert outcome.parents == {8: (2,), 9: (7,)}


def test_pieces_that_hang_together_in_the_next_plane_are_one_body():
    labels = np.stack([drawing("1.1"), drawing("111")])
    assert separate(labels, [1], new_id=2).changes_nothing
    assert not separate(labels[0], [1], new_id=2).changes_nothing


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.uint32, np.int64, np.uint64])
def test_ids_of_any_integer_type_stay_what_they_are(dtype):
    high = min(int(np.iinfo(dtype).max), 2**40)
    labels = canvas((0, 2, 0, 2, 1), (0, 2, 3, 7, 2), (5, 6, 0, 2, 1)).astype(dtype)
    labels[labels == 2] = high
    merged = applied(merge(labels, [1, high]), labels)
    assert set(np.unique(merged).tolist()) == {0, high}
    parted = applied(separate(merged, [high], high - 2), merged)
    assert set(np.unique(parted).tolist()) == {0, high, high - 1, high - 2}


# redraw


def test_a_redrawn_object_has_the_drawn_outline_except_where_others_are():
    labels = canvas((0, 3, 0, 3, 1), (4, 8, 4, 6, 2))
    outline = [(2, 1), (2, 5), (6, 5), (6, 1)]
    result = applied(redraw(labels, 1, outline), labels)
    expected = canvas((2, 7, 1, 6, 1))
    expected[4:8, 4:6] = 2
    np.testing.assert_array_equal(result, expected)
    assert redraw(labels, 1, outline, locked={1}).changes_nothing


def test_redrawing_an_id_without_pixels_makes_an_object_and_an_outline_without_room_changes_nothing():
    labels = canvas((0, 3, 0, 3, 1))
    np.testing.assert_array_equal(applied(redraw(labels, 5, [(6, 6), (6, 8), (8, 8), (8, 6)]), labels)[6:9, 6:9], 5)
    assert redraw(labels, 5, [(0, 0), (0, 2), (2, 2)]).changes_nothing
    assert redraw(labels, 1, [(50, 50), (50, 60), (60, 60)]).changes_nothing
    assert redraw(labels, 1, [(1, 1), (2, 2)]).changes_nothing


def test_an_edit_of_one_plane_is_put_into_the_stack():
    stack = np.stack([canvas((0, 2, 0, 2, 1))] * 3)[None]
    outcome = delete(stack[0, 1], [1]).in_plane((0, 1))
    result = applied(outcome, stack)
    assert not result[0, 1].any()
    np.testing.assert_array_equal(result[0, [0, 2]], stack[0, [0, 2]])


# join planes


def stack(*planes):
    """A stack of planes of digits, one row each."""
    return np.concatenate([drawing(plane)[None] for plane in planes])


def test_what_lies_over_one_another_becomes_one_with_the_number_of_the_largest():
    labels = stack("11...22.", ".333.44.", ".55.....")
    outcome = join_planes(labels)
    np.testing.assert_array_equal(applied(outcome, labels), stack("33...22.", ".333.22.", ".33....."))
    assert outcome.parents == {3: (1, 3, 5), 2: (2, 4)}
    assert (labels == stack("11...22.", ".333.44.", ".55.....")).all()


def test_an_object_that_divides_goes_on_in_the_part_that_overlaps_it_most_and_in_one_only():
    labels = stack("111111..", "222.33..")
    np.testing.assert_array_equal(applied(join_planes(labels), labels), stack("111111..", "111.33.."))


def test_what_overlaps_little_stays_apart():
    labels = stack("1111....", "...2222.")
    assert join_planes(labels).changes_nothing  # 1 of 7 pixels
    assert not join_planes(labels, least=0.1).changes_nothing


def test_no_two_of_a_plane_become_one_through_a_body_that_is_there_already():
    labels = stack("11.22", "11...", "33.11")  # 1 lies in the last plane, too
    assert join_planes(labels).changes_nothing


def test_locked_objects_and_those_that_were_not_asked_for_are_joined_with_none():
    labels = stack("11.22", "33.44", "55.66")
    np.testing.assert_array_equal(applied(join_planes(labels, locked=[3]), labels), stack("11.22", "33.22", "55.22"))
    np.testing.assert_array_equal(applied(join_planes(labels, [1, 3, 2]), labels), stack("11.22", "11.44", "55.66"))


def test_stacks_of_a_series_are_joined_each_by_itself():
    labels = np.array([[[[1, 1]], [[2, 2]]], [[[3, 3]], [[4, 4]]]])
    assert join_planes(labels).parents == {1: (1, 2), 3: (3, 4)}


def test_a_plane_by_itself_has_nothing_to_join():
    assert join_planes(drawing("12")).changes_nothing


def test_of_objects_within_one_another_each_hole_is_written_once(monkeypatch):
    plane = np.zeros((200, 200), np.int32)
    for number, at in enumerate(range(0, 96, 4), start=1):  # rings, the outermost first
        plane[at : 200 - at, at : 200 - at] = number
        plane[at + 1 : 199 - at, at + 1 : 199 - at] = 0
    written = []
    write = Draft.write
    monkeypatch.setattr(
        Draft, "write", lambda self, box, mask, value: (written.append(mask.sum()), write(self, box, mask, value))
    )
    outcome = fill_holes(plane, range(1, 25))
    assert sum(written) == outcome.edit.after.size == (plane == 0).sum()
    assert set(outcome.edit.after.tolist()) == {1}, "the first holds all others"
    inner = fill_holes(plane, [9, 7], locked=[1])
    assert set(inner.edit.after.tolist()) == {7}


# numbers that no object can have


def test_numbers_below_0_and_those_too_high_become_free_ones_and_others_stay():
    labels = canvas((0, 2, 0, 2, -7), (0, 2, 4, 6, 3), (4, 6, 0, 2, HIGHEST_ID + 5), (4, 6, 4, 6, -1), shape=(8, 8))
    assert unusable_ids(labels).tolist() == [-7, -1, HIGHEST_ID + 5]
    outcome = renumber(labels)
    expected = canvas((0, 2, 0, 2, 4), (0, 2, 4, 6, 3), (4, 6, 0, 2, 6), (4, 6, 4, 6, 5), shape=(8, 8))
    np.testing.assert_array_equal(applied(outcome, labels), expected)
    assert outcome.parents == {4: (-7,), 5: (-1,), 6: (HIGHEST_ID + 5,)}
    assert renumber(expected).changes_nothing


def test_new_numbers_lie_between_the_others_where_these_go_up_to_the_end():
    labels = canvas((0, 2, 0, 2, -7), (0, 2, 4, 6, HIGHEST_ID), (4, 6, 0, 2, 1), (4, 6, 4, 6, HIGHEST_ID + 1))
    expected = canvas((0, 2, 0, 2, 2), (0, 2, 4, 6, HIGHEST_ID), (4, 6, 0, 2, 1), (4, 6, 4, 6, 3))
    np.testing.assert_array_equal(applied(renumber(labels), labels), expected)


def test_a_locked_object_keeps_its_number_however_high():
    labels = canvas((0, 2, 0, 2, -7), (4, 6, 0, 2, HIGHEST_ID + 5))
    expected = canvas((0, 2, 0, 2, 1), (4, 6, 0, 2, HIGHEST_ID + 5))
    np.testing.assert_array_equal(applied(renumber(labels, locked=[HIGHEST_ID + 5]), labels), expected)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint32, np.int64])
def test_of_usual_labels_no_number_is_unusable(dtype):
    labels = canvas((0, 2, 0, 2, 1), (4, 6, 0, 2, 2)).astype(dtype)
    assert not unusable_ids(labels).size
    assert renumber(labels).changes_nothing


@pytest.mark.parametrize("edit", [separate, keep_largest])
def test_pieces_of_many_objects_are_looked_for_at_one_look(edit, monkeypatch):
    labels = np.zeros((200, 200), np.int32)
    labels[::4, ::4] = np.arange(1, 2501).reshape(50, 50)
    labels[2::4, 2::4] = labels[::4, ::4]
    labels[2::4, 3::4] = labels[::4, ::4]  # the largest piece, of two pixels
    looks = []
    real = skimage.measure.label
    monkeypatch.setattr(skimage.measure, "label", lambda view, **more: looks.append(view.shape) or real(view, **more))
    more = (10_000,) if edit is separate else ()
    outcome = edit(labels, range(1, 2501), *more)
    assert looks == [(199, 200)]
    expected = np.arange(10_000, 12_500) if edit is separate else np.zeros(2500, int)
    np.testing.assert_array_equal(outcome.edit.after, expected)
    np.testing.assert_array_equal(outcome.edit.before, np.arange(1, 2501))
    assert list(outcome.parents.values()) == ([(label,) for label in range(1, 2501)] if edit is separate else [])


def test_pieces_of_a_few_objects_far_apart_are_looked_for_in_their_boxes(monkeypatch):
    labels = np.zeros((900, 900), np.int32)
    labels[0:3, 0:3] = labels[6, 6] = 1
    labels[890:893, 890:893] = labels[899, 899] = 2
    looks = []
    real = skimage.measure.label
    monkeypatch.setattr(skimage.measure, "label", lambda view, **more: looks.append(view.shape) or real(view, **more))
    assert keep_largest(labels, {1, 2}).edit.before.tolist() == [1, 2]
    assert looks == [(7, 7), (10, 10)]
