"""From a heatmap to points, and from points to masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from scipy.spatial.distance import cdist
from skimage.feature import peak_local_max
from skimage.segmentation import watershed

from napari_labelfix.methods.p_classification.targets import CLOSEST
from napari_labelfix.metrics.detection import match_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMOOTHING = 0.15  # radii; keeps a rough summit from being two
WIDEST = 2.0  # radii; a mask reaches no farther from its point


def find_peaks(
    heatmap: NDArray[np.float32], radius: float, threshold: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the local maxima of a heatmap (Y, X) in [0, 1], at the border too.

    Parameters
    ----------
    radius
        Of a cell, in pixels; of two maxima nearer than half of it the higher counts.
    threshold
        The lowest height that counts.

    Returns
    -------
    tuple of NDArray
        (N, 2) row, column in pixels, and (N,) heights.
    """
    smooth = cv2.GaussianBlur(heatmap, (0, 0), max(SMOOTHING * radius, 0.5))
    apart = max(1, round(CLOSEST * radius))
    peaks = peak_local_max(smooth, min_distance=apart, threshold_abs=threshold, exclude_border=False)
    return peaks.astype(np.float32), heatmap[tuple(peaks.T)]


def climb(positions: NDArray[np.floating], heatmap: NDArray[np.float32], radius: float) -> NDArray[np.float32]:
    """Move points (N, 2) to the highest pixel of a heatmap (Y, X) within half a radius."""
    reach = max(1, round(CLOSEST * radius))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    around = np.argwhere(kernel) - reach
    spots = np.round(positions).astype(int)[:, np.newaxis] + around  # (N, K, 2)
    inside = ((spots >= 0) & (spots < heatmap.shape)).all(axis=2)
    spots = spots.clip(0, np.subtract(heatmap.shape, 1))
    heights = np.where(inside, heatmap[spots[..., 0], spots[..., 1]], -1)
    return spots[np.arange(len(spots)), heights.argmax(axis=1)].astype(np.float32)


def away_from(positions: NDArray[np.floating], given: NDArray[np.floating], radius: float) -> NDArray[np.bool_]:
    """Return (N,) which positions are not one of the given places: those that have no partner among them.

    Partners are matched one to one, within a radius, so that the sum of their distances is least.
    """
    free = np.ones(len(positions), bool)
    if len(positions) and len(given):
        free[match_points(positions, given, radius)[:, 0]] = False
        free &= cdist(positions, given).min(axis=1) > CLOSEST * radius
    return free


def grow_masks(
    relief: NDArray[np.float32], positions: NDArray[np.floating], radius: float, threshold: float
) -> NDArray[np.int32]:
    """Grow a mask from each point by marker-controlled watershed.

    Parameters
    ----------
    relief
        (Y, X) high inside of cells: a heatmap, or the probability of the foreground.
    positions
        (N, 2) row, column in pixels.
    radius
        Of a cell, in pixels.
    threshold
        Masks end where the relief falls below it.

    Returns
    -------
    NDArray[np.int32]
        (Y, X) ids 1..N in the order of the points, 0 = background.
    """
    markers = np.zeros(relief.shape, np.int32)
    rows, columns = np.round(positions).astype(int).T if len(positions) else np.zeros((2, 0), int)
    markers[rows, columns] = np.arange(1, len(positions) + 1)
    distance = cv2.distanceTransform((markers == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    inside = (relief >= threshold) & (distance <= WIDEST * radius) | (markers > 0)
    return np.asarray(watershed(-relief, markers, mask=inside), np.int32)
