"""Opening and closing the SQLite file: made whole, locked while open, one file when closed, errors as sentences."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

from napari_labelfix.errors import DiskError, OutputError, ProjectError
from napari_labelfix.io.files import replacing
from napari_labelfix.project import held, schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path, PurePath

_BESIDE = ("-wal", "-shm", "-journal")
_AWAY = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}  # a quota, a network drive, a disk that was unplugged
_BUSY_SECONDS = 1.0  # how long to wait for another program that has the file open


@contextmanager
def sentences(path: Path, opening: bool = False) -> Iterator[None]:
    """Turn SQLite's errors into errors that name the file and say what to do.

    Parameters
    ----------
    path
        The file.
    opening
        Whether it is being opened. Only then is it looked into for the reason: this process would lose its lock.
    """
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise ProjectError(f"This would break the order in {path}, and was not written: {error}.") from error
    except sqlite3.OperationalError as error:
        raise _operational(path, error, opening) from error
    except sqlite3.DatabaseError as error:
        raise (_cut_short(path) if opening else None) or _damaged(path, error) from error


def create(path: Path, in_place: bool = False) -> sqlite3.Connection:
    """Make a project file and open it; the file appears whole or not at all.

    Parameters
    ----------
    path
        The file.
    in_place
        Whether a file that is there already is replaced, by then.

    Raises
    ------
    OutputError
        If it cannot be written, or there is a file that is not to be replaced.
    ProjectError
        If the file that is to be replaced is a project that is open in another window.
    """
    if path.exists() and not in_place:
        raise OutputError(f"There is a file {path} already. Choose another name, or open it.")
    expect_closed(path)
    with (
        replacing(path) as temporary,
        sentences(path),
        closing(sqlite3.connect(temporary, isolation_level=None)) as connection,
    ):
        connection.execute("PRAGMA synchronous = OFF")  # it is put on the disk once, below
        schema.create(connection)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        make_way(path)
    return open_file(path)


def open_file(path: Path) -> sqlite3.Connection:
    """Open a project to work in it; nobody else can until it is closed. An older layout is brought up to date.

    The connection may be used by one thread at a time, whichever.

    Raises
    ------
    ProjectError
        If it is no project, is damaged, newer, open elsewhere or may not be written.
    """
    version = schema.version_of(path)
    if not os.access(path, os.W_OK):
        raise ProjectError(f"There is no permission to write {path}. Copy it to a place where you may, and open that.")
    with sentences(path, opening=True):
        connection = held.hold(path, _BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            # exclusive: two windows cannot write one project; and WAL needs no shared memory, which network
            # drives do not have
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            if version < schema.VERSION:
                schema.migrate(connection, version)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")  # a commit survives a power cut, too
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("BEGIN IMMEDIATE")  # takes the lock, and finds out whether somebody has it
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
    return connection


def open_to_look(path: Path, seconds: float = _BUSY_SECONDS) -> sqlite3.Connection:
    """Open a project to read what is in it; nothing is written.

    Parameters
    ----------
    path
        The file.
    seconds
        How long to wait for another program that has it open.

    Raises
    ------
    ProjectError
        As `open_file`.
    """
    version = schema.version_of(path)
    if version < schema.VERSION:
        raise ProjectError(
            f"{path} has an older layout ({version}, now {schema.VERSION}). "
            "Open it once in napari to bring it up to date."
        )
    with sentences(path, opening=True):
        connection = sqlite3.connect(uri_to_read(path.resolve()), timeout=seconds, isolation_level=None, uri=True)
        try:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except BaseException:
            connection.close()
            raise
    return connection


def uri_to_read(path: PurePath) -> str:
    """Return the URI by which SQLite opens a whole path to read it.

    Its host is empty, for a folder of a server of Windows too, which `Path.as_uri` makes the host: SQLite refuses that.
    """
    place = quote(os.fsencode(path.as_posix()), safe="/:")
    return f"file://{'' if place.startswith('/') else '/'}{place}?mode=ro"


def expect_closed(path: Path) -> None:
    """Raise `ProjectError` if a file that is to be replaced is a project that is open in another window."""
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(uri_to_read(path.resolve()), timeout=0, uri=True)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise _operational(path, error, opening=True) from error
    except sqlite3.DatabaseError:  # no project, and so open in no window
        return


def make_way(path: Path) -> None:
    """Remove what a crash has left beside a file that is replaced next: SQLite would play it into the new one.

    Raises
    ------
    ProjectError
        If the file is a project that is open in another window. Nothing is removed.
    OSError
        If something cannot be removed.
    """
    expect_closed(path)
    for file in files_beside(path):
        file.unlink(missing_ok=True)


def files_beside(path: Path) -> Iterator[Path]:
    """Yield the files that SQLite keeps beside a project while it is open, and that a crash leaves there."""
    return (path.with_name(path.name + ending) for ending in _BESIDE)


def close(path: Path, connection: sqlite3.Connection) -> None:
    """Fold everything into the one file, and let go of it."""
    try:
        with sentences(path):
            connection.execute("PRAGMA journal_mode = DELETE")
    finally:
        connection.close()
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)  # of somebody who looked, after a crash


@contextmanager
def sense_of(path: Path) -> Iterator[None]:
    """Say that a file is damaged where what stands in it makes no sense."""
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> ProjectError:
    return ProjectError(f"{path} is damaged ({error}). Open a copy of it that is whole, such as a backup.")


def _cut_short(path: Path) -> ProjectError | None:
    there, expected = schema.pages_of(path)
    if there >= expected:
        return None
    return ProjectError(
        f"{path} was cut short: {there} of its {expected} pages are there. "
        "Open a copy of it that is whole, such as a backup."
    )


def _operational(path: Path, error: sqlite3.OperationalError, opening: bool) -> ProjectError | OutputError:
    text = str(error)
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF  # without the details
    if "locked" in text:
        return held.is_open(path)
    if "readonly" in text:
        return ProjectError(f"There is no permission to write {path}. Copy it to a place where you may, and open that.")
    if code == sqlite3.SQLITE_FULL or "full" in text:
        return DiskError(f"The disk is full, so {path} was not saved. Free some space; what waits is saved then.")
    if code in _AWAY and not opening:
        return DiskError(
            f"{path} cannot be written just now ({text}). Look whether its disk is there, and has room; what waits is "
            "saved then."
        )
    return ProjectError(f"{path} cannot be read or written ({text}).")
