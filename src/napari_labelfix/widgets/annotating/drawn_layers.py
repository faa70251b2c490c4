"""The layers that runs learn from: what a person does in them is told, and not that another plane is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Labels

from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.history import history_of
from napari_labelfix.widgets.viewer.plane_copies import doubt_copies

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.layers import Layer


class DrawnLayers:
    """Calls back when something in the layers may be different.

    napari tells an undo only as a redraw. It redraws a layer at each step of a slider that it has, too, and to read a
    long stack each time would make the slider stick: a redraw of another plane than before is not told. What the
    history of labels tells always is.

    Parameters
    ----------
    viewer
        Whose sliders are moved.
    touched
        Called without arguments; more than once for one change.
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
            if _has_history(layer):
                history_of(layer).changed.disconnect(self._on_history)
        for layer in chosen:
            if layer not in self._drawn:
                self._drawn[layer] = self._in_view(layer)
                layers.watch(layer, self._on_touched)
                layer.events.visible.connect(self._on_touched)  # what was undone while it was hidden is seen now
                if _has_history(layer):
                    history_of(layer).changed.connect(self._on_history)

    def _on_touched(self, event: Any) -> None:
        before, now = self._drawn.get(event.source), self._in_view(event.source)
        self._drawn[event.source] = now
        if event.type == "set_data":
            if now != before:
                return
            doubt_copies(event.source)  # a program may have written into the array; a stroke makes no such redraw
        self._touched()

    def _on_history(self, event: Any) -> None:
        if event.value.blocks is None or event.value.blocks.size:  # pixels, and not what is known about objects alone
            self._touched()

    def _in_view(self, layer: Layer) -> tuple[Any, ...]:
        """Return what is seen of the axes of a layer: napari does not redraw it for a slider that only others have."""
        dims = self._viewer.dims
        more = dims.ndim - layer.ndim  # axes that it does not have: the first
        return tuple(dims.point[more:]), tuple(axis - more for axis in dims.order if axis >= more), dims.ndisplay


def _has_history(layer: Layer) -> bool:
    return isinstance(layer, Labels) and not layer.multiscale
