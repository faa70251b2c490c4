"""What the manifest names: one class for each method. They are imported when a dock is opened, not before.

They are classes, not functions, because napari takes a function for a magicgui one.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari.viewer import Viewer


@contextmanager
def _full_collection_later() -> Iterator[None]:
    """Collect garbage among what is new here, but not all of napari's objects in the middle of opening a dock.

    A napari that has just started owes Python a full collection. It took 130 ms, nearly half of the dock's opening.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.collect(0)
        if was_enabled:
            gc.enable()


with _full_collection_later():
    from napari_labelfix.methods.table import METHODS
    from napari_labelfix.widgets.method_dock import MethodDock


class _Dock(MethodDock):
    """A dock as napari opens it; the name of the parameter is what napari looks for."""

    _name: str

    def __init__(self, napari_viewer: Viewer) -> None:
        with _full_collection_later():
            super().__init__(napari_viewer, METHODS[self._name])


class Scribble2LabelDock(_Dock):
    """The dock of Scribble2Label."""

    _name = "scribble2label"


class PClassificationDock(_Dock):
    """The dock of P-classification."""

    _name = "p_classification"


class LabelUpgradeDock(_Dock):
    """The dock of the label upgrade."""

    _name = "label_upgrade"
