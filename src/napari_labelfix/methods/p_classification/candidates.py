"""From a heatmap to points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from scipy.spatial import cKDTree
from skimage.feature import peak_local_max

from napari_labelfix.methods.p_classification.given import CLOSEST
from napari_labelfix.metrics.detection import match_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

CANDIDATE = 0.03  # the lowest maximum that is ranked: many are no cells, as a ranking needs them
SMOOTHING = 0.15  # radii; keeps a rough summit from being two


def find_peaks(
    heatmap: NDArray[np.float32], radius: float, threshold: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the local maxima of a heatmap (Y, X), at the border too.

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
        free &= cKDTree(given).query(positions)[0] > CLOSEST * radius
    return free
