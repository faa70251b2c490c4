"""What differs between two label arrays: which objects were added, removed, reshaped, split or merged.

Ids need not agree: objects belong together where one lies mostly in the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from napari_labelfix.metrics.instances import Overlaps, count_overlaps_of, f1_of
from napari_labelfix.review.actions import MOSTLY
from napari_labelfix.review.in_parts import always, parts_of, rank_all
from napari_labelfix.review.suspects import Reason, Suspects
from napari_labelfix.snapshots import Change

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from scipy.sparse import coo_array

    from napari_labelfix.data.label_images import Ranked
    from napari_labelfix.review.in_parts import GoOn

_NEARLY = 0.8  # overlap by union from which two outlines are nearly the same


@dataclass(frozen=True, eq=False)
class Differences:
    """Objects that belong together and are not the same, those first that differ in most pixels.

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
    f1
        How well the objects agree, 0..1: F1 of pairs whose overlap by union is at least 0.5.
    dice
        How well the pixels of all objects agree, 0..1.
    points
        (M, ndim) in pixels, where labels were compared with points; None otherwise.
    """

    REASONS: ClassVar[Mapping[Change, Reason]] = {
        Change.ADDED: Reason.EXTRA,
        Change.RESHAPED: Reason.RESHAPED,
        Change.SPLIT: Reason.MERGED,  # several here are one there
        Change.MERGED: Reason.SPLIT,
    }
    NAMES: ClassVar[Mapping[Change, str]] = {kind: kind.name.lower() for kind in Change if kind is not Change.NONE}

    kinds: NDArray[np.uint8]
    before: list[tuple[int, ...]]
    after: list[tuple[int, ...]]
    pixels: NDArray[np.int64]
    overlap: NDArray[np.float64]
    codes: NDArray[np.uint8]
    f1: float
    dice: float
    points: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return self.kinds.size

    def count(self) -> dict[Change, int]:
        """Return how many there are of each kind."""
        return {kind: int((self.kinds == kind).sum()) for kind in self.NAMES}

    def add_to(self, suspects: Suspects) -> Suspects:
        """Return the suspects among the objects of `after`, with those that differ from `before` beside the others."""
        found = dict(suspects.found)
        for kind, reason in self.REASONS.items():
            rows = (self.kinds == kind) & ((kind != Change.RESHAPED) | (self.overlap < _NEARLY))
            ids = [label for row in np.flatnonzero(rows) for label in self.after[row]]
            found[reason] = np.isin(suspects.ids, ids)
        return Suspects(suspects.ids, found)


def find_differences(before: Any, after: Any, go_on: GoOn = always) -> Differences:
    """Compare two label arrays.

    Parameters
    ----------
    before, after
        Of the same shape, 0 = background.
    go_on
        Asked all along.
    """
    old, new = np.asarray(before), np.asarray(after)
    was, now = rank_all(old, go_on), rank_all(new, go_on)
    pairs = _shared(was, now, go_on)
    linked = (pairs.data > MOSTLY * was.sizes[pairs.row]) | (pairs.data > MOSTLY * now.sizes[pairs.col])
    groups, of_old, of_new = _groups(was.ids.size, now.ids.size, pairs.row[linked], pairs.col[linked])
    kinds = _kinds(np.bincount(of_old, minlength=groups), np.bincount(of_new, minlength=groups))
    same = _Same(was, now, pairs)
    of_old_rank, of_new_rank = np.append(-1, of_old), np.append(-1, of_new)  # -1 in the background
    codes = np.zeros(old.shape, np.uint8)
    pixels, both = np.zeros(groups, np.int64), np.zeros(groups, np.int64)
    for part in parts_of(old.size if groups else 0):
        go_on()
        old_ranks, new_ranks = was.ranks.reshape(-1)[part], now.ranks.reshape(-1)[part]
        at_old, at_new = of_old_rank[old_ranks], of_new_rank[new_ranks]
        code = np.where(at_new >= 0, kinds[at_new], kinds[at_old])
        code[same.at(old_ranks, new_ranks)] = Change.NONE
        codes.reshape(-1)[part] = code
        from_other = (code > 0) & (at_old >= 0) & (at_new >= 0) & (at_old != at_new)
        pixels += np.bincount(np.where(at_new >= 0, at_new, at_old)[code > 0], minlength=groups)
        pixels += np.bincount(at_old[from_other], minlength=groups)
        both += np.bincount(at_old[(at_old >= 0) & (at_old == at_new)], minlength=groups)
    union = np.bincount(of_old, was.sizes, groups) + np.bincount(of_new, now.sizes, groups)
    kept = np.flatnonzero(pixels > 0)
    kept = kept[np.argsort(-pixels[kept], kind="stable")]
    in_objects = was.sizes.sum() + now.sizes.sum()
    return Differences(
        kinds[kept],
        members_of(kept, of_old, was.ids, groups),
        members_of(kept, of_new, now.ids, groups),
        pixels[kept],
        (both / np.maximum(union - both, 1))[kept],
        codes,
        f1_of(Overlaps(pairs.tocsr(), was, now)),
        float(2 * pairs.data.sum() / in_objects) if in_objects else 1.0,
    )


def _kinds(old: NDArray[np.intp], new: NDArray[np.intp]) -> NDArray[np.uint8]:
    """Return of which kind each group is, from the numbers of its old and of its new objects."""
    conditions = [old == 0, new == 0, (old == 1) & (new > 1), (old > 1) & (new == 1)]
    kinds = [Change.ADDED, Change.REMOVED, Change.SPLIT, Change.MERGED]
    return np.select(conditions, kinds, Change.RESHAPED).astype(np.uint8)


def _shared(was: Ranked, now: Ranked, go_on: GoOn) -> coo_array:
    """Return (old objects, new objects) sparse: the pixels that each pair shares."""
    from scipy.sparse import coo_array

    found = []
    for part in parts_of(was.ranks.size):
        go_on()
        old, new = (both._replace(ranks=both.ranks.reshape(-1)[part]) for both in (was, now))
        found.append(count_overlaps_of(new, old).shared)
    nothing = coo_array((was.ids.size, now.ids.size), dtype=np.int64).tocsr()
    return sum(found, start=nothing).tocoo()


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


class _Same:
    """At which pixels nothing changed: background, or objects each of which is most of the other's overlap."""

    def __init__(self, was: Ranked, now: Ranked, pairs: coo_array) -> None:
        order = np.argsort(pairs.data, kind="stable")
        rows, columns = pairs.row[order] + 1, pairs.col[order] + 1
        self._partner, self._back = np.zeros(was.ids.size + 1, np.int32), np.zeros(now.ids.size + 1, np.int32)
        self._partner[rows], self._back[columns] = columns, rows  # the last one written is the largest

    def at(self, old: NDArray[np.int32], new: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Return it for the ranks of some pixels."""
        return np.asarray((self._partner[old] == new) & (self._back[new] == old))


def members_of(
    kept: NDArray[np.integer], groups: NDArray[np.integer], ids: NDArray[np.int64], count: int
) -> list[tuple[int, ...]]:
    """Return the ids in each of the kept groups.

    Parameters
    ----------
    kept
        (K,) the groups.
    groups, ids
        (N,) the group of each id, 0..`count` - 1, and the ids.
    count
        The number of all groups.
    """
    members = ids[np.argsort(groups, kind="stable")].tolist()
    ends = np.append(0, np.cumsum(np.bincount(groups, minlength=count)))
    return [tuple(members[first:end]) for first, end in zip(ends[kept].tolist(), ends[kept + 1].tolist(), strict=True)]
