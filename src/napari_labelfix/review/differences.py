"""What differs between two label arrays: which objects were added, removed, reshaped, split or merged.

Ids need not agree: objects belong together where one lies mostly in the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.metrics.instances import count_overlaps
from napari_labelfix.review.actions import MOSTLY
from napari_labelfix.review.footprint import count_pixels
from napari_labelfix.review.suspects import Reason, Suspects
from napari_labelfix.snapshots import Change

if TYPE_CHECKING:
    from numpy.typing import NDArray

_REASONS = {
    Change.ADDED: Reason.EXTRA,
    Change.RESHAPED: Reason.RESHAPED,
    Change.SPLIT: Reason.MERGED,  # several here are one there
    Change.MERGED: Reason.SPLIT,
}
_NEARLY = 0.8  # overlap by union from which two outlines are nearly the same


@dataclass(frozen=True, eq=False)
class Differences:
    """Objects that belong together and are not the same.

    Parameters
    ----------
    kinds
        (N,) of `Change`, never `NONE`.
    before, after
        The ids of the objects of each, in the one array and in the other.
    pixels
        (N,) how many pixels differ.
    overlap
        (N,) overlap by union of all its objects, 0..1.
    codes
        The arrays' shape, uint8 of `Change`: what became of each pixel.
    """

    kinds: NDArray[np.uint8]
    before: list[tuple[int, ...]]
    after: list[tuple[int, ...]]
    pixels: NDArray[np.int64]
    overlap: NDArray[np.float64]
    codes: NDArray[np.uint8]

    def __len__(self) -> int:
        return self.kinds.size

    def count(self) -> dict[Change, int]:
        """Return how many there are of each kind."""
        return {kind: int((self.kinds == kind).sum()) for kind in Change if kind is not Change.NONE}

    def add_to(self, suspects: Suspects) -> Suspects:
        """Return the suspects among the objects of `after`, with those that differ from `before` beside the others."""
        found = dict(suspects.found)
        for kind, reason in _REASONS.items():
            rows = (self.kinds == kind) & ((kind != Change.RESHAPED) | (self.overlap < _NEARLY))
            ids = [label for row in np.flatnonzero(rows) for label in self.after[row]]
            found[reason] = np.isin(suspects.ids, ids)
        return Suspects(suspects.ids, found)


def find_differences(before: Any, after: Any) -> Differences:
    """Compare two label arrays.

    Parameters
    ----------
    before, after
        Of the same shape, 0 = background.
    """
    old, new = np.asarray(before), np.asarray(after)
    (old_ids, old_sizes), (new_ids, new_sizes) = count_pixels(old), count_pixels(new)
    shared = count_overlaps(new, old).shared.tocoo()
    linked = (shared.data > MOSTLY * old_sizes[shared.row]) | (shared.data > MOSTLY * new_sizes[shared.col])
    groups, of_old, of_new = _groups(len(old_ids), len(new_ids), shared.row[linked], shared.col[linked])
    old_count, new_count = np.bincount(of_old, minlength=groups), np.bincount(of_new, minlength=groups)
    kinds = np.select(
        [old_count == 0, new_count == 0, (old_count == 1) & (new_count > 1), (old_count > 1) & (new_count == 1)],
        [Change.ADDED, Change.REMOVED, Change.SPLIT, Change.MERGED],
        Change.RESHAPED,
    ).astype(np.uint8)
    at_old, at_new = _group_at(old, old_ids, of_old), _group_at(new, new_ids, of_new)
    codes = np.where(at_new >= 0, kinds[at_new], kinds[at_old]) if groups else np.zeros(old.shape, np.uint8)
    same = _same(old, new, old_ids, new_ids, shared)
    codes = np.where(same, Change.NONE, codes).astype(np.uint8)
    pixels = np.bincount(np.where(at_new >= 0, at_new, at_old)[codes > 0], minlength=groups)
    pixels += np.bincount(at_old[(codes > 0) & (at_old >= 0) & (at_new >= 0) & (at_old != at_new)], minlength=groups)
    union = np.bincount(of_old, old_sizes, groups) + np.bincount(of_new, new_sizes, groups)
    both = np.bincount(at_old[(at_old >= 0) & (at_old == at_new)], minlength=groups)
    kept = np.flatnonzero(pixels > 0)
    return Differences(
        kinds[kept],
        _members(old_ids, of_old, kept, groups),
        _members(new_ids, of_new, kept, groups),
        pixels[kept],
        (both / np.maximum(union - both, 1))[kept],
        codes,
    )


def _groups(
    old: int, new: int, rows: NDArray[np.integer], columns: NDArray[np.integer]
) -> tuple[int, NDArray[np.intp], NDArray[np.intp]]:
    """Return the number of groups of linked objects, and the group of each old and of each new object."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    size = old + new
    if not size:
        return 0, np.zeros(0, np.intp), np.zeros(0, np.intp)
    graph = coo_array((np.ones(rows.size, bool), (rows, columns + old)), shape=(size, size))
    groups, members = connected_components(graph, directed=False)
    return groups, members[:old].astype(np.intp), members[old:].astype(np.intp)


def _group_at(labels: NDArray[np.integer], ids: NDArray[np.int64], groups: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the group at each pixel, -1 in the background."""
    rows = np.minimum(np.searchsorted(ids, labels), max(ids.size - 1, 0))
    return np.where(labels > 0, groups[rows], -1) if ids.size else np.full(labels.shape, -1)


def _same(
    old: NDArray[np.integer], new: NDArray[np.integer], old_ids: NDArray[np.int64], new_ids: NDArray[np.int64],
    shared: Any,
) -> NDArray[np.bool_]:  # fmt: skip
    """Return at which pixels nothing changed: background, or objects each of which is most of the other's overlap."""
    partner = np.full(old_ids.size, -1)
    order = np.argsort(shared.data, kind="stable")
    partner[shared.row[order]] = new_ids[shared.col[order]]  # the last one written is the largest
    back = np.full(new_ids.size, -1)
    back[shared.col[order]] = old_ids[shared.row[order]]
    both = (old > 0) & (new > 0)
    same = ~((old > 0) | (new > 0))
    o, n = old[both], new[both]
    same[both] = (partner[np.searchsorted(old_ids, o)] == n) & (back[np.searchsorted(new_ids, n)] == o)
    return same


def _members(
    ids: NDArray[np.int64], groups: NDArray[np.intp], kept: NDArray[np.intp], count: int
) -> list[tuple[int, ...]]:
    """Return the ids in each of the kept groups."""
    order = np.argsort(groups, kind="stable")
    ends = np.cumsum(np.bincount(groups, minlength=count))
    parts = np.split(ids[order], ends[:-1]) if count else []
    return [tuple(parts[group].tolist()) for group in kept]
