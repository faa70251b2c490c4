"""Where the objects of a label array are: the box of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


class Box(NamedTuple):
    """The part of an array that an object lies in.

    Parameters
    ----------
    low, high
        One number for each axis: the first pixel, and the one behind the last.
    """

    low: tuple[int, ...]
    high: tuple[int, ...]

    @property
    def slices(self) -> tuple[slice, ...]:
        """What cuts the box out of the array."""
        return tuple(slice(low, high) for low, high in zip(self.low, self.high, strict=True))


def find_boxes(labels: Any) -> Mapping[int, Box]:
    """Return the boxes of all objects of a (..., Y, X) array, by id; it is read plane by plane."""
    boxes: dict[int, Box] = {}
    for index in np.ndindex(labels.shape[:-2]):
        ids, lows, highs = _in_plane(np.asarray(labels[index]))
        for label, low, high in zip(ids.tolist(), lows.tolist(), highs.tolist(), strict=True):
            here = Box((*index, *low), (*(i + 1 for i in index), *high))
            boxes[label] = _union(boxes[label], here) if label in boxes else here
    return boxes


def find_box(labels: Any, label: int, first: tuple[int, ...] = ()) -> Box | None:
    """Return the box of one object, or None if it has no pixels.

    Parameters
    ----------
    labels
        (..., Y, X).
    label
        The object.
    first
        The index of the plane to look at first; if the object is there, only that part of it is boxed.
    """
    indices = list(np.ndindex(labels.shape[:-2]))
    for index in [first, *indices] if first in indices else indices:
        mask = np.asarray(labels[index]) == label
        rows = np.flatnonzero(mask.any(axis=1))
        if rows.size:
            columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
            low, high = (int(rows[0]), int(columns[0])), (int(rows[-1]) + 1, int(columns[-1]) + 1)
            return Box((*index, *low), (*(i + 1 for i in index), *high))
    return None


def _in_plane(plane: NDArray[np.integer]) -> tuple[NDArray[np.integer], NDArray[np.intp], NDArray[np.intp]]:
    """Return ids (N,), and first and last + 1 row and column (N, 2) of the objects of a plane."""
    places = np.flatnonzero(plane > 0)
    labels = plane.ravel()[places]
    order = np.argsort(labels, kind="stable")
    places, labels = places[order], labels[order]
    starts = np.flatnonzero(np.r_[True, labels[1:] != labels[:-1]]) if labels.size else np.zeros(0, np.intp)
    rows, columns = np.divmod(places, plane.shape[1])
    if not starts.size:
        return labels, np.zeros((0, 2), np.intp), np.zeros((0, 2), np.intp)
    lows = np.stack([np.minimum.reduceat(axis, starts) for axis in (rows, columns)], axis=1)
    highs = np.stack([np.maximum.reduceat(axis, starts) for axis in (rows, columns)], axis=1) + 1
    return labels[starts], lows, highs


def _union(one: Box, other: Box) -> Box:
    return Box(tuple(map(min, one.low, other.low)), tuple(map(max, one.high, other.high)))
