"""A yellow line around the objects that are selected. It is drawn on the canvas, and is no layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.review.edits.sheet import edges
from napari_labelfix.widgets.viewer import image_planes
from napari_labelfix.widgets.viewer.canvas_sketch import CanvasSketch
from napari_labelfix.widgets.viewer.coordinates import seen_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari.components import ViewerModel
    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_labelfix.review.boxes import Box

_NOTHING = np.zeros((0, 2))


class SelectionOutline:
    """Draws the outlines.

    Parameters
    ----------
    viewer
        The viewer.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._sketch: CanvasSketch | None = None

    def show(self, layer: Labels, boxes: Iterable[tuple[int, Box]]) -> None:
        """Outline objects, each of which lies in its box, in the plane that is seen."""
        if self._viewer.dims.ndisplay != 2:
            self.clear()
            return
        plane = image_planes.index_in_view(self._viewer, layer)
        pieces = [_NOTHING, *(_outline(layer, label, box, plane) for label, box in boxes)]
        if self._sketch is None:
            self._sketch = CanvasSketch(self._viewer)
        self._sketch.show(_NOTHING, seen_at(layer, plane, np.concatenate(pieces)), _NOTHING)

    def clear(self) -> None:
        """Draw nothing any more."""
        if self._sketch is not None:
            self._sketch.clear()
            self._sketch = None


def _outline(layer: Labels, label: int, box: Box, plane: tuple[int, ...]) -> NDArray[np.float64]:
    """Return (2 N, 2) the ends of pieces of outline, in pixels."""
    if not all(side.start <= at < side.stop for side, at in zip(box, plane, strict=False)):
        return _NOTHING
    mask = np.asarray(layer.data[(*plane, *box[-2:])]) == label
    return edges(np.pad(mask, 1).astype(np.int32)) + np.array([side.start for side in box[-2:]]) - 1
