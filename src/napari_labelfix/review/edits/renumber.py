"""Numbers that no object can have: below 0, where they count as background, or too high to learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.annotations import HIGHEST_ID
from napari_labelfix.review.actions import Edit
from napari_labelfix.review.edits.draft import Outcome
from napari_labelfix.review.in_parts import always, parts_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from napari_labelfix.review.in_parts import GoOn


def unusable_ids(labels: NDArray[np.integer], go_on: GoOn = always) -> NDArray[np.integer]:
    """Return the numbers (N,) of an array that no object can have, ascending."""
    flat, found = labels.reshape(-1), [np.zeros(0, labels.dtype)]
    for part in parts_of(labels.size):
        go_on()
        if flat[part].min() < 0 or flat[part].max() > HIGHEST_ID:
            found.append(np.unique(flat[part][_are_unusable(flat[part])]))
    return np.unique(np.concatenate(found))


def renumber(labels: NDArray[np.integer], *, locked: Collection[int] = ()) -> Outcome:
    """Give what has a number that no object can have a free one: above all others, or, where these end, between them.

    Parameters
    ----------
    labels
        (..., Y, X), 0 = background.
    locked
        Ids that must not change.
    """
    strange = np.setdiff1d(unusable_ids(labels), list(locked))
    indices = np.nonzero(_are_unusable(labels) & np.isin(labels, strange))
    before = labels[indices]
    new = _free_ids(labels, strange.size)
    parents = {one: (old,) for one, old in zip(new.tolist(), strange.tolist(), strict=True)}
    return Outcome(Edit(indices, before, new[np.searchsorted(strange, before)], strange.size), parents)


def _free_ids(labels: NDArray[np.integer], count: int) -> NDArray[np.int64]:
    usual = np.where(_are_unusable(labels), 0, labels)
    highest = int(usual.max(initial=0))
    if highest + count <= HIGHEST_ID:
        return highest + 1 + np.arange(count)
    present = np.unique(usual)
    return np.setdiff1d(np.arange(1, present.size + count + 1), present)[:count]


def _are_unusable(labels: NDArray[np.integer]) -> NDArray[np.bool_]:
    return (labels < 0) | (labels > HIGHEST_ID)
