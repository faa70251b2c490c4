"""Where a person draws on small objects, small objects are what they want."""

import numpy as np
import pytest

from napari_labelfix.methods.scribble2label.smallest import SmallestObject


def plane(side, count, stroke):
    """Return `count` squares with this side, and a horizontal stroke of so many pixels in each."""
    found, strokes = np.zeros((40, 40), bool), np.zeros((40, 40), bool)
    for number in range(count):
        y, x = divmod(number, 3)
        found[10 * y : 10 * y + side, 12 * x : 12 * x + side] = True
        strokes[10 * y, 12 * x : 12 * x + stroke] = True
    return found, strokes


@pytest.mark.parametrize(
    ("side", "count", "stroke", "expected"),
    [
        (4, 3, 2, 8),  # half of 16 pixels
        (9, 3, 4, 30),  # larger ones make none larger than was said
        (4, 2, 2, 30),  # two say little
        (2, 5, 2, 2),
        (1, 5, 1, 1),
    ],
)
def test_the_smallest_object_is_half_of_the_median_one_that_was_drawn_on(side, count, stroke, expected):
    smallest = SmallestObject(30)
    smallest.note(0, *plane(side, count, stroke))
    assert smallest.pixels == expected


def test_objects_without_a_stroke_do_not_count():
    smallest, (found, strokes) = SmallestObject(30), plane(6, 3, 3)
    found[35:37, ::4] = True
    smallest.note(0, found, strokes)
    assert smallest.pixels == 18


def test_planes_count_together_and_each_as_it_was_seen_last():
    smallest = SmallestObject(30)
    smallest.note(0, *plane(4, 2, 2))
    smallest.note(5, *plane(4, 1, 2))
    assert smallest.pixels == 8
    smallest.note(0, *plane(9, 2, 2))
    assert smallest.pixels == 30
    smallest.note(0, np.zeros((40, 40), bool), np.zeros((40, 40), bool))
    assert smallest.pixels == 30


@pytest.mark.parametrize("said", [0, 1, 5])
def test_who_wants_smaller_ones_still_gets_them(said):
    smallest = SmallestObject(said)
    smallest.note(0, *plane(4, 3, 2))
    assert smallest.pixels == said
