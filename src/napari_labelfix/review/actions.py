"""Which pixels an accept writes into the accepted labels, and which it leaves alone.

Three rules hold for every action: the pixels of a locked object never change, an object that a person accepted is
only replaced when that person points at a better outline of it, and every edit can be taken back by `inverse()`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.annotations import BACKGROUND

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

_DENSE = 4  # ids that span up to so many times the number of pixels are counted in an array as long as that
MOSTLY = 0.5  # an object covered by more than this share of its pixels is the same object


@dataclass(frozen=True, eq=False)
class Edit:
    """Pixels of a label array with their values before and after.

    Parameters
    ----------
    indices
        As `numpy.nonzero` gives them: one array per axis.
    before, after
        The labels at these pixels; they differ everywhere.
    count
        Objects that the edit accepts, or takes back.
    present
        Objects that were asked for and are there already.
    """

    indices: tuple[NDArray[np.intp], ...]
    before: NDArray[np.integer]
    after: NDArray[np.integer]
    count: int
    present: int = 0

    def inverse(self) -> Edit:
        """Return the edit that takes this one back."""
        return Edit(self.indices, self.after, self.before, self.count, self.present)

    def in_plane(self, index: tuple[int, ...]) -> Edit:
        """Return this edit of a plane (Y, X) as one of the stack in which the plane has an index."""
        leading = tuple(np.full(self.before.size, place, np.intp) for place in index)
        return replace(self, indices=(*leading, *self.indices))

    def apply(self, labels: NDArray[np.integer]) -> None:
        """Write into a plain array. A napari layer gets `indices` and `after` through its undoable `data_setitem`."""
        labels[self.indices] = self.after


def already_there(
    proposed: NDArray[np.integer], accepted: NDArray[np.integer], ids: NDArray[np.integer]
) -> NDArray[np.bool_]:
    """Return for each of `ids` (N,) whether accepted pixels cover more than half of that proposed object.

    Parameters
    ----------
    proposed, accepted
        Label arrays of the same shape, 0 = background.
    ids
        (N,) ascending labels of `proposed`. One that has no pixel counts as not there.
    """
    if not accepted.any():  # as in most planes of a stack: a tenth of the time
        return np.zeros(ids.size, bool)
    sizes, covered = coverage(proposed, accepted, ids)
    return np.asarray(covered > MOSTLY * sizes)


def coverage(
    proposed: NDArray[np.integer], accepted: NDArray[np.integer], ids: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return for each of `ids` (N,) how many pixels it has, and how many of them are accepted; see `already_there`."""
    if not ids.size:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    inside = np.flatnonzero(proposed > 0)
    labels, there = proposed.ravel()[inside].astype(np.int64, copy=False), accepted.ravel()[inside] > 0
    if labels.size and int(ids[-1]) - int(ids[0]) <= _DENSE * labels.size:  # counting is faster than searching
        labels, there = (part[(labels >= ids[0]) & (labels <= ids[-1])] for part in (labels, there))
        labels, places = labels - ids[0], ids - ids[0]
    else:
        found, labels = _positions(ids, labels)
        labels, there, places = labels[found], there[found], np.arange(ids.size)
    count = int(places[-1]) + 1
    return np.bincount(labels, minlength=count)[places], np.bincount(labels[there], minlength=count)[places]


def accept_objects(
    proposed: NDArray[np.integer], accepted: NDArray[np.integer], ids: Sequence[int] | NDArray[np.integer]
) -> Edit:
    """Add the proposed objects that are not there yet, beside and never over what is accepted.

    Parameters
    ----------
    proposed, accepted
        Label arrays of the same shape, 0 = background.
    ids
        Labels of `proposed` to accept. They get new ids after the largest that is in use.
    """
    asked = np.unique(np.asarray(ids, np.int64))
    there = already_there(proposed, accepted, asked)
    chosen = asked[~there]
    free = np.nonzero((proposed > 0) & (accepted == 0))
    found, position = _positions(chosen, proposed[free])
    # only the objects that have pixels get an id, so that no number is skipped
    used, rank = np.unique(position[found], return_inverse=True)
    after = int(accepted.max(initial=0)) + 1 + rank.astype(np.int64)
    indices = tuple(axis[found] for axis in free)
    return Edit(indices, np.zeros_like(after), after, count=used.size, present=int(there.sum()))


