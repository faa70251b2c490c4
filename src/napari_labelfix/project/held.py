"""Which project files this process works in, and reading the first bytes of a file only if it is none of them.

On POSIX systems a process that closes any descriptor of a file loses all its locks on that file. SQLite minds that
among its own connections; a plain `open` behind its back would let another window write into the same project.
"""

from __future__ import annotations

import sqlite3
import threading
import weakref
from typing import TYPE_CHECKING, Any

from napari_labelfix.errors import ProjectError

if TYPE_CHECKING:
    from pathlib import Path

_guard = threading.Lock()  # a file is not taken while its first bytes are read


class Holding(sqlite3.Connection):
    """A connection that holds a lock on its file, from `hold` until it is closed."""

    file: object = None  # as `_identity` tells it

    def close(self) -> None:
        """Let go of the file."""
        super().close()
        with _guard:
            _HELD.discard(self)


_HELD: weakref.WeakSet[Holding] = weakref.WeakSet()  # one that is forgotten instead of closed holds nothing either


def hold(path: Path, seconds: float, **options: Any) -> Holding:
    """Connect to a file whose lock is to be held; before the lock is taken it is known here.

    Parameters
    ----------
    path
        The file, which is there.
    seconds
        How long to wait for another program that has it open.
    options
        For `sqlite3.connect`.
    """
    file = _identity(path)
    connection = sqlite3.connect(path, timeout=seconds, factory=Holding, **options)
    with _guard:
        connection.file = file
        _HELD.add(connection)
    return connection


def first_bytes(path: Path, count: int) -> bytes:
    """Return the first bytes of a file.

    Raises
    ------
    ProjectError
        If this process works in it.
    OSError
        If it cannot be read.
    """
    with _guard:
        file = _identity(path)
        if any(connection.file == file for connection in _HELD):
            raise is_open(path)
        with path.open("rb") as stream:
            return stream.read(count)


def is_open(path: Path) -> ProjectError:
    """Return the error that a project is open, in this process or another."""
    return ProjectError(f"{path} is open in another window. Close it there first.")


def _identity(path: Path) -> object:
    """Return what a file is known by, whatever path leads to it; nothing is opened."""
    found = path.stat()
    return (found.st_dev, found.st_ino) if found.st_ino else path.resolve()  # some drives of Windows have no numbers
