"""The layers that runs learn from: what a person does in them is told, and not that another plane is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_labelfix.widgets import layers

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.layers import Layer


class DrawnLayers:
    """Calls back when something in the layers may be different.

    napari tells an undo only as a redraw. It redraws all layers at each step of a slider, too, and to read a long stack
    each time would make the slider stick: a redraw of another plane than before is not told.

    Parameters
    ----------
    viewer
        Whose sliders are moved.
    touched
        Called without arguments.
    """

    def __init__(self, viewer: ViewerModel, touched: Callable[[], object]) -> None:
        self._viewer, self._touched = viewer, touched
        self._drawn: dict[Layer, tuple[Any, ...]] = {}  # with what was looked at when it was last drawn

    def follow(self, chosen: list[Layer]) -> None:
        """Follow these layers from now on, and no others."""
        for layer in [layer for layer in self._drawn if layer not in chosen]:
            del self._drawn[layer]
            layers.unwatch(layer, self._on_touched)
            layer.events.visible.disconnect(self._on_touched)
        for layer in chosen:
            if layer not in self._drawn:
                self._drawn[layer] = self._in_view()
                layers.watch(layer, self._on_touched)
                layer.events.visible.connect(self._on_touched)  # what was undone while it was hidden is seen now

    def _on_touched(self, event: Any) -> None:
        before, now = self._drawn.get(event.source), self._in_view()
        self._drawn[event.source] = now
        if event.type != "set_data" or now == before:
            self._touched()

    def _in_view(self) -> tuple[Any, ...]:
        dims = self._viewer.dims
        return tuple(dims.point), tuple(dims.order), dims.ndisplay
