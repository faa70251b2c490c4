"""The images that layers were made for, also those that were closed: opened again, they are known again."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_labelfix.widgets.viewer.image_planes import level_0

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari.layers import Layer

_SKETCHED = 64  # pixels along each axis that an image is told from others by


class _Known(NamedTuple):
    """What an image is known again by, and its tag, in which stands what it gets back."""

    identity: tuple[object, ...] | None
    tag: Mapping[str, Any]


_KNOWN: dict[str, _Known] = {}  # by the images' ids


def note(its_id: str, image: Layer, tag: Mapping[str, Any]) -> None:
    """Note an image with its id; what its tag says later is noted, too."""
    if its_id not in _KNOWN or _KNOWN[its_id].tag is not tag:
        _KNOWN[its_id] = _Known(_identity(image), tag)


def tags() -> dict[str, Mapping[str, Any]]:
    """Return the tags of all images by their ids."""
    return {its_id: known.tag for its_id, known in _KNOWN.items()}


def known_again(image: Layer, ids: Iterable[str]) -> str:
    """Return which of some ids an image without one had; "" if that is none, or not to be told."""
    identity = _identity(image)
    own = [its_id for its_id in ids if _KNOWN[its_id].identity == identity]
    return own[0] if identity is not None and len(own) == 1 else ""


def _identity(image: Layer) -> tuple[object, ...] | None:
    """Return what an image is known again by: its size, where it comes from, and some of its pixels.

    Pixels that are not in memory are not read: then the name stands for them, and without a file it is not known again.
    """
    pixels, source = level_0(image), image.source
    if isinstance(pixels, np.ndarray):
        steps = tuple(slice(None, None, max(1, length // _SKETCHED)) for length in pixels.shape)
        sketch = zlib.crc32(np.ascontiguousarray(pixels[steps]).tobytes())
    elif source.path or source.sample:
        sketch = zlib.crc32(image.name.encode())
    else:
        return None
    return tuple(pixels.shape), image.ndim, str(pixels.dtype), str(source.path), source.sample, sketch
