"""The demo in napari: a sample, scribbles drawn on it, the dock open, and a run going on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import napari

from napari_labelfix.widgets.parts.dock_frame import PLUGIN

if TYPE_CHECKING:
    from napari_labelfix.widgets.method_dock import MethodDock

SAMPLE, DOCK = "fluorescence", "Scribble2Label"  # as the manifest names them


def open_demo() -> None:
    """Open a window with the demo in it; returns when the window is closed."""
    start_demo(napari.Viewer(title="Labelfix demo"))
    napari.run()


def start_demo(viewer: napari.Viewer) -> MethodDock:
    """Do in a viewer what a person would: open the sample, open the dock, press Run."""
    viewer.open_sample(PLUGIN, SAMPLE)
    _, dock = viewer.window.add_plugin_dock_widget(PLUGIN, DOCK)
    dock.run()
    return dock
