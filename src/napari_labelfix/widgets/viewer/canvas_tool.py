"""A tool in the hand: what the mouse draws on the canvas goes to the tool, until Esc puts it away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_labelfix.widgets.viewer import image_planes, layers
from napari_labelfix.widgets.viewer.canvas_sketch import CanvasSketch
from napari_labelfix.widgets.viewer.coordinates import seen_at
from napari_labelfix.widgets.viewer.mouse import LEFT, is_drag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari.components import ViewerModel
    from napari.layers import Labels
    from numpy.typing import NDArray

_PLANNED = "#00e5ff"  # light blue: yellow is what is selected


class CanvasTool(QObject):
    """Hands on drawn lines and clicks while it is on. The image stays where it is; hold Space to move it.

    Parameters
    ----------
    viewer
        The viewer.
    parent
        The Qt parent.
    """

    drawn = Signal(object)  # (N, ndim) positions of a line in the layer's pixels, while it is being drawn
    released = Signal(object)  # the same when it is finished
    clicked = Signal(object, bool)  # (ndim,) position, and whether Shift was held
    confirmed = Signal()  # Enter
    cancelled = Signal()  # Esc, while no line is being drawn
    ended = Signal()  # another tool of napari's, another layer, a hidden one, 3D, other axes

    def __init__(self, viewer: ViewerModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._layer: Labels | None = None
        self._sketch: CanvasSketch | None = None
        self._path: list[NDArray[np.float64]] = []
        layers.on_active_change(viewer, self._on_end)
        for event in (viewer.dims.events.ndisplay, viewer.dims.events.order):
            event.connect(self._on_end)

    def start(self, layer: Labels) -> None:
        """Take the mouse on this layer."""
        self.stop()
        layers.select(self._viewer, layer)
        layer.mode = "pan_zoom"
        layer.mouse_pan = False
        layer.cursor = "cross"
        self._layer, self._sketch = layer, CanvasSketch(self._viewer, _PLANNED)
        self._viewer.mouse_drag_callbacks.append(self._on_drag)
        for key, function in self._keys().items():
            layer.bind_key(key, function, overwrite=True)
        for event in (layer.events.mode, layer.events.visible):
            event.connect(self._on_end)

    def stop(self) -> None:
        """Give the mouse back."""
        layer, sketch = self._layer, self._sketch
        if layer is None or sketch is None:
            return
        self._layer = self._sketch = None
        for event in (layer.events.mode, layer.events.visible):
            event.disconnect(self._on_end)
        for key in self._keys():
            layer.bind_key(key, None)
        self._viewer.mouse_drag_callbacks.remove(self._on_drag)
        if layer.mode == "pan_zoom":
            layer.mouse_pan = True
            layer.cursor = "standard"
        sketch.clear()

    def sketch(self, path: Any = (), outlines: Any = (), dots: Any = ()) -> None:
        """Draw positions (N, 2) or (N, ndim) in the layer's pixels: a line, ends of pieces of lines, dots."""
        if self._sketch is not None:
            self._sketch.show(*(self._in_world(positions) for positions in (path, outlines, dots)))

    def caption(self, words: str) -> None:
        """Write words on the canvas while the tool is on."""
        if self._sketch is not None:
            self._sketch.caption(words)

    def _on_drag(self, _viewer: object, event: Any) -> Iterator[None]:
        layer = self._layer
        if layer is None or event.button != LEFT or layer.mouse_pan:  # it pans while Space is held
            return
        pressed = np.array(event.pos)  # pixels of the canvas
        self._path, drawing = [self._position(event)], False
        yield
        while event.type == "mouse_move" and self._layer is layer and self._path:
            drawing = drawing or is_drag(event, pressed)
            if drawing:
                self._path.append(self._position(event))
                self.drawn.emit(np.array(self._path))
            yield
        path, self._path = self._path, []
        if self._layer is layer and path:
            if drawing:
                self.released.emit(np.array(path))
            else:
                self.clicked.emit(path[0], "Shift" in event.modifiers)

    def _position(self, event: Any) -> NDArray[np.float64]:
        assert self._layer is not None
        return np.array(self._layer.world_to_data(event.position))

    def _in_world(self, positions: Any) -> NDArray[np.float64]:
        layer = self._layer
        if layer is None or not len(positions):
            return np.zeros((0, 2))
        pixels = np.asarray(positions, np.float64)[:, -2:]
        return seen_at(layer, image_planes.index_in_view(self._viewer, layer), pixels)

    def _keys(self) -> dict[str, Callable[[Labels], Any]]:
        """Return what the keys do on the layer, where napari would look for its own first."""

        def step_back(_layer: Labels) -> None:
            if self._path:  # of a line that is being drawn
                self._path = []
                self.sketch()
            else:
                self.cancelled.emit()

        def finish(_layer: Labels) -> None:
            self.confirmed.emit()

        def hold_to_pan(layer: Labels) -> Iterator[None]:
            layer.mouse_pan = True
            yield
            layer.mouse_pan = self._layer is not layer

        return {"Escape": step_back, "Enter": finish, "Space": hold_to_pan}

    def _on_end(self, _event: object = None) -> None:
        layer = self._layer
        if layer is None:
            return
        in_view = layer.visible and image_planes.planes_in_view(self._viewer)
        if layer.mode != "pan_zoom" or layers.active(self._viewer) is not layer or not in_view:
            self.stop()
            self.ended.emit()