def accept_object(
    proposed: NDArray[np.integer],
    accepted: NDArray[np.integer],
    object_id: int,
    locked: Collection[int] = (),
    new_id: int | None = None,
) -> Edit:
    """Accept one proposed object in place of the accepted objects that it covers mostly.

    The replaced object's id is kept (of several, that of the one with the largest overlap), so a better outline can
    be accepted again. Pixels of other accepted objects, and of locked ones, stay.

    Parameters
    ----------
    proposed, accepted
        Label arrays of the same shape, 0 = background.
    object_id
        The label in `proposed`.
    locked
        Ids of `accepted` that must not change.
    new_id
        What an object gets that replaces none; by default the next after the largest in `accepted`.
    """
    mask = proposed == object_id
    overlapping, overlaps = np.unique(accepted[mask & (accepted > 0)], return_counts=True)
    touched = np.isin(accepted, overlapping)
    sizes = np.unique(accepted[touched], return_counts=True)[1]
    replaceable = (overlaps > MOSTLY * sizes) & ~np.isin(overlapping, list(locked))
    replaced, overlaps = overlapping[replaceable], overlaps[replaceable]
    new_id = int(accepted.max(initial=0)) + 1 if new_id is None else new_id
    own_id = int(replaced[overlaps.argmax()]) if replaced.size else new_id

    indices = np.nonzero(mask | touched)
    before = accepted[indices].astype(np.int64)
    after = np.where(np.isin(before, replaced), 0, before)
    after[mask[indices] & (after == 0)] = own_id
    changed = after != before
    count = int(changed.any())
    where = tuple(axis[changed] for axis in indices)
    return Edit(where, before[changed], after[changed], count=count, present=int(mask.any()) - count)


def paint_over(proposed: NDArray[np.integer], marks: NDArray[np.integer], object_id: int) -> Edit:
    """Mark one proposed object as background, where nothing is marked yet.

    Its outermost pixels are left unmarked, where there are others: an outline is not exact, and may lie on a neighbour.

    Parameters
    ----------
    proposed
        (Y, X) labels, 0 = background.
    marks
        (Y, X) scribbles, 0 = unmarked.
    object_id
        The label in `proposed`.
    """
    rows, columns = np.nonzero(proposed == object_id)
    chosen = _are_inner(proposed, rows, columns) & (marks[rows, columns] == 0)
    indices = rows[chosen], columns[chosen]
    before = marks[indices]
    return Edit(indices, before, np.full_like(before, BACKGROUND), count=int(before.size > 0))


def painted_over(proposed: NDArray[np.integer], marks: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the ids of the objects of a plane that are background in a person's strokes, as `paint_over` makes them.

    Parameters
    ----------
    proposed
        (Y, X) labels, 0 = background.
    marks
        (Y, X) scribbles, 0 = unmarked.
    """
    touched = np.unique(proposed[marks == BACKGROUND])
    if not touched.any():
        return np.zeros(0, np.int64)
    rows, columns = np.nonzero(np.isin(proposed, touched[touched > 0]))
    ids, marked, inner = proposed[rows, columns], marks[rows, columns], _are_inner(proposed, rows, columns)
    return np.setdiff1d(ids[inner & (marked == BACKGROUND)], ids[inner & (marked == 0)]).astype(np.int64)


def _are_inner(labels: NDArray[np.integer], rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return for all pixels of some objects whether they are no outline; of one that is nothing else, all are inner."""
    ids, padded = labels[rows, columns], np.pad(labels, 1, mode="edge")
    inner = np.ones(ids.size, bool)
    for down, right in ((0, 1), (1, 0), (1, 2), (2, 1)):
        inner &= padded[rows + down, columns + right] == ids
    return inner | ~np.isin(ids, ids[inner])


def _positions(ids: NDArray[np.integer], values: NDArray[np.integer]) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Return for each value whether it is one of the ascending `ids`, and where in them."""
    if not ids.size:
        return np.zeros(values.shape, bool), np.zeros(values.shape, np.intp)
    position = np.minimum(np.searchsorted(ids, values), ids.size - 1)
    return ids[position] == values, position
