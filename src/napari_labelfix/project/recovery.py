"""Work that has no name yet, and work that was cut off: where it lies, and what there is to restore.

A project that nobody has given a name lies in the user's data folder, not beside the image: folders of images are often
read-only, shared, or on a network drive, and nobody wants files there that were not asked for. While any project is
open, a marker says so; a marker that is left over tells that the program ended without closing it.
"""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_data_path

from napari_labelfix.errors import LabelfixError
from napari_labelfix.io.files import write_errors
from napari_labelfix.project import models
from napari_labelfix.project.database import expect_closed, files_beside
from napari_labelfix.project.store import SUFFIX, Project

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME_BYTES = 100  # of an image's name: with stamp, ending and what SQLite adds it fits the 255 that file systems take
_NOT_FOR_FILE_NAMES = re.compile(r"[^\w.\-]+")


@dataclass(frozen=True)
class Unsaved:
    """A project that could be restored.

    Parameters
    ----------
    path
        Its file.
    named
        Whether a person has given it a name; then it was cut off. Else nobody has saved it yet.
    cut_off
        Whether the program ended without closing it.
    changed
        When it was written last, in seconds as `time.time` counts them.
    images
        The names of its images, each once.
    """

    path: Path
    named: bool
    cut_off: bool
    changed: float
    images: tuple[str, ...]


def folder() -> Path:
    """Return the folder for work without a name."""
    return user_data_path("napari-labelfix", appauthor=False) / "recovery"


def new_path(image: str, when: datetime | None = None) -> Path:
    """Return a file for new work on an image; its folder is made if need be. Raises `OutputError` if it cannot be."""
    stamp = (when or datetime.now()).strftime("%Y-%m-%d %H-%M-%S")
    name = _NOT_FOR_FILE_NAMES.sub("_", image).encode()[:_NAME_BYTES].decode(errors="ignore").strip("._") or "untitled"
    candidates = (
        folder() / f"{stamp} {name}{more}{SUFFIX}" for more in ("", *(f" {count}" for count in range(2, 1000)))
    )
    with write_errors(folder()):
        folder().mkdir(parents=True, exist_ok=True)
        return next(path for path in candidates if not path.exists())


def is_unnamed(path: Path) -> bool:
    """Whether a project lies among the work without a name."""
    return path.parent == folder()


def mark_open(path: Path) -> None:
    """Note that a project is being worked in."""
    with suppress(OSError):  # it only serves to offer it again
        folder().mkdir(parents=True, exist_ok=True)
        _marker(path).write_bytes(os.fsencode(path))


def mark_closed(path: Path) -> None:
    """Note that a project was closed."""
    with suppress(OSError):
        _marker(path).unlink()


def find_unsaved() -> list[Unsaved]:
    """Return what could be restored, newest first; what another window has open is left out."""
    if not folder().is_dir():
        return []
    marked = {Path(marked): marker for marker in folder().glob("*.open") if (marked := _marked_by(marker))}
    for path, marker in marked.items():
        if not path.exists():
            marker.unlink(missing_ok=True)
    found = filter(None, (_look(path, path in marked) for path in {*folder().glob(f"*{SUFFIX}"), *marked}))
    return sorted(found, key=lambda unsaved: unsaved.changed, reverse=True)


def discard(path: Path) -> None:
    """Throw a project without a name away, with its models; of one with a name, only the marker.

    Raises
    ------
    ProjectError
        If it is open in a window. Nothing is thrown away.
    """
    expect_closed(path)
    mark_closed(path)
    if is_unnamed(path):
        models.remove_all(path)
        for file in _files(path):
            file.unlink(missing_ok=True)


def _look(path: Path, marked: bool) -> Unsaved | None:
    """Describe a project, if it is there and nobody has it open."""
    try:
        changed = max(file.stat().st_mtime for file in _files(path) if file.exists())
        with Project.look(path, seconds=0) as project:
            images = tuple(dict.fromkeys(image.name for image in project.images()))
    except (LabelfixError, OSError, ValueError):
        return None
    return Unsaved(path, not is_unnamed(path), marked, changed, images)


def _files(path: Path) -> Iterator[Path]:
    """Yield the file, and those that SQLite keeps beside it while it is open."""
    yield path
    yield from files_beside(path)


def _marked_by(marker: Path) -> str:
    """Return which project a marker is of; "" if that cannot be read, and then it goes."""
    try:
        return os.fsdecode(marker.read_bytes())
    except UnicodeDecodeError:
        marker.unlink(missing_ok=True)
        return ""
    except OSError:
        return ""


def _marker(path: Path) -> Path:
    return folder() / f"{hashlib.sha256(os.fsencode(path)).hexdigest()[:24]}.open"
