"""Files appear whole or not at all, and what goes wrong with them is a sentence."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from napari_labelfix.errors import InputError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
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
        If something could not be written.
    """
    with write_errors(folder):
        made = [path for path in (folder, *folder.parents) if not path.exists()]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # inside, not beside: only within one file system does a file move at once
            with tempfile.TemporaryDirectory(prefix=".labelfix-", dir=folder) as temporary:
                yield Path(temporary)
                _move_files(Path(temporary), folder)
        finally:
            for path in made:
                if path.is_dir() and not any(path.iterdir()):
                    path.rmdir()


def expect_writable(folder: Path) -> None:
    """Raise `OutputError` if a file cannot be written into `folder`; leaves nothing behind."""
    with filling(folder) as temporary:
        probe = temporary / "probe"
        probe.write_bytes(b"0")
        probe.unlink()


def _move_files(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*")):
        if path.is_file():
            moved = target / path.relative_to(source)
            moved.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, moved)
