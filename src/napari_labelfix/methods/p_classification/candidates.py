"""From a heatmap to points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from scipy.spatial import cKDTree

from napari_labelfix.annotations import CLOSEST_POINTS
from napari_labelfix.data.domes import find_domes, middles_of, tops_of
from napari_labelfix.metrics.detection import match_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

CANDIDATE = 0.03  # the lowest maximum that is ranked: many are no cells, as a ranking needs them
SMOOTHING = 0.15  # radii; keeps a rough summit from being two
_RISE = 0.3  # of a maximum's height: where the way to a higher one does not go down so far, they are of one cell
_GROUND = 0.01  # height under which all is flat, whatever counts
_AT_ONCE = 2**20  # pixels around points that are looked at together, for the memory that they take


def find_peaks(
    heatmap: NDArray[np.float32], radius: float, threshold: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the middles of the domes of a heatmap (Y, X), at the border too.

    The heatmap of a long cell, such as a rod, is high along its length, and its maxima lie anywhere on it.

    Parameters
    ----------
    radius
        Of a cell, in pixels; of two domes with maxima nearer than half of it the higher counts.
    threshold
        The lowest maximum that counts.

    Returns
    -------
    tuple of NDArray
        (N, 2) row, column in pixels, and (N,) heights of the summits there.
    """
    smooth = np.asarray(cv2.GaussianBlur(heatmap, (0, 0), max(SMOOTHING * radius, 0.5)), np.float32)
    ground = max(threshold * (1 - _RISE), _GROUND)  # what counts rises above it by its share
    domes = find_domes(smooth, _RISE, ground, apart=max(1, round(CLOSEST_POINTS * radius)))
    high = smooth[tuple(tops_of(domes, smooth).T)] > threshold
    middles = middles_of(domes, smooth)[high]
    return middles.astype(np.float32), summits(middles, heatmap, radius)


def climb(positions: NDArray[np.floating], heatmap: NDArray[np.float32], radius: float) -> NDArray[np.float32]:
    """Move points (N, 2) to the highest pixel of a heatmap (Y, X) within half a radius."""
    reach = min(max(1, round(CLOSEST_POINTS * radius)), sum(heatmap.shape))  # farther away there is no pixel
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    around = np.argwhere(kernel) - reach
    at_once = max(1, _AT_ONCE // len(around))
    parts = (positions[at : at + at_once] for at in range(0, len(positions), at_once))
    return np.concatenate([np.zeros((0, 2), np.float32), *(_highest(part, around, heatmap) for part in parts)])


def _highest(
    positions: NDArray[np.floating], around: NDArray[np.intp], heatmap: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return (N, 2) the highest of the pixels of a heatmap (Y, X) that lie so (K, 2) around each position (N, 2)."""
    spots = np.round(positions).astype(int)[:, np.newaxis] + around  # (N, K, 2)
    inside = ((spots >= 0) & (spots < heatmap.shape)).all(axis=2)
    spots = spots.clip(0, np.subtract(heatmap.shape, 1))
    heights = np.where(inside, heatmap[spots[..., 0], spots[..., 1]], -1)
    return spots[np.arange(len(spots)), heights.argmax(axis=1)].astype(np.float32)


def summits(positions: NDArray[np.floating], heatmap: NDArray[np.float32], radius: float) -> NDArray[np.float32]:
    """Return (N,) the heights of a heatmap's (Y, X) highest pixels within half a radius of positions (N, 2)."""
    rows, columns = climb(positions, heatmap, radius).astype(int).T
    return heatmap[rows, columns]


def away_from(positions: NDArray[np.floating], given: NDArray[np.floating], radius: float) -> NDArray[np.bool_]:
    """Return (N,) which positions are not one of the given places: those that have no partner among them.

    Partners are matched one to one, within a radius, so that the sum of their distances is least.
    """
    free = np.ones(len(positions), bool)
    if len(positions) and len(given):
        free[match_points(positions, given, radius)[:, 0]] = False
        free &= cKDTree(given).query(positions)[0] > CLOSEST_POINTS * radius
    return free
