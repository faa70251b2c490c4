"""The part of an image that is seen on the canvas."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.widgets.viewer.canvas import camera_of, canvas_size
from napari_labelfix.widgets.viewer.image_planes import planes_in_view, spatial_shape

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_labelfix.data.tiles import Window

SMALLEST = 64  # pixels along each side, as far as the image has so many


def window_in_view(viewer: ViewerModel, image: Layer) -> Window | None:
    """Return the smallest window of an image's planes that holds all that is seen of them; None if nothing is.

    In 3D, and where other axes are shown than the last two, that is all.
    """
    height, width = spatial_shape(image)[-2:]
    if not planes_in_view(viewer):
        return slice(0, height), slice(0, width)
    corners = _corners_in_view(viewer, image)
    low, high = np.floor(corners.min(axis=0) + 0.5), np.ceil(corners.max(axis=0) + 0.5)
    sides = [_side(start, stop, length) for start, stop, length in zip(low, high, (height, width), strict=True)]
    return None if any(side.start >= side.stop for side in sides) else (sides[0], sides[1])


def _corners_in_view(viewer: ViewerModel, image: Layer) -> NDArray[np.float64]:
    """Return where the corners of the canvas lie in an image's planes, (4, 2) row and column."""
    camera = camera_of(viewer)
    reach = np.array(canvas_size(viewer)) / (2 * camera.zoom)
    found = []
    for way in product((-1, 1), repeat=2):
        point = np.array(viewer.dims.point, float)
        point[-2:] = np.array(camera.center[-2:]) + way * reach
        found.append(image.world_to_data(point[-image.ndim :])[-2:])
    return np.array(found)


def _side(start: float, stop: float, length: int) -> slice:
    """Return a side of a window within the image; one that is too short grows to both sides."""
    if start >= length or stop <= 0:
        return slice(0, 0)
    missing = max(0.0, SMALLEST - (min(stop, length) - max(start, 0)))
    start, stop = max(0, int(start - missing / 2)), min(length, int(np.ceil(stop + missing / 2)))
    return slice(max(0, min(start, length - SMALLEST)), min(length, max(stop, SMALLEST)))
