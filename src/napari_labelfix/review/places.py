"""Objects at the same place: what is known about them is handed on, whatever their ids are now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_labelfix.review.actions import MOSTLY
from napari_labelfix.review.footprint import count_pixels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_labelfix.review.record_table import RecordTable
    from napari_labelfix.review.states import Record


class Places(NamedTuple):
    """Where objects were.

    Parameters
    ----------
    ids
        (N,) of the objects, ascending.
    records
        (N,) what is known about each, and is handed on; None where nothing is.
    owner
        (M,) for each pixel, the index of its object.
    pixels
        (M,) their places in the flattened planes.
    shape
        Of the array.
    planes
        Where they were looked for: indices of planes, which get other pixels; None for the whole array. Objects that
        had no pixel there stay as they are.
    """

    ids: NDArray[np.int64]
    records: list[Record | None]
    owner: NDArray[np.intp]
    pixels: NDArray[np.intp]
    shape: tuple[int, ...]
    planes: Sequence[tuple[int, ...]] | None = None


def remember(
    table: RecordTable,
    data: Any,
    rows: NDArray[np.bool_],
    looked_at: NDArray[np.bool_] | None = None,
    planes: Sequence[tuple[int, ...]] | None = None,
) -> Places:
    """Return where the objects of some rows (N,) bool are in an array, or in those planes of it that get other pixels.

    Those of the rows `looked_at` are only to be found again: what is known about them is not handed on.
    """
    known, rows = rows, rows if looked_at is None else rows | looked_at
    ids = table.ids[rows]
    labels = _flat(data, planes) if ids.size else np.zeros(0, np.int64)
    pixels = np.flatnonzero(np.isin(labels, ids))
    records = [table.at(int(row)) if known[row] else None for row in np.flatnonzero(rows)]
    return Places(ids, records, np.searchsorted(ids, labels[pixels]), pixels, tuple(data.shape), planes)


def find_heirs(places: Places, data: Any) -> Mapping[int, int]:
    """Return, by the id of a remembered object, that of the object in `data` that lies where it lay, if there is one.

    Two are the same object where more than half of each lies in the other, so that no two share an heir.
    """
    if not places.ids.size or places.shape != tuple(data.shape):
        return {}
    before = np.bincount(places.owner, minlength=places.ids.size)
    elsewhere = places.ids[before == 0].tolist() if places.planes is not None else []
    heirs = dict(zip(elsewhere, elsewhere, strict=True))
    if not places.pixels.size:
        return heirs
    labels = _flat(data, places.planes)
    ids, areas = count_pixels(labels)
    now = labels[places.pixels]
    inside = now > 0
    heir = np.searchsorted(ids, now[inside])
    pairs, overlap = np.unique(places.owner[inside] * ids.size + heir, return_counts=True)
    old, new = pairs // max(ids.size, 1), pairs % max(ids.size, 1)
    same = (overlap > MOSTLY * before[old]) & (overlap > MOSTLY * areas[new])
    return heirs | dict(zip(places.ids[old[same]].tolist(), ids[new[same]].tolist(), strict=True))


def inherit(places: Places, heirs: Mapping[int, int]) -> Mapping[int, Record]:
    """Return the records that are handed on to the heirs, by their ids."""
    known = zip(places.ids.tolist(), places.records, strict=True)
    return {heirs[label]: record for label, record in known if record is not None and label in heirs}


def _flat(data: Any, planes: Sequence[tuple[int, ...]] | None) -> NDArray[np.integer]:
    """Return the labels of some planes, one after the other, or of all; those of a single one are not copied."""
    parts = [np.asarray(data[plane]).ravel() for plane in planes] if planes is not None else [np.asarray(data).ravel()]
    return parts[0] if len(parts) == 1 else np.concatenate([np.zeros(0, data.dtype), *parts])
