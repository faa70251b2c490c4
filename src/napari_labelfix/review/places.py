"""Objects at the same place: what is known about them is handed on, whatever their ids are now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_labelfix.review.actions import MOSTLY
from napari_labelfix.review.footprint import count_pixels

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        (M,) their places in the flattened array.
    shape
        Of the array.
    """

    ids: NDArray[np.int64]
    records: list[Record | None]
    owner: NDArray[np.intp]
    pixels: NDArray[np.intp]
    shape: tuple[int, ...]


def remember(
    table: RecordTable, data: Any, rows: NDArray[np.bool_], looked_at: NDArray[np.bool_] | None = None
) -> Places:
    """Return where the objects of some rows (N,) bool are in an array.

    Those of the rows `looked_at` are only to be found again: what is known about them is not handed on.
    """
    known, rows = rows, rows if looked_at is None else rows | looked_at
    array, ids = np.asarray(data), table.ids[rows]
    labels = array.ravel()
    pixels = np.flatnonzero(np.isin(labels, ids)) if ids.size else np.zeros(0, np.intp)
    records = [table.at(int(row)) if known[row] else None for row in np.flatnonzero(rows)]
    return Places(ids, records, np.searchsorted(ids, labels[pixels]), pixels, array.shape)


def find_heirs(places: Places, data: Any) -> Mapping[int, int]:
    """Return, by the id of a remembered object, that of the object in `data` that lies where it lay, if there is one.

    Two are the same object where more than half of each lies in the other, so that no two share an heir.
    """
    labels = np.asarray(data).ravel()
    if not places.pixels.size or places.shape != tuple(data.shape):
        return {}
    ids, areas = count_pixels(labels)
    now = labels[places.pixels]
    inside = now > 0
    heir = np.searchsorted(ids, now[inside])
    pairs, overlap = np.unique(places.owner[inside] * ids.size + heir, return_counts=True)
    old, new = pairs // max(ids.size, 1), pairs % max(ids.size, 1)
    before = np.bincount(places.owner, minlength=len(places.records))
    same = (overlap > MOSTLY * before[old]) & (overlap > MOSTLY * areas[new])
    return dict(zip(places.ids[old[same]].tolist(), ids[new[same]].tolist(), strict=True))


def inherit(places: Places, heirs: Mapping[int, int]) -> Mapping[int, Record]:
    """Return the records that are handed on to the heirs, by their ids."""
    known = zip(places.ids.tolist(), places.records, strict=True)
    return {heirs[label]: record for label, record in known if record is not None and label in heirs}
