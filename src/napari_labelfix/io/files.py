"""Files appear whole or not at all, and what goes wrong with them is a sentence."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_labelfix.errors import InputError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_FOLDER = {errno.EEXIST, errno.ENOTDIR}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def write_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's errors into an `OutputError` that names `path`."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            sentence = f"The disk is full, so {path} was not written. Free some space or choose another place."
        elif error.errno in _FORBIDDEN:
            sentence = f"There is no permission to write {path}. Choose another place."
        elif error.errno in _NO_FOLDER and path.is_file():
            sentence = f"{path} is a file, but a folder is wanted. Choose another place."
        else:
            sentence = f"{path} was not written: {error.strerror or error}. Choose another place."
        raise OutputError(sentence) from error


@contextmanager
def read_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's errors into an `InputError` that names `path`."""
    try:
        yield
    except OSError as error:
        if error.errno in _FORBIDDEN:
            raise InputError(f"There is no permission to read {path}. Ask its owner, or choose another.") from None
        raise InputError(f"{path} cannot be read ({error.strerror or error}). Choose another.") from None


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; it takes the place of `path` if the block ends well, else it goes.

    Raises
    ------
    OutputError
        If something could not be written.
    """
    with write_errors(path), tempfile.TemporaryDirectory(prefix=".labelfix-", dir=path.parent) as folder:
        temporary = Path(folder) / path.name
        yield temporary
        os.replace(temporary, path)


@contextmanager
def filling(folder: Path) -> Iterator[Path]:
    """Yield an empty folder whose files move into `folder` if the block ends well; other files there stay.

    `folder` is made if need be, and goes again if nothing came into it.

    Raises
    ------
    OutputError
        If something could not be written, or a folder is in the place of a file, or the other way round.
    """
    with write_errors(folder):
        made = [path for path in (folder, *folder.parents) if not path.exists()]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # inside, not beside: only within one file system does a file move at once
            with tempfile.TemporaryDirectory(prefix=".labelfix-", dir=folder) as temporary:
                with _named_in(folder, temporary):
                    yield Path(temporary)
                _move_files(Path(temporary), folder)
        finally:
            for path in made:
                if path.is_dir() and not any(path.iterdir()):
                    path.rmdir()


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write a JSON object as `json.dump` does, but three times as fast: an element of its lists at a time.

    All at once would be no faster, and hold up all other threads, and the window with them.

    Raises
    ------
    OutputError
        If it could not be written.
    """
    with write_errors(path), path.open("w", encoding="utf-8") as file:
        file.writelines(_pieces(data))


def expect_writable(folder: Path, name: str = "probe") -> None:
    """Raise `OutputError` if a file of that name cannot be written into `folder`; leaves nothing behind."""
    with filling(folder) as temporary:
        probe = temporary / name
        with write_errors(probe):
            probe.write_bytes(b"0")
            probe.unlink()


def _pieces(data: Mapping[str, Any]) -> Iterator[str]:
    yield "{"
    for number, (key, value) in enumerate(data.items()):
        yield f"{', ' if number else ''}{json.dumps(key)}: "
        if isinstance(value, list):
            yield "["
            for place, element in enumerate(value):
                yield f"{', ' if place else ''}{json.dumps(element)}"
            yield "]"
        else:
            yield json.dumps(value)
    yield "}"


@contextmanager
def _named_in(folder: Path, temporary: str) -> Iterator[None]:
    """Let errors name the files where they would have been."""
    try:
        yield
    except OutputError as error:
        raise OutputError(str(error).replace(temporary, str(folder))) from error


def _move_files(source: Path, target: Path) -> None:
    moves = [(path, target / path.relative_to(source)) for path in sorted(source.rglob("*")) if path.is_file()]
    for _, moved in moves:
        _expect_place(moved, target)
    for path, moved in moves:
        with write_errors(moved):
            moved.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, moved)


def _expect_place(path: Path, folder: Path) -> None:
    """Raise `OutputError` if a folder is where a file is to be, or a file where one of the folders above it is."""
    if path.is_dir() and not path.is_symlink():
        raise OutputError(f"{path} is a folder, so no file can be written there. Remove it, or choose another place.")
    between = path.parents[: len(path.relative_to(folder).parts) - 1]
    if file := next((parent for parent in between if parent.exists() and not parent.is_dir()), None):
        raise OutputError(f"{file} is a file, but a folder is wanted there. Remove it, or choose another place.")
