"""What the detector learns: a Gaussian at each known cell, nothing where it is known that there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIGMA = 0.4  # of a Gaussian, in radii; the authors take 6 px where cells have 15 px
REACH = 2.0  # of a disc in which the detector learns, in sigmas


def heatmap_target(
    shape: tuple[int, int],
    positives: NDArray[np.floating],
    negatives: NDArray[np.floating],
    radius: float,
    everywhere: bool = False,
) -> NDArray[np.float32]:
    """Return the heatmap to learn, and where to learn it.

    Parameters
    ----------
    shape
        Height and width of the plane in pixels.
    positives, negatives
        (N, 2), (M, 2) row, column of cells, and of places without one.
    radius
        Of a cell, in pixels.
    everywhere
        Learn in the whole plane and not in discs alone, as if every cell were known.

    Returns
    -------
    NDArray[np.float32]
        (2, Y, X): the heatmap, 1 at the centre of a cell; and the mask, 1 within discs around the given places.
    """
    sigma = SIGMA * radius
    to_positive, to_negative = _distance_to(positives, shape), _distance_to(negatives, shape)
    heatmap = np.exp(-0.5 * (to_positive / sigma) ** 2)
    mask = np.minimum(to_positive, to_negative) <= REACH * sigma
    return np.stack([heatmap, mask | everywhere]).astype(np.float32)


def far_from(places: NDArray[np.floating], shape: tuple[int, int], radius: float) -> NDArray[np.bool_]:
    """Return (Y, X) what is outside of the discs around some places (N, 2)."""
    return _distance_to(places, shape) > REACH * SIGMA * radius


def _distance_to(points: NDArray[np.floating], shape: tuple[int, int]) -> NDArray[np.floating]:
    """Return (Y, X) the distance to the nearest point; where there is none, far more than any."""
    if not len(points):
        return np.full(shape, 1e6)
    elsewhere = np.ones(shape, np.uint8)
    rows, columns = np.round(points).astype(int).T
    elsewhere[rows, columns] = 0
    return np.asarray(cv2.distanceTransform(elsewhere, cv2.DIST_L2, cv2.DIST_MASK_PRECISE))
