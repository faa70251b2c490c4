"""What the manifest names: one class for each method. They are imported when a dock is opened, not before.

They are classes, not functions, because napari takes a function for a magicgui one.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from qtpy.QtCore import QCoreApplication, QTimer

if TYPE_CHECKING:
    from napari.viewer import Viewer

PAINTED_MS = 500  # after which an opened dock is on the screen


def _collect_garbage_later() -> None:
    """Let no full collection of all of napari's objects come into the opening of a dock.

    A napari that has just started owes Python one. It took 140 ms, nearly half of the dock's opening.
    """
    if gc.isenabled() and QCoreApplication.instance() is not None:
        gc.disable()
        QTimer.singleShot(PAINTED_MS, gc.enable)


_collect_garbage_later()

from napari_labelfix.methods.table import METHODS  # noqa: E402 - after the collections have been put off
from napari_labelfix.widgets.method_dock import MethodDock  # noqa: E402


class _Dock(MethodDock):
    """A dock as napari opens it; the name of the parameter is what napari looks for."""

    _name: str

    def __init__(self, napari_viewer: Viewer) -> None:
        _collect_garbage_later()
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


class SissiDock(_Dock):
    """The dock of SISSI."""

    _name = "sissi"


class HoverNetDock(_Dock):
    """The dock of HoVer-Net + ST++."""

    _name = "hovernet_stpp"
