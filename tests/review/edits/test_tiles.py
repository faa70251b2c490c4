"""Objects that spread over a plane are edited in tiles, as they would be in one piece."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_labelfix.review import edits
from napari_labelfix.review.edits import shape, tiles

SPACINGS = {2: [None, (0.7, 1.0)], 3: [None, (2.5, 1.0, 1.0)]}
EDITS = {"grow": edits.grow, "shrink": edits.shrink, "smooth": edits.smooth}


@st.composite
def label_arrays(draw):
    side = draw(st.sampled_from([(14, 17), (3, 9, 10)]))
    labels = draw(arrays(np.int32, side, elements=st.integers(0, 3)))
    return np.maximum(labels, np.roll(labels, 1, axis=-1)) if draw(st.booleans()) else labels


@pytest.mark.parametrize("name", EDITS)
@settings(max_examples=60, deadline=None)
@given(label_arrays(), st.sampled_from([1, 2, 3.5]), st.integers(0, 1))
def test_an_edit_in_tiles_changes_the_same_pixels(name, labels, by, which):
    spacing = SPACINGS[labels.ndim][which]
    expected = EDITS[name](labels, {1, 2, 3}, by, spacing=spacing).edit
    with pytest.MonkeyPatch.context() as patch:
        for constant, value in (("_LARGE", 0), ("_SIDE", 4), ("_DEPTH", 2), ("_GAIN", 0)):
            patch.setattr(tiles, constant, value)
        found = EDITS[name](labels, {1, 2, 3}, by, spacing=spacing).edit
    for one, other in zip((*found.indices, found.after), (*expected.indices, expected.after), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", EDITS)
def test_of_objects_that_span_a_plane_only_their_surroundings_are_looked_at(name, monkeypatch):
    rows = np.arange(1024)
    threads = np.zeros((1024, 1024), np.int32)
    for number in range(1, 11):
        threads[rows, (rows + 100 * number) % 1024] = number
    seen = []

    def watched(work):
        return lambda array, *rest, **more: seen.append(array.size) or work(array, *rest, **more)

    for part in ("distance_transform_edt", "gaussian_filter"):
        monkeypatch.setattr(shape.scipy.ndimage, part, watched(getattr(shape.scipy.ndimage, part)))
    EDITS[name](threads, range(1, 11), 2)
    assert 0 < sum(seen) < 3 * threads.size  # and not ten times, the box of each


def test_a_large_object_that_fills_its_box_is_looked_at_in_one_piece():
    disc = (np.hypot(*np.ogrid[-200:200, -200:200]) < 190).astype(np.int32)
    [(_, parts)] = tiles.parts_of_objects(disc, edits.find_boxes(disc), [3, 3], [3, 3])
    assert len(parts) == 1
    assert disc[parts[0].box].sum() == disc.sum()
