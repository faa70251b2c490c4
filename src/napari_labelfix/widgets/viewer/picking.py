"""The mode in which each click on the canvas does something to what lies there, until a tool that draws is taken up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.mouse import draws, is_click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari.components import ViewerModel
    from napari.layers import Layer


class Picking(QObject):
    """Tells of clicks with the left button while it is on; a drag moves the image.

    Parameters
    ----------
    viewer
        The viewer.
    parent
        The Qt parent.
    """

    picked = Signal(object)  # the event of the mouse
    drawing = Signal()  # the next click would draw, so that it cannot pick

    def __init__(self, viewer: ViewerModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._on = False
        self._active: Layer | None = None  # whose tools are looked at
        layers.on_active_change(viewer, self._on_active)

    def start(self) -> None:
        """Take the clicks; the active layer has no brush in hand."""
        self.stop()
        self._on = True
        self._viewer.mouse_drag_callbacks.append(self._on_press)
        self._on_active()

    def stop(self) -> None:
        """Give them back."""
        if self._on:
            self._viewer.mouse_drag_callbacks.remove(self._on_press)
        self._on = False
        self._look_at(None)

    def _on_press(self, _viewer: object, event: Any) -> Iterator[None]:
        if (yield from is_click(event)) and self._on and not draws(layers.active(self._viewer)):
            self.picked.emit(event)

    def _on_active(self, _event: object = None) -> None:
        if self._on:
            self._look_at(layers.active(self._viewer))
            self._on_mode()

    def _look_at(self, layer: Layer | None) -> None:
        if self._active is not None:
            self._active.events.mode.disconnect(self._on_mode)
        if layer is not None:
            layer.events.mode.connect(self._on_mode)
        self._active = layer

    def _on_mode(self, _event: object = None) -> None:
        if draws(layers.active(self._viewer)):
            self.drawing.emit()
