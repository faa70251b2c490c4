"""A window with a project in it, for the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import napari
from napari.utils.notifications import show_warning

from napari_labelfix.widgets.parts.dock_frame import open_dock
from napari_labelfix.widgets.saving.opening import open_project

if TYPE_CHECKING:
    from pathlib import Path

DOCK = "Project"  # as the manifest names it


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
    open_dock(viewer.window, DOCK)
    for one in lost:
        show_warning(one.reason)
