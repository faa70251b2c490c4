"""Imperfect annotations of other kinds than scribbles, made from exact labels: points, boxes, careless labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import binary_dilation, binary_erosion, center_of_mass, find_objects

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MISSING, _LOOSE = 0.35, 0.5  # shares of the objects
_MOST_PIXELS = 4  # by which an outline is wrong
_NOT_BOXED, _SLIP = 0.5, 0.1  # share of the objects, and of an object's length
_DEBRIS = 0.25  # things that are no objects, as a share of the objects


def some_centres(labels: NDArray[np.int32], share: float, seed: int) -> NDArray[np.float64]:
    """Return (N, 2) row, column of the centres of a share of the objects, three at least if there are so many."""
    ids = np.unique(labels[labels > 0])
    count = min(ids.size, max(3, round(share * ids.size)))
    chosen = np.random.default_rng(seed).choice(ids, count, replace=False)
    return np.round(np.array(center_of_mass(labels > 0, labels, np.sort(chosen))), 1).reshape(-1, 2)


def typical_diameter(labels: NDArray[np.int32]) -> float:
    """Return the diameter of a disc as large as the median object, in pixels."""
    sizes = np.bincount(labels.ravel())[1:]
    return round(float(np.sqrt(4 / np.pi * np.median(sizes[sizes > 0]))), 1)


def careless_boxes(labels: NDArray[np.int32], seed: int) -> NDArray[np.float64]:
    """Return (N, 4) y0, x0, y1, x1 of boxes as somebody in a hurry draws them: half are missing, none is exact.

    Each side is off by about a tenth of the object's length.
    """
    rng = np.random.default_rng(seed)
    exact = np.array([(y.start, x.start, y.stop, x.stop) for y, x in filter(None, find_objects(labels))], float)
    drawn = exact[rng.random(len(exact)) >= _NOT_BOXED]
    lengths = np.tile(drawn[:, 2:] - drawn[:, :2], 2)
    height, width = labels.shape
    moved = drawn + rng.normal(0, _SLIP, drawn.shape) * lengths
    return np.round(np.clip(moved, 0, [height, width, height, width]), 1)


def careless_labels(labels: NDArray[np.int32], right_part: tuple[slice, slice], seed: int) -> NDArray[np.int32]:
    """Return labels (Y, X) as somebody in a hurry leaves them, and exact ones in one part.

    Objects are missing, outlines are too wide or too narrow, and some things are marked that are none. What reaches
    into the right part is right.

    Parameters
    ----------
    labels
        (Y, X) exact object ids, 0 = background.
    right_part
        Rows and columns.
    seed
        Same seed, same mistakes.
    """
    rng = np.random.default_rng(seed)
    exact = set(np.unique(labels[right_part]).tolist())
    careless = np.where(np.isin(labels, list(exact)), labels, 0).astype(np.int32)
    for label, window in enumerate(find_objects(labels), start=1):
        if window is None or label in exact or rng.random() < _MISSING:
            continue
        grown = tuple(slice(max(0, side.start - _MOST_PIXELS), side.stop + _MOST_PIXELS) for side in window)
        outline = labels[grown] == label
        if rng.random() < _LOOSE:
            change = binary_dilation if rng.random() < 0.5 else binary_erosion
            outline = change(outline, iterations=int(rng.integers(2, _MOST_PIXELS + 1)))
        careless[grown][outline & (careless[grown] == 0)] = label
    careless[right_part] = labels[right_part]
    _add_debris(careless, labels, right_part, rng)
    return careless


def _add_debris(
    careless: NDArray[np.int32], labels: NDArray[np.int32], right_part: tuple[slice, slice], rng: np.random.Generator
) -> None:
    """Mark discs in the background as objects."""
    rows, columns = np.indices(labels.shape)
    radius = typical_diameter(labels) / 2
    taken = (labels > 0) | (careless > 0)
    taken[right_part] = True
    for _ in range(round(_DEBRIS * np.unique(labels).size)):
        row, column = rng.uniform(0, labels.shape[0]), rng.uniform(0, labels.shape[1])
        disc = (rows - row) ** 2 + (columns - column) ** 2 < (radius * rng.uniform(0.5, 1)) ** 2
        if not (disc & taken).any():
            careless[disc] = careless.max() + 1
            taken |= disc
