"""What the manifest names: one function for each dock. They are imported when a dock is opened, not before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_labelfix.methods.table import METHODS
from napari_labelfix.widgets.method_dock import MethodDock

if TYPE_CHECKING:
    import napari


def scribble2label(napari_viewer: napari.viewer.Viewer) -> MethodDock:
    """Open the dock of Scribble2Label."""
    return MethodDock(napari_viewer, METHODS["scribble2label"])
