"""File > Open, drag and drop, and `napari NAME.labelfix`: npe2 calls this for projects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import napari
from napari.utils.notifications import show_warning

from napari_labelfix.errors import ProjectError
from napari_labelfix.project.records import KEPT
from napari_labelfix.project.store import Project
from napari_labelfix.widgets.saving.opening import open_project
from napari_labelfix.widgets.saving.restored_layers import restore

if TYPE_CHECKING:
    from collections.abc import Callable

    Read = Callable[[Any], list[Any]]

_NO_LAYER = [(None,)]  # what npe2 takes for "it was read, and there is no layer to add"


def get_project_reader(path: Any) -> Read | None:
    """Return what opens a project; None for several files at once."""
    return _read if isinstance(path, str) else None


def _read(path: Any) -> list[Any]:
    """Open a project in the viewer that is in use; without a viewer, return what is drawn in it."""
    viewer = napari.current_viewer()
    if viewer is None:
        return _layers_in(Path(path))
    for lost in open_project(viewer, Path(path)):
        show_warning(lost.reason)
    return _NO_LAYER


def _layers_in(path: Path) -> list[Any]:
    with Project.look(path) as project:
        elsewhere = {image.id for image in project.images() if image.reader != KEPT}
        records = [record for record in project.layers() if record.id not in elsewhere]
        if not records:
            raise ProjectError(f"There are no layers in {path}.")
        return [restore(project, record).as_layer_data_tuple() for record in records]
