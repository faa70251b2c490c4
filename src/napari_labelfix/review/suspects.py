"""Objects that look wrong, found without any model: by size, shape, holes, pieces, border and edges.

All objects of a plane are measured at once. The arrays are gone through in strips, because numpy keeps Python's lock
while it counts, and the window has to stay responsive when this runs in a thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_labelfix.data.gaps import filled
from napari_labelfix.data.label_images import fill_label_holes, rank_objects
from napari_labelfix.review.boxes import stacks_of
from napari_labelfix.review.in_parts import always, find_bodies

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from napari_labelfix.review.in_parts import GoOn

_STRIP = 2**20  # pixels counted at a time
_FAR = 3.5  # a robust z-score beyond which a value is an outlier: Iglewicz and Hoaglin, 1993
_TO_SIGMA = 1.4826  # the median absolute deviation of a normal distribution is its standard deviation through this
_FEW = 8  # with fewer objects nothing is unusual
_SMALL = 3  # pixels: any smaller object is tiny, whatever the others are like
_WEAK = 0.35  # of the usual contrast


class Reason(StrEnum):
    """Why an object is suspect."""

    TINY = "tiny"
    HUGE = "huge"
    HOLES = "holes"
    PIECES = "several pieces"
    BORDER = "at the border"
    WEAK_EDGE = "weak edge"
    SHAPE = "unusual shape"
    EXTRA = "not in the other"
    SPLIT = "split in the other"
    MERGED = "merged in the other"
    RESHAPED = "other outline"
    SEVERAL_POINTS = "several points"
    NO_POINT = "no point"


# how likely each reason makes it that something is wrong; objects with several reasons come first
WEIGHTS: dict[Reason, float] = {
    Reason.PIECES: 0.8,
    Reason.MERGED: 0.8,
    Reason.SPLIT: 0.8,
    Reason.SEVERAL_POINTS: 0.8,
    Reason.EXTRA: 0.75,
    Reason.NO_POINT: 0.75,
    Reason.TINY: 0.7,
    Reason.HUGE: 0.7,
    Reason.HOLES: 0.6,
    Reason.WEAK_EDGE: 0.5,
    Reason.SHAPE: 0.5,
    Reason.RESHAPED: 0.3,
    Reason.BORDER: 0.15,
}


@dataclass(frozen=True, eq=False)
class Suspects:
    """How doubtful each object is.

    Parameters
    ----------
    ids
        (N,) all objects, ascending.
    found
        For each reason, (N,) bool: which objects it holds for.
    """

    ids: NDArray[np.int64]
    found: Mapping[Reason, NDArray[np.bool_]]

    @property
    def doubt(self) -> NDArray[np.float64]:
        """(N,) from 0, nothing is suspect, to 1: as if each reason were an independent witness."""
        trust = np.ones(self.ids.size)
        for reason, holds in self.found.items():
            trust[holds] *= 1 - WEIGHTS[reason]
        return 1 - trust

    def why(self, row: int) -> list[Reason]:
        """Return the reasons for a row, the weightiest first."""
        reasons = [reason for reason, holds in self.found.items() if holds[row]]
        return sorted(reasons, key=WEIGHTS.__getitem__, reverse=True)


def find_suspects(labels: Any, image: Any = None, go_on: GoOn = always) -> Suspects:
    """Return what is suspect about each object of an array.

    Parameters
    ----------
    labels
        (..., Y, X) object ids, 0 = background; in a stack an object may go through several planes.
    image
        (..., Y, X) or (..., Y, X, C), for the edges; None where there is none.
    go_on
        Asked all along.
    """
    indices = np.ndindex(labels.shape[:-2])
    planes = [_measure(np.asarray(labels[index]), _gray(image, index), go_on) for index in indices]
    ids = np.unique(np.concatenate([plane.ids for plane in planes]))
    at = [np.searchsorted(ids, plane.ids) for plane in planes]
    areas = _total(ids.size, at, [plane.areas for plane in planes])
    log_size = np.log(np.maximum(areas, 1))
    fill = _extreme(ids.size, at, [plane.fill for plane in planes])
    length = _extreme(ids.size, at, [-plane.elongation for plane in planes])
    contrast = _extreme(ids.size, at, [plane.contrast for plane in planes])
    found = {
        Reason.TINY: (areas < _SMALL) | (_score(log_size) < -_FAR),
        Reason.HUGE: _score(log_size) > _FAR,
        Reason.HOLES: _any(ids.size, at, [plane.holes for plane in planes]),
        Reason.PIECES: _in_pieces(np.asarray(labels), ids, go_on),
        Reason.BORDER: _any(ids.size, at, [plane.border for plane in planes]),
        Reason.WEAK_EDGE: contrast < _WEAK * np.nanmedian(contrast) if _known(contrast) else np.zeros(ids.size, bool),
        Reason.SHAPE: (_score(fill) < -_FAR) | (_score(length) < -_FAR),
    }
    return Suspects(ids, found)


class _Plane(NamedTuple):
    ids: NDArray[np.int64]
    areas: NDArray[np.float64]
    fill: NDArray[np.float64]  # area by that of the ellipse with the same moments: 1 for an ellipse, less if not convex
    elongation: NDArray[np.float64]  # of that ellipse, log of its length by its width
    contrast: NDArray[np.float64]  # mean gradient along the outline; NaN without an image
    holes: NDArray[np.bool_]
    border: NDArray[np.bool_]


def _measure(plane: NDArray[np.integer], image: NDArray[np.float32] | None, go_on: GoOn = always) -> _Plane:
    go_on()
    ids, areas, ranks = rank_objects(plane)
    fill, elongation = _shape(ranks, areas, go_on)
    edge = np.unique(np.concatenate([ranks[0], ranks[-1], ranks[:, 0], ranks[:, -1]]))
    contrast = np.full(ids.size, np.nan) if image is None else _contrast(ranks, image, ids.size, go_on)
    go_on()
    filled = fill_label_holes(ranks)
    order = np.arange(1, ids.size + 1)
    return _Plane(
        ids,
        areas.astype(float),
        fill,
        elongation,
        contrast,
        np.isin(order, filled[filled != ranks]),
        np.isin(order, edge),
    )


def _shape(
    ranks: NDArray[np.int32], areas: NDArray[np.int64], go_on: GoOn
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (N,) fill and (N,) elongation from the second moments of the objects."""
    size = areas.size + 1
    sums = np.zeros((5, size))
    for rows, part in _strips(ranks):
        go_on()
        y, x = (axis.astype(float) for axis in np.nonzero(part))
        labels = part[part > 0]
        y += rows
        for row, weights in enumerate((y, x, y * y, x * x, y * x)):
            sums[row] += np.bincount(labels, weights=weights, minlength=size)
    area = np.maximum(areas, 1)
    mean_y, mean_x, yy, xx, yx = sums[:, 1:] / area
    # a pixel is a square and not a point: it has a moment of 1/12 of its own
    yy, xx, yx = yy - mean_y**2 + 1 / 12, xx - mean_x**2 + 1 / 12, yx - mean_y * mean_x
    middle, spread = (yy + xx) / 2, np.hypot((yy - xx) / 2, yx)
    longer, shorter = middle + spread, np.maximum(middle - spread, 1 / 12)
    return area / (4 * np.pi * np.sqrt(longer * shorter)), 0.5 * np.log(longer / shorter)


