"""What the manifest names: one class for each method. They are imported when a dock is opened, not before.

They are classes, not functions, because napari takes a function for a magicgui one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_labelfix.methods.table import METHODS
from napari_labelfix.widgets.method_dock import MethodDock

if TYPE_CHECKING:
    from napari.viewer import Viewer


class Scribble2LabelDock(MethodDock):
    """The dock of Scribble2Label; the name of the parameter is what napari looks for."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__(napari_viewer, METHODS["scribble2label"])
