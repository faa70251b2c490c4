"""Copies of the planes of a Labels layer, for runs: a person goes on working in the layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

import numpy as np

from napari_labelfix.data.label_images import rank_objects
from napari_labelfix.widgets.viewer.history import history_of

if TYPE_CHECKING:
    from napari.layers import Labels, Layer
    from numpy.typing import NDArray

    from napari_labelfix.widgets.viewer.image_planes import Index


class PlaneCopies:
    """Copies each plane once, and again when it has changed: of a long stack that is one of many.

    Parameters
    ----------
    layer
        It is held on to by its history alone.
    """

    def __init__(self, layer: Labels) -> None:
        self._layer = ref(layer)
        self._copies: dict[Index, NDArray[np.integer] | None] = {}
        self._ids: dict[Index, tuple[NDArray[np.integer] | None, NDArray[np.int64]]] = {}  # with the copy they are of
        self._doubted: set[Index] = set()  # to be compared with the layer before they are handed over again
        history_of(layer).changed.connect(self._on_changed)

    def of(self, index: Index) -> NDArray[np.integer] | None:
        """Return a plane (Y, X), the same array as long as nothing in it changes; None if it is empty."""
        layer = self._layer()
        if layer is not None:
            history_of(layer).notice()  # napari does not tell what is undone while the layer is hidden
        if layer is not None and (index not in self._copies or index in self._doubted):
            plane = np.asarray(layer.data[index])
            if index not in self._copies or not _is_copy(self._copies[index], plane):
                self._copies[index] = plane.copy() if plane.any() else None
            self._doubted.discard(index)
        return self._copies.get(index)

    def ids(self, index: Index) -> NDArray[np.int64]:
        """Return (N,) the objects of a plane, ascending."""
        copy, known = self.of(index), self._ids.get(index)
        if known is None or known[0] is not copy:
            known = self._ids[index] = copy, np.zeros(0, np.int64) if copy is None else rank_objects(copy).ids
        return known[1]

    def doubt(self) -> None:
        """Compare each plane with its copy when it is asked for next: others may have written past the history."""
        self._doubted = set(self._copies)

    def _on_changed(self, event: Any) -> None:
        planes = event.value.planes
        for index in list(self._copies) if planes is None else planes:
            self._copies.pop(index, None)


def _is_copy(copy: NDArray[np.integer] | None, plane: NDArray[np.integer]) -> bool:
    return np.array_equal(copy, plane) if copy is not None else not plane.any()


_copies: WeakKeyDictionary[Layer, PlaneCopies] = WeakKeyDictionary()


def plane_copies(layer: Labels) -> PlaneCopies:
    """Return the copies of a layer's planes; they live as long as it does."""
    if layer not in _copies:
        _copies[layer] = PlaneCopies(layer)
    return _copies[layer]


def doubt_copies(layer: Layer) -> None:
    """Compare the copies of a layer's planes with it, if there are any, when they are asked for next."""
    if (copies := _copies.get(layer)) is not None:
        copies.doubt()
