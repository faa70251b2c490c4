"""What a step did to the objects is what counting its pixels one by one says; its blocks are what is saved."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_labelfix.review import footprint as module
from napari_labelfix.review.footprint import PixelChange, count_pixels, footprint, pixels_to_restore

SHAPE = (2, 9, 11)
BLOCK = 4
IDS = np.array([0, 1, 2, 3, 70_000])


@st.composite
def changes(draw):
    """Some changes of one array, and the array before and after them."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    array = rng.choice(IDS, SHAPE)
    start, made = array.copy(), []
    for kind in draw(st.lists(st.sampled_from(["indices", "box", "mask", "none"]), max_size=4)):
        low = [int(rng.integers(length)) for length in SHAPE]
        box = tuple(slice(at, int(rng.integers(at, length)) + 1) for at, length in zip(low, SHAPE, strict=True))
        mask = rng.random([side.stop - side.start for side in box]) < {"box": 2, "none": -1}.get(kind, 0.4)
        inside = np.zeros(SHAPE, bool)
        inside[box] = mask
        before = array[inside]
        after = rng.choice(IDS, before.size) if rng.random() < 0.5 else int(rng.choice(IDS))
        array[inside] = after
        if kind == "indices":
            made.append(PixelChange(np.nonzero(inside), None, before, after))
        else:
            made.append(PixelChange(box, None if kind == "box" else mask, before, after))
    return start, array, made


def blocks_of(change):
    """The blocks of the changed pixels, or of all of a box."""
    if isinstance(change.where[0], slice) and change.before.size:
        touched = np.argwhere(np.ones(SHAPE, bool))
        inside = [(touched[:, axis] >= s.start) & (touched[:, axis] < s.stop) for axis, s in enumerate(change.where)]
        touched = touched[np.all(inside, axis=0)]
    else:
        touched = np.column_stack(np.unravel_index(change.flat(SHAPE), SHAPE))
    return {(plane, row // BLOCK, column // BLOCK) for plane, row, column in touched.tolist()}


@settings(deadline=None)
@given(changes())
def test_pixels_are_counted_and_blocks_found_as_one_by_one(made):
    start, end, steps = made
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", BLOCK)
        done = footprint(steps, SHAPE)
    gained, erased, painted_over, again = Counter(), Counter(), Counter(), start.copy()
    for step in steps:
        again.flat[step.flat(SHAPE)] = step.after
        for before, after in zip(step.before.tolist(), np.broadcast_to(step.after, step.before.shape), strict=True):
            gained[int(after)] += 1
            (painted_over if after > 0 else erased)[before] += 1
    assert np.array_equal(again, end)
    ids = sorted({*gained, *erased, *painted_over} - {0})
    assert done.ids.tolist() == ids
    for told, counted in [(done.gained, gained), (done.erased, erased), (done.painted_over, painted_over)]:
        assert told.tolist() == [counted[number] for number in ids]
    sizes = [int((end == number).sum() - (start == number).sum()) for number in ids]
    assert done.growth.tolist() == sizes
    assert set(map(tuple, done.blocks.tolist())) == set().union(*map(blocks_of, steps))


@settings(deadline=None)
@given(changes(), st.sets(st.sampled_from([1, 2, 70_000])))
def test_locked_objects_get_back_what_they_lost_and_give_back_what_they_gained(made, locked):
    start, end, steps = made
    where, values = pixels_to_restore(steps, end, np.array(sorted(locked), np.int64))
    concerned = (np.isin(start, [*locked]) | np.isin(end, [*locked])) & (start != end)
    restored = np.zeros(SHAPE, bool)
    restored[where] = True
    assert np.array_equal(restored, concerned)
    assert np.array_equal(values, start[where])


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
@pytest.mark.parametrize("labels", [[3, 0, 3, 7], [3, 0, 3, 2**40], [3, -1, 3], [], [0, 0]])
def test_pixels_are_counted_however_high_the_ids_are(labels, dtype):
    labels = [label for label in labels if label >= np.iinfo(dtype).min]
    ids, counts = count_pixels(np.array(labels, dtype))
    counted = Counter(label for label in labels if label > 0)
    assert dict(zip(ids.tolist(), counts.tolist(), strict=True)) == counted
    assert ids.tolist() == sorted(counted)
