"""What of a project is in no layer that is open: it goes along where these are written into another file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_labelfix.errors import OutputError
from napari_labelfix.project import models
from napari_labelfix.project.records import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from napari_labelfix.project.store import Project


@dataclass(frozen=True)
class Rest:
    """Runs with their models, the history, the facts, and images that are not open.

    Parameters
    ----------
    path
        Of the project.
    batch
        All but the models.
    """

    path: Path
    batch: Batch


def read_rest(project: Project, there: Collection[str], lost: Collection[str]) -> Rest:
    """Read what only the file has.

    Parameters
    ----------
    project
        The project.
    there
        Ids of the layers that are open.
    lost
        Ids of images that could not be opened: how they were shown is read, too.

    Raises
    ------
    ProjectError
        If it cannot be read.
    OutputError
        If its disk is away.
    """
    batch = Batch(
        images=[image for image in project.images() if image.id not in there],
        layers=[layer for layer in project.layers() if layer.id in lost],
        runs=project.runs(),
        history=project.history()[::-1],
        meta=project.meta(),
    )
    return Rest(project.path, batch)


def write_rest(project: Project, rest: Rest, complain: Callable[[str], object]) -> None:
    """Write the rest of another project into one that has no runs and no history yet.

    Parameters
    ----------
    project
        The new project.
    rest
        Of the old one.
    complain
        Called with a sentence if the models cannot be copied; everything else is written all the same.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    copied: dict[str, str] = {}
    try:
        copied = models.copy(rest.path, project.path, list(rest.batch.runs))
    except OutputError as error:
        complain(f"The models of runs stay with {rest.path}: {error}")
    runs = [replace(run, model=copied.get(run.id, "")) for run in rest.batch.runs]
    project.write(replace(rest.batch, runs=runs))
