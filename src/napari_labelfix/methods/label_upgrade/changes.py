"""What became of each object when labels were upgraded. No torch here: docks count with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_labelfix.metrics.instances import count_overlaps
from napari_labelfix.snapshots import Change

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

MOSTLY = 0.5  # of an object's pixels: with more it lies in the other


class Comparison(NamedTuple):
    """Labels before and after.

    Parameters
    ----------
    codes
        (Y, X) uint8 of `Change`.
    counts
        Objects of each kind. A split one counts once, and so does one that others were merged into.
    """

    codes: NDArray[np.uint8]
    counts: dict[Change, int]


def compare(before: NDArray[np.integer], after: NDArray[np.integer]) -> Comparison:
    """Compare two label images; an object that is still the same must have kept its id.

    An object is split if several lie mostly in it now, merged if it lies with others mostly in one now, added or
    removed if it has no counterpart, and reshaped if it has one and covers other pixels.

    Parameters
    ----------
    before, after
        (Y, X) object ids, 0 = background.
    """
    overlaps, (old_ids, old_sizes, old), (new_ids, new_sizes, new) = count_overlaps(after, before)
    shared = overlaps.tocoo()
    inside_old = shared.data > MOSTLY * new_sizes[shared.col]
    inside_new = shared.data > MOSTLY * old_sizes[shared.row]
    parts = np.bincount(shared.row[inside_old], minlength=len(old_ids))  # new objects in each old one
    guests = np.bincount(shared.col[inside_new], minlength=len(new_ids))
    linked = inside_old | inside_new
    is_split, is_merged = parts > 1, guests > 1
    from_split = np.isin(np.arange(len(new_ids)), shared.col[inside_old & is_split[shared.row]])
    into_merged = np.isin(np.arange(len(old_ids)), shared.row[inside_new & is_merged[shared.col]])
    gone = ~np.isin(np.arange(len(old_ids)), shared.row[linked])
    fresh = ~np.isin(np.arange(len(new_ids)), shared.col[linked])
    old_kinds = np.select([gone, into_merged, is_split], [Change.REMOVED, Change.MERGED, Change.SPLIT], Change.RESHAPED)
    new_kinds = np.select([fresh, is_merged, from_split], [Change.ADDED, Change.MERGED, Change.SPLIT], Change.RESHAPED)
    codes = np.where(after > 0, np.append(0, new_kinds)[new], np.append(0, old_kinds)[old])
    codes = np.where(before == after, Change.NONE, codes).astype(np.uint8)
    changed = np.isin(np.arange(1, len(new_ids) + 1), new[codes == Change.RESHAPED])
    shrunk = np.isin(new_ids, before[(codes == Change.RESHAPED) & (after == 0)])
    counts = {
        Change.ADDED: fresh.sum(),
        Change.REMOVED: gone.sum(),
        Change.RESHAPED: ((new_kinds == Change.RESHAPED) & (changed | shrunk)).sum(),
        Change.SPLIT: is_split.sum(),
        Change.MERGED: is_merged.sum(),
    }
    return Comparison(codes, {kind: int(count) for kind, count in counts.items()})


def say_counts(counts: Mapping[Change, int]) -> str:
    """Say "12 added, 3 removed, 40 reshaped, 2 split, 1 merged"."""
    return ", ".join(f"{counts.get(kind, 0)} {kind.name.lower()}" for kind in Change if kind is not Change.NONE)