def _contrast(ranks: NDArray[np.int32], image: NDArray[np.float32], count: int, go_on: GoOn) -> NDArray[np.float64]:
    """Return (N,) the mean gradient along the outline of each object."""
    import cv2

    inner = np.zeros(ranks.shape, bool)
    inner[:-1] |= ranks[:-1] != ranks[1:]
    inner[1:] |= ranks[1:] != ranks[:-1]
    inner[:, :-1] |= ranks[:, :-1] != ranks[:, 1:]
    inner[:, 1:] |= ranks[:, 1:] != ranks[:, :-1]
    outline = np.where(inner, ranks, 0)
    smooth = cv2.GaussianBlur(image, (0, 0), 1.0)
    gradient = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    sums, sizes = np.zeros(count + 1), np.zeros(count + 1)
    for rows, part in _strips(outline):
        go_on()
        on = part > 0
        sums += np.bincount(part[on], weights=gradient[rows : rows + len(part)][on], minlength=count + 1)
        sizes += np.bincount(part[on], minlength=count + 1)
    return np.where(sizes > 0, sums / np.maximum(sizes, 1), np.nan)[1:]


def _in_pieces(labels: NDArray[np.integer], ids: NDArray[np.int64], go_on: GoOn) -> NDArray[np.bool_]:
    """Return (N,) which objects are not connected, in a stack also through its planes; corners connect.

    Of more axes each stack is looked at by itself: an object is not expected to be at one place all the time.
    """
    apart = np.zeros(ids.size, bool)
    for _, stack in stacks_of(labels):
        apart |= np.isin(ids, _repeated(find_bodies(stack, go_on)))
    return apart


def _repeated(values: NDArray[np.integer]) -> NDArray[np.integer]:
    found, counts = np.unique(values, return_counts=True)
    return found[counts > 1]


def _strips(ranks: NDArray[np.int32]) -> Iterator[tuple[int, NDArray[np.int32]]]:
    """Yield the first row of each strip, and the strip."""
    height = max(1, _STRIP // ranks.shape[1])
    return ((row, ranks[row : row + height]) for row in range(0, ranks.shape[0], height))


def _score(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return robust z-scores (N,); 0 where there are too few objects to say what is usual."""
    known = np.isfinite(values)
    if known.sum() < _FEW:
        return np.zeros(values.size)
    middle = np.median(values[known])
    # where most objects are alike, the deviation is 0, and the least difference would be an outlier
    width = max(_TO_SIGMA * float(np.median(np.abs(values[known] - middle))), 0.05 * max(abs(float(middle)), 1.0))
    return np.where(known, (values - middle) / width, 0.0)


def _known(values: NDArray[np.float64]) -> bool:
    return int(np.isfinite(values).sum()) >= _FEW


def _gray(image: Any, index: tuple[int, ...]) -> NDArray[np.float32] | None:
    if image is None:
        return None
    plane = filled(np.asarray(image[index], np.float32))
    return plane.mean(axis=-1) if plane.ndim > 2 else plane


def _total(size: int, at: list[NDArray[np.intp]], values: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    total = np.zeros(size)
    for rows, part in zip(at, values, strict=True):
        total[rows] += part
    return total


def _extreme(size: int, at: list[NDArray[np.intp]], values: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the lowest value of each object over its planes."""
    lowest = np.full(size, np.nan)
    for rows, part in zip(at, values, strict=True):
        lowest[rows] = np.fmin(lowest[rows], part)
    return lowest


def _any(size: int, at: list[NDArray[np.intp]], values: list[NDArray[np.bool_]]) -> NDArray[np.bool_]:
    either = np.zeros(size, bool)
    for rows, part in zip(at, values, strict=True):
        either[rows] |= part
    return either
