"""What holds for every edit, of whatever labels: it can be taken back, and locked objects and others stay."""

from functools import partial

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_labelfix.review import edits

NEW_ID = 50
SHAPES = [(7, 8), (2, 5, 6)]
ids = st.sets(st.integers(1, 4), min_size=1)
corners = st.lists(st.tuples(st.integers(-2, 9), st.integers(-2, 9)), min_size=2, max_size=5)


@st.composite
def label_arrays(draw):
    """Labels in blocks, so that there are objects of some size as well as noise."""
    shape = draw(st.sampled_from(SHAPES))
    labels = draw(arrays(np.int32, shape, elements=st.integers(0, 4)))
    return np.maximum(labels, np.roll(labels, 1, axis=-1)) if draw(st.booleans()) else labels


def applied(outcome, labels):
    result = labels.copy()
    outcome.edit.apply(result)
    return result


def split_with_seeds(labels, chosen, seeds, **options):
    positions = [(0,) * (labels.ndim - 2) + seed for seed in seeds]
    return edits.split_by_seeds(labels, chosen, positions, NEW_ID, **options)


EDITS = {
    "merge": lambda labels, chosen, path, **more: edits.merge(labels, chosen, **more),
    "split_by_line": lambda labels, chosen, path, **more: edits.split_by_line(labels, path, chosen, NEW_ID, **more),
    "split_by_seeds": lambda labels, chosen, path, **more: split_with_seeds(labels, chosen, path, **more),
    "grow": lambda labels, chosen, path, **more: edits.grow(labels, chosen, 1.5, **more),
    "shrink": lambda labels, chosen, path, **more: edits.shrink(labels, chosen, **more),
    "smooth": lambda labels, chosen, path, **more: edits.smooth(labels, chosen, 0.7, **more),
    "fill_holes": lambda labels, chosen, path, **more: edits.fill_holes(labels, chosen, **more),
    "delete": lambda labels, chosen, path, **more: edits.delete(labels, chosen, **more),
    "keep_largest": lambda labels, chosen, path, **more: edits.keep_largest(labels, chosen, **more),
    "separate": lambda labels, chosen, path, **more: edits.separate(labels, chosen, NEW_ID, **more),
}
OF_NO_PIXELS = ["merge", "split_by_line", "split_by_seeds", "separate"]
examples = partial(settings, deadline=None)


@pytest.mark.parametrize("name", EDITS)
@examples(max_examples=60)
@given(label_arrays(), ids, st.sets(st.integers(1, 4)), corners)
def test_every_edit_can_be_taken_back_and_spares_locked_and_other_objects(name, labels, chosen, locked, path):
    before = labels.copy()
    outcome = EDITS[name](labels, chosen, path, locked=locked)
    np.testing.assert_array_equal(labels, before)
    result = applied(outcome, labels)
    np.testing.assert_array_equal(applied(type(outcome)(outcome.edit.inverse()), result), labels)
    for label in {1, 2, 3, 4} - (chosen - locked):
        np.testing.assert_array_equal(result == label, labels == label)
    assert (outcome.edit.before != outcome.edit.after).all()
    assert len(set(zip(*outcome.edit.indices, strict=True))) == outcome.edit.after.size, "a pixel changes once"
    for label, gained in outcome.gains().items():
        assert gained == int((result == label).sum()) - int((labels == label).sum())


@pytest.mark.parametrize("name", OF_NO_PIXELS)
@examples(max_examples=60)
@given(label_arrays(), ids, corners)
def test_merging_and_splitting_lose_no_pixel_and_say_where_each_object_came_from(name, labels, chosen, path):
    outcome = EDITS[name](labels, chosen, path)
    result = applied(outcome, labels)
    np.testing.assert_array_equal(result > 0, labels > 0)
    assert set(np.unique(outcome.edit.after).tolist()) <= set(outcome.parents)
    for object_id, parents in outcome.parents.items():
        assert set(np.unique(labels[result == object_id]).tolist()) <= set(parents) <= chosen
        assert (result == object_id).any()


@examples(max_examples=60)
@given(label_arrays(), ids, corners)
def test_the_largest_part_keeps_the_id(labels, chosen, path):
    for outcome in (edits.split_by_line(labels, path, chosen, NEW_ID), edits.separate(labels, chosen, NEW_ID)):
        result = applied(outcome, labels)
        for part, (whole,) in outcome.parents.items():
            assert (result == part).sum() <= (result == whole).sum()
        assert sorted(outcome.parents) == list(range(NEW_ID, NEW_ID + len(outcome.parents)))


@pytest.mark.parametrize("name", EDITS)
@examples(max_examples=30)
@given(label_arrays(), ids, corners)
@example(np.pad([[0, 1], [1, 0]], (0, 4)), {1}, [(0, 0), (2, 1)])  # the line leaves the object's box
def test_known_boxes_change_nothing_of_the_result(name, labels, chosen, path):
    boxes = edits.find_boxes(labels, chosen)
    wide = {object_id: tuple(slice(0, length) for length in labels.shape) for object_id in boxes}
    expected = applied(EDITS[name](labels, chosen, path), labels)
    np.testing.assert_array_equal(applied(EDITS[name](labels, chosen, path, boxes=boxes), labels), expected)
    if name not in ("shrink", "smooth", "split_by_seeds"):  # for these the end of the box may be the end of the image
        np.testing.assert_array_equal(applied(EDITS[name](labels, chosen, path, boxes=wide), labels), expected)


@examples(max_examples=60)
@given(label_arrays(), ids, st.lists(st.tuples(st.integers(-2, 9), st.integers(-2, 9)), max_size=6))
def test_a_redrawn_object_spares_all_others(labels, chosen, outline):
    plane = labels if labels.ndim == 2 else labels[0]
    object_id = min(chosen)
    outcome = edits.redraw(plane, object_id, outline)
    result = applied(outcome, plane)
    others = (plane > 0) & (plane != object_id)
    np.testing.assert_array_equal(result[others], plane[others])
    assert (result[~others] % object_id == 0).all()
    np.testing.assert_array_equal(applied(type(outcome)(outcome.edit.inverse()), result), plane)
