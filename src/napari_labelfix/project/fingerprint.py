"""Knowing an image again: quick on big files, and yet another image is noticed.

Two fingerprints are kept. That of the file is taken from its bytes and needs no reader; that of the pixels also knows
an image that was saved again with another compression or other metadata. Small ones are read in full. Of big ones the
size and evenly spread samples are read: another image differs nearly everywhere, so that it cannot hide between them,
while a few pixels that were painted over may.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.project.store import SUFFIX

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

_IN_FULL = 2**25  # bytes: 32 MB take about 50 ms
_SAMPLES = 64
_SAMPLE = 2**16  # bytes
_PLANES, _PATCHES, _PATCH = 8, 8, 64  # planes, patches along an axis, pixels along a patch
_FILES = 256  # of a folder
_CHANNELS = 1, 3, 4  # lengths of a last axis that stays together


def of_file(path: Path) -> str:
    """Return the fingerprint of a file, or of a folder such as a zarr; a project that lies in it is no part of it.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    digest = hashlib.blake2b(digest_size=16)
    if path.is_dir():
        files = sorted((entry for entry in path.rglob("*") if _counts(entry, path)), key=lambda entry: entry.as_posix())
        names = [[entry.relative_to(path).as_posix(), entry.stat().st_size] for entry in files]
        digest.update(json.dumps(names).encode())
        files = [files[at] for at in _spread(len(files), _FILES)]
    else:
        files = [path]
    for file in files:
        _take_file(file, digest)
    return digest.hexdigest()


def of_pixels(pixels: Any) -> str:
    """Return the fingerprint of an image's pixels, "" if they cannot be read; of a lazy array only samples are read.

    Parameters
    ----------
    pixels
        (..., Y, X) or (..., Y, X, C): a numpy array, or anything that is indexed like one and has shape and dtype.
        Axes of length 1 do not count: readers differ in whether they keep them.
    """
    try:
        return _of_readable(pixels)
    except Exception:  # decoders, and what computes lazy arrays, raise whatever they stumble over
        logger.info("There is no fingerprint of pixels that cannot be read.", exc_info=True)
        return ""


def _of_readable(pixels: Any) -> str:
    shape = tuple(int(length) for length in pixels.shape)
    dtype = np.dtype(pixels.dtype)
    told = [[length for length in shape if length > 1], dtype.kind, dtype.itemsize]
    digest = hashlib.blake2b(json.dumps(told).encode(), digest_size=16)
    if int(np.prod(shape)) * dtype.itemsize <= _IN_FULL:
        _take_array(pixels, digest)
        return digest.hexdigest()
    spatial = 3 if len(shape) > 2 and shape[-1] in _CHANNELS else 2
    leading, (height, width) = shape[:-spatial], shape[-spatial : len(shape) - spatial + 2]
    for number in _spread(int(np.prod(leading)), _PLANES):
        plane = pixels[np.unravel_index(number, leading)] if leading else pixels
        for top in _spread(height, _PATCHES, _PATCH):
            for left in _spread(width, _PATCHES, _PATCH):
                _take_array(plane[top : top + _PATCH, left : left + _PATCH], digest)
    return digest.hexdigest()


def _counts(entry: Path, folder: Path) -> bool:
    """Whether a file says something about the images of a folder. One that is worked in would lose its lock here."""
    return entry.is_file() and not any(SUFFIX in part for part in entry.relative_to(folder).parts)


def _take_file(file: Path, digest: hashlib.blake2b) -> None:
    size = file.stat().st_size
    digest.update(str(size).encode())
    with file.open("rb") as stream:
        if size <= _SAMPLES * _SAMPLE:
            digest.update(stream.read())
            return
        for start in _spread(size, _SAMPLES, _SAMPLE):
            stream.seek(start, os.SEEK_SET)
            digest.update(stream.read(_SAMPLE))


def _take_array(pixels: Any, digest: hashlib.blake2b) -> None:
    whole = (slice(None),) * len(pixels.shape)  # for what napari takes for an array, and numpy does not
    plain: NDArray[Any] = np.asarray(pixels if hasattr(pixels, "__array__") else pixels[whole])
    digest.update(np.ascontiguousarray(plain, plain.dtype.newbyteorder("<")).data)


def _spread(length: int, count: int, window: int = 1) -> list[int]:
    """Return up to `count` starts of windows, evenly spread, the first and the last included."""
    return sorted({int(start) for start in np.linspace(0, max(0, length - window), min(count, length))})
