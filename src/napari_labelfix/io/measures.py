"""Where the objects of a plane are, how large and of which shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.ndimage

from napari_labelfix.data.label_images import boxes_of_ranks, rank_objects

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


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
    """

    numbers: Ints
    areas: Ints
    boxes: Ints
    centres: Floats
    ranks: NDArray[np.int32]


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
    centres = scipy.ndimage.center_of_mass(ranks > 0, ranks, np.arange(1, numbers.size + 1))
    return Measures(numbers, areas, boxes_of_ranks(ranks), np.reshape(centres, (-1, 2)), ranks)


def measure_shapes(found: Measures) -> Shapes:
    """Measure the shapes of objects."""
    from skimage.measure import label, regionprops_table

    table = regionprops_table(found.ranks, properties=("perimeter", "eccentricity", "euler_number"))
    parts = label(found.ranks, background=0, connectivity=2)
    rank_of = np.zeros(parts.max(initial=0) + 1, np.int64)  # of each part
    rank_of[parts] = found.ranks
    pieces = np.bincount(rank_of, minlength=found.numbers.size + 1)[1:]
    return Shapes(table["perimeter"], table["eccentricity"], pieces, pieces - table["euler_number"])
