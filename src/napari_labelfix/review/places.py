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
    records
        (N,) what is known about each.
    owner
        (M,) for each pixel, the index of its object.
    pixels
        (M,) their places in the flattened array.
    shape
        Of the array.
    """

    records: list[Record]
    owner: NDArray[np.intp]
    pixels: NDArray[np.intp]
    shape: tuple[int, ...]


def remember(table: RecordTable, data: Any, rows: NDArray[np.bool_]) -> Places:
    """Return where the objects of some rows (N,) bool are in an array."""
    array, ids = np.asarray(data), table.ids[rows]
    labels = array.ravel()
    pixels = np.flatnonzero(np.isin(labels, ids)) if ids.size else np.zeros(0, np.intp)
    records = [table.at(int(row)) for row in np.flatnonzero(rows)]
    return Places(records, np.searchsorted(ids, labels[pixels]), pixels, array.shape)


def inherit(places: Places, data: Any) -> Mapping[int, Record]:
    """Return the records of the objects, by their id in `data`, that lie where a remembered one lay.

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
    return {int(ids[j]): places.records[i] for i, j in zip(old[same], new[same], strict=True)}
