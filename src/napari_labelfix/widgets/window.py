"""A window with a project in it, for the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import napari
from napari.utils.notifications import show_warning

from napari_labelfix.widgets.opening import open_project

if TYPE_CHECKING:
    from pathlib import Path

PLUGIN, DOCK = "napari-labelfix", "Project"  # as the manifest names them


def open_window(path: Path) -> None:
    """Open a window with a project in it; returns when the window is closed.

    Raises
    ------
    ProjectError
        If the project cannot be opened.
    """
    show_project(napari.Viewer(), path)
    napari.run()


def show_project(viewer: napari.Viewer, path: Path) -> None:
    """Open a project in a viewer, with the Project dock beside it."""
    lost = open_project(viewer, path)
    viewer.window.add_plugin_dock_widget(PLUGIN, DOCK)
    for one in lost:
        show_warning(one.reason)
