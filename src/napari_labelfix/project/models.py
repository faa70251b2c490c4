"""The models of runs, in a folder beside the project."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from napari_labelfix.io.files import write_errors
from napari_labelfix.methods.checkpoint import TrainedModel

if TYPE_CHECKING:
    from pathlib import Path

    from napari_labelfix.project.records import RunRecord

_OURS = re.compile(r"[^/\\]+\.models/[\w-]+")  # as `keep` returns them; a project from elsewhere may name any folder


def folder_of(project: Path) -> Path:
    """Return the folder for the models of a project: `cells.models` beside `cells.labelfix`."""
    return project.with_suffix(".models")


def keep(project: Path, run: str, model: TrainedModel, previous: str = "") -> str:
    """Write a model and return its folder, from the project's; a model is there whole or not at all.

    Parameters
    ----------
    project
        The project's file.
    run
        Id of the run.
    previous
        What this returned for an earlier model of the same run; it stays until `forget`.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    number = int(previous.rpartition("-")[2]) + 1 if previous else 1
    target = folder_of(project) / f"{run}-{number}"
    temporary = target.with_name(f".{target.name}")
    with write_errors(target):
        shutil.rmtree(temporary, ignore_errors=True)  # of a writer that was cut off
        model.save(temporary)
        shutil.rmtree(target, ignore_errors=True)
        os.replace(temporary, target)
    return target.relative_to(project.parent).as_posix()


def forget(project: Path, model: str) -> None:
    """Remove a model that a later one of the same run has replaced in the project."""
    if model:
        shutil.rmtree(project.parent / model, ignore_errors=True)


def load(project: Path, run: RunRecord) -> TrainedModel | None:
    """Return the model of a run; None if it has none. Raises `ModelError` if its files are gone or damaged."""
    return TrainedModel.load(project.parent / run.model) if run.model else None


def copy(source: Path, target: Path, runs: list[RunRecord]) -> dict[str, str]:
    """Copy the models of these runs to another project; return the folder of each by the run's id.

    A folder that is not called as that of a model stays where it is.

    Raises
    ------
    OutputError
        If they cannot be written.
    """
    copied = {}
    for run in runs:
        old = source.parent / run.model
        if _OURS.fullmatch(run.model) and old.is_dir():
            copied[run.id] = place_in(target, run.model)
            new = target.parent / copied[run.id]
            with write_errors(new):
                shutil.copytree(old, new, dirs_exist_ok=True)
    return copied


def place_in(project: Path, model: str) -> str:
    """Return the folder of a model in another project, where its copy lies; "" for none."""
    return f"{folder_of(project).name}/{model.rpartition('/')[2]}" if model else ""


def remove_all(project: Path) -> None:
    """Remove the models of a project that is thrown away."""
    with suppress(FileNotFoundError):
        shutil.rmtree(folder_of(project))
