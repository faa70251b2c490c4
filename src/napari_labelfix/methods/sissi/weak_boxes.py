"""Boxes to begin with, by classical image processing: circles, watershed, edges. They miss cells and are imprecise.

Elbatel et al., SISSI, 2022, make theirs by the same three means. No torch here: the dock shows them before any run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from scipy.ndimage import binary_fill_holes, distance_transform_edt
from skimage.feature import canny
from skimage.filters import gaussian, threshold_local, threshold_otsu
from skimage.measure import label
from skimage.segmentation import watershed

from napari_labelfix.annotations import Boxes
from napari_labelfix.data.cell_size import estimate_diameter
from napari_labelfix.data.domes import find_domes
from napari_labelfix.data.label_images import boxes_of_labels
from napari_labelfix.data.normalize import normalize

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_labelfix.annotations import Plane
    from napari_labelfix.methods.sissi.params import SissiParams, Ways

_SMALLEST, _LARGEST = 0.4, 2.5  # diameters: what is smaller or larger is no cell
_DENT = 0.06  # of a blob's depth: where it is less narrow, it is not cut apart
_EVEN = 1e-4  # of the image's range: a plane that is much smaller than a cell is blurred to one grey
_FLAT = 0.5  # pixels of depth, up to which nothing is a blob's middle


class _Search(NamedTuple):
    """What is looked at: `grey` (Y, X) in [0, 1], the `diameter` of a cell in pixels, a `sensitivity` in [0, 1]."""

    grey: NDArray[np.float32]
    diameter: float
    sensitivity: float


def suggest(plane: Plane, params: SissiParams, cell: float = 0.0) -> Boxes:
    """Return boxes of what looks like a cell, in the way that the parameters name.

    Parameters
    ----------
    plane
        The plane.
    params
        The way, its sensitivity, and the size of a cell if it is said.
    cell
        Side of a typical cell in pixels where the parameters do not say it; 0 estimates it.
    """
    corners = find_weak_boxes(plane.image, params.weak_boxes, params.cell or cell, params.sensitivity)
    return Boxes(corners, plane.shape)


def find_weak_boxes(
    image: NDArray[np.generic], way: Ways, diameter: float = 0.0, sensitivity: float = 0.5
) -> NDArray[np.float64]:
    """Find boxes by classical image processing.

    Parameters
    ----------
    image
        (Y, X) or (Y, X, C).
    way
        "circles" by the Hough transform, "watershed" of a thresholded image, "edges" that close around something; with
        "none" there are no boxes.
    diameter
        Of a typical cell in pixels; 0 estimates it.
    sensitivity
        In [0, 1]: higher finds more.

    Returns
    -------
    NDArray[np.float64]
        (N, 4) y0, x0, y1, x1 in pixels.
    """
    if way == "none":
        return np.zeros((0, 4))
    grey = np.clip(normalize(image).mean(axis=2), 0, 1)
    typical = diameter or estimate_diameter(image)
    found = _WAYS[way](_Search(grey, typical, sensitivity))
    sides = found[:, 2:] - found[:, :2]
    fitting = (sides >= _SMALLEST * typical).all(axis=1) & (sides <= _LARGEST * typical).all(axis=1)
    return found[fitting]


def _by_circles(search: _Search) -> NDArray[np.float64]:
    """Circles by the Hough transform, clipped to the image."""
    radius = search.diameter / 2
    smooth = gaussian(search.grey, radius / 5)
    circles = cv2.HoughCircles(
        (255 * smooth).astype(np.uint8), cv2.HOUGH_GRADIENT, dp=1, minDist=radius, param1=100 - 80 * search.sensitivity,
        param2=26 - 24 * search.sensitivity, minRadius=round(0.5 * radius), maxRadius=round(1.6 * radius),
    )  # fmt: skip
    if circles is None:
        return np.zeros((0, 4))
    x, y, r = np.asarray(circles, float).reshape(-1, 3).T
    height, width = search.grey.shape
    corners = np.stack([y - r, x - r, y + r, x + r], axis=1) + np.array([0, 0, 1, 1])
    return np.clip(corners, 0, [height, width, height, width])


def _by_watershed(search: _Search) -> NDArray[np.float64]:
    """Blobs that stand out from their surroundings, cut apart where they are narrow."""
    smooth = gaussian(search.grey, search.diameter / 12)
    mask = _standing_out(smooth, search)
    depth = (gaussian(distance_transform_edt(mask), search.diameter / 12) * mask).astype(np.float32)
    middles = find_domes(depth, _DENT, _FLAT, apart=max(1, round(search.diameter / 3)))
    return boxes_of_labels(watershed(-depth, middles, mask=mask))


def _by_edges(search: _Search) -> NDArray[np.float64]:
    """What is enclosed by edges."""
    high = 1 - 0.3 * search.sensitivity
    edges = canny(search.grey, search.diameter / 12, high - 0.25, high, use_quantiles=True)
    reach = max(1, round(search.diameter / 12))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    closed = cv2.morphologyEx(edges.astype(np.uint8), cv2.MORPH_CLOSE, disc)
    filled = binary_fill_holes(closed).astype(np.uint8)
    return boxes_of_labels(label(cv2.morphologyEx(filled, cv2.MORPH_OPEN, disc)))


def _standing_out(smooth: NDArray[np.floating], search: _Search) -> NDArray[np.bool_]:
    """Return (Y, X) where a pixel is of the rarer of two kinds: those brighter, and those darker than a threshold."""
    if np.ptp(smooth) < _EVEN:
        return np.zeros(smooth.shape, bool)
    level = threshold_otsu(smooth)
    bright = smooth > level
    if bright.mean() > 0.5:
        smooth, level, bright = -smooth, -level, ~bright
    block = 2 * round(2 * search.diameter) + 1
    around = threshold_local(smooth, block, method="mean")
    contrast = smooth[bright].mean() - smooth[~bright].mean() if bright.any() and not bright.all() else 0.0
    shift = 0.6 * (0.5 - search.sensitivity) * contrast
    mask = (smooth > level + shift) | (smooth > around + (0.25 + 0.3 * (0.5 - search.sensitivity)) * contrast)
    return np.asarray(binary_fill_holes(mask), bool)


_WAYS: dict[Ways, Callable[[_Search], NDArray[np.float64]]] = {
    "circles": _by_circles,
    "watershed": _by_watershed,
    "edges": _by_edges,
}
