"""Where the objects of a plane are, how large and of which shape: all are measured together, however many they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.ndimage import find_objects

from napari_labelfix.data.label_images import rank_objects

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

_CODES = 50
_LENGTHS = np.zeros(
    _CODES
)  # of an outline at a pixel of it, by its neighbours on it: 2 for each beside, 10 at a corner
_LENGTHS[[5, 7, 15, 17, 25, 27]] = 1
_LENGTHS[[21, 33]] = np.sqrt(2)
_LENGTHS[[13, 23]] = (1 + np.sqrt(2)) / 2


class Measures(NamedTuple):
    """Objects in the order of their ids.

    Parameters
    ----------
    numbers
        (N,) their ids.
    areas
        (N,) pixels.
    boxes
        (N, 4) first row and column, and the row and column behind the last: y0, x0, y1, x1.
    centres
        (N, 2) row and column of the centre of mass; the middle of the first pixel is 0, 0.
    ranks
        (Y, X) the plane with 1..N in place of ids.
    moments
        (N, 3) mean square of the distance to the centre along the rows, along the columns, and their mean product.
    """

    numbers: Ints
    areas: Ints
    boxes: Ints
    centres: Floats
    ranks: NDArray[np.int32]
    moments: Floats


class Shapes(NamedTuple):
    """The shapes of objects, (N,) each, as scikit-image measures them.

    Parameters
    ----------
    perimeters
        Lengths of the outlines, those around holes among them, in pixels.
    eccentricities
        Of the ellipse with the same second moments: 0 for a circle, 1 for a line.
    pieces
        In how many an object lies; corners connect.
    holes
        How many it has.
    """

    perimeters: Floats
    eccentricities: Floats
    pieces: Ints
    holes: Ints


def measure_objects(plane: NDArray[Any]) -> Measures:
    """Measure the objects of a plane (Y, X); 0 is background."""
    numbers, areas, ranks = rank_objects(plane)
    boxes = np.array([(y.start, x.start, y.stop, x.stop) for y, x in find_objects(ranks)], np.int64).reshape(-1, 4)
    of, row, first, last = _runs(ranks)
    row, first, last = row - boxes[of, 0], first - boxes[of, 1], last - boxes[of, 1]  # small numbers, exact sums
    length = last - first + 1
    across = length * (first + last) // 2
    squares = (last * (last + 1) * (2 * last + 1) - (first - 1) * first * (2 * first - 1)) // 6
    sums = (
        np.bincount(of, of_run, numbers.size)
        for of_run in (length * row, across, length * row**2, squares, row * across)
    )
    y, x, yy, xx, yx = (total / areas for total in sums)
    moments = np.stack([yy - y * y, xx - x * x, yx - y * x], axis=1)
    return Measures(numbers, areas, boxes, np.stack([y, x], axis=1) + boxes[:, :2], ranks, moments)


def measure_shapes(found: Measures) -> Shapes:
    """Measure the shapes of objects."""
    from skimage.measure import label

    count = found.numbers.size
    padded = np.pad(found.ranks, 1)
    outline = _outline(padded)
    rank_of = np.zeros(padded.size, np.int32)  # of each piece; there are fewer than pixels
    rank_of[label(padded, background=0, connectivity=2).ravel()[outline]] = padded.ravel()[outline]
    pieces = np.bincount(rank_of, minlength=count + 1)[1:]
    yy, xx, yx = found.moments.T
    middle, spread = (yy + xx) / 2, np.hypot((yy - xx) / 2, yx)
    long, short = middle + spread, np.maximum(middle - spread, 0)
    ratio = np.divide(short, long, out=np.ones(count), where=long > 0)
    return Shapes(
        _perimeters(padded, outline, count), np.sqrt(1 - ratio), pieces, pieces - _euler_numbers(padded, count)
    )


def _runs(ranks: NDArray[np.int32]) -> tuple[Ints, Ints, Ints, Ints]:
    """Return (M,) of each run of an object in a row: the object's place, 0 and up, the row, first and last column."""
    begins = np.ones(ranks.shape, bool)
    np.not_equal(ranks[:, 1:], ranks[:, :-1], out=begins[:, 1:])
    at = np.flatnonzero(begins)
    of, length = ranks.ravel()[at], np.diff(at, append=ranks.size)
    at, length, of = at[of > 0], length[of > 0], of[of > 0]
    row, first = np.divmod(at, max(1, ranks.shape[1]))
    return of.astype(np.int64) - 1, row, first, first + length - 1


def _outline(padded: NDArray[np.int32]) -> Ints:
    """Return (M,) the pixels of objects, in the flattened plane with its margin, that have another one beside them."""
    inner = padded[1:-1, 1:-1]
    on = np.zeros(padded.shape, bool)
    for beside in (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]):
        on[1:-1, 1:-1] |= inner != beside
    return np.flatnonzero(on & (padded > 0))


def _perimeters(padded: NDArray[np.int32], outline: Ints, count: int) -> Floats:
    """Return (N,) the lengths of outlines, as `skimage.measure.perimeter` counts them.

    Benkrid and Crookes, Design and FPGA implementation of a perimeter estimator, 2000.
    """
    flat, width = padded.ravel(), padded.shape[1]
    on = np.zeros(flat.size, bool)
    on[outline] = True
    codes = np.ones(outline.size, np.int64)
    for weight, offsets in ((2, (-width, -1, 1, width)), (10, (-width - 1, -width + 1, width - 1, width + 1))):
        for offset in offsets:
            codes += weight * (on[outline + offset] & (flat[outline + offset] == flat[outline]))
    histogram = np.bincount((flat[outline] - 1).astype(np.int64) * _CODES + codes, minlength=count * _CODES)
    return np.asarray(histogram.reshape(count, _CODES) @ _LENGTHS)


def _euler_numbers(padded: NDArray[np.int32], count: int) -> Ints:
    """Return (N,) pieces less holes, from how many pixels of an object each square of four holds; corners connect."""
    corners = [padded[:-1, :-1], padded[:-1, 1:], padded[1:, 1:], padded[1:, :-1]]  # the one across is two on
    mixed = np.flatnonzero((corners[0] != corners[1]) | (corners[0] != corners[2]) | (corners[0] != corners[3]))
    values = np.stack([corner.ravel()[mixed] for corner in corners])
    total = np.zeros(count + 1)
    for place, own in enumerate(values):
        same = (values == own).sum(axis=0)
        across = (same == 2) & (values[(place + 2) % 4] == own)
        share = np.select([same == 1, same == 3, across], [3, -1, -3], 0)  # a twelfth: each of three counts
        total += np.bincount(own, share, count + 1)
    return np.asarray(np.round(total[1:] / 12), np.int64)
