"""Going to a place in the image, so that an object is well seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.widgets.viewer.canvas import camera_of, canvas_size

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels

    from napari_labelfix.review.boxes import Box

_SHARE = 0.15  # of the canvas that an object is shown at
_ENOUGH, _TOO_LARGE = 0.06, 0.35  # between these the zoom stays, so that the eye need not find its way anew


def go_to(viewer: ViewerModel, layer: Labels, box: Box) -> None:
    """Show a box of a layer in the middle of the canvas, large enough; in a stack, go to its middle plane."""
    low, high = np.array([(side.start, side.stop) for side in box]).T
    middle = (low + high - 1) / 2
    world = np.asarray(layer.data_to_world(middle))
    step = list(viewer.dims.point)
    step[-len(world) :] = world
    displayed = list(viewer.dims.displayed)
    for axis in set(range(len(step))) - set(displayed):
        viewer.dims.set_point(axis, step[axis])
    camera = camera_of(viewer)
    camera.center = tuple([0.0, *(step[axis] for axis in displayed)][-3:])
    corners = np.array([layer.data_to_world(corner) for corner in (low, high)])
    sides = np.zeros(len(step))
    sides[-len(world) :] = np.abs(corners[1] - corners[0])
    extent = float(sides[displayed[-2:]].max())
    smaller = max(1, min(canvas_size(viewer)))  # docks may leave nothing of it
    share = extent * camera.zoom / smaller
    if not _ENOUGH <= share <= _TOO_LARGE:
        camera.zoom = _SHARE * smaller / max(extent, 1e-12)
