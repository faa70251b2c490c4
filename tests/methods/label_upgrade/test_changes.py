import numpy as np
import pytest

from napari_labelfix.methods.label_upgrade.changes import compare, say_counts
from napari_labelfix.snapshots import Change


def boxes(*boxes):
    """Make labels of id, first and last column; 4 rows in the middle of 8."""
    labels = np.zeros((8, 60), np.int32)
    for number, start, stop in boxes:
        labels[2:6, start:stop] = number
    return labels


@pytest.mark.parametrize(
    ("before", "after", "kind", "columns"),
    [
        ([], [(1, 0, 10)], Change.ADDED, (0, 10)),
        ([(1, 0, 10)], [], Change.REMOVED, (0, 10)),
        ([(1, 0, 10)], [(1, 0, 14)], Change.RESHAPED, (10, 14)),
        ([(1, 0, 10)], [(1, 0, 7)], Change.RESHAPED, (7, 10)),
        ([(1, 0, 10), (2, 10, 20)], [(1, 0, 14), (2, 14, 20)], Change.RESHAPED, (10, 14)),
        ([(1, 0, 20)], [(1, 0, 12), (2, 12, 20)], Change.SPLIT, (12, 20)),
        ([(1, 0, 12), (2, 12, 20)], [(1, 0, 20)], Change.MERGED, (12, 20)),
    ],
)
def test_each_kind_of_change_is_told_at_the_pixels_that_differ(before, after, kind, columns):
    codes, counts = compare(boxes(*before, (9, 40, 50)), boxes(*after, (9, 40, 50)))
    expected = np.zeros((8, 60), np.uint8)
    expected[2:6, slice(*columns)] = kind
    assert np.array_equal(codes, expected)
    assert codes.dtype == np.uint8
    assert counts == {other: int(other is kind) for other in Change if other}


def test_what_is_the_same_has_not_changed():
    same = boxes((1, 0, 10), (70_000, 20, 30))
    codes, counts = compare(same, same)
    assert not codes.any()
    assert set(counts.values()) == {0}


def test_nothing_before_and_nothing_after():
    codes, counts = compare(boxes(), boxes())
    assert not codes.any()
    assert set(counts.values()) == {0}


def test_without_background():
    codes, counts = compare(np.full((4, 4), 5), np.full((4, 4), 5))
    assert not codes.any()
    assert set(counts.values()) == {0}


def test_two_far_apart_are_removed_and_added():
    codes, counts = compare(boxes((1, 0, 10)), boxes((2, 30, 40)))
    assert counts[Change.REMOVED] == counts[Change.ADDED] == 1
    assert set(np.unique(codes)) == {Change.NONE, Change.REMOVED, Change.ADDED}


def test_counts_are_said_in_a_sentence():
    _, counts = compare(boxes((1, 0, 20)), boxes((1, 0, 12), (2, 12, 20)))
    assert say_counts(counts) == "0 added, 0 removed, 0 reshaped, 1 split, 0 merged"
