"""Copies of what has changed in an array, made a few milliseconds at a time so that the window stays smooth."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.project.blocks import Key, Tiling
from napari_labelfix.project.records import Block

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from napari_labelfix.project.records import LayerRecord

_AT_ONCE = 2**24  # bytes: about 10 ms, for new memory takes longer than the copying
_HELD_UP_TO = 2**28  # bytes of copies; of larger changes parts are handed out before all is copied


class BlockCopier:
    """Knows which blocks of an array have changed, and copies them.

    A block that changes after it was copied is copied again, so that all copies show the array as it is when the last
    one is made.
    """

    def __init__(self) -> None:
        self._waiting: set[Key] | None = None  # None: all
        self._copied: dict[Key, NDArray[Any]] = {}

    @property
    def idle(self) -> bool:
        """Whether nothing has changed."""
        return self._waiting is not None and not self._waiting and not self._copied

    def add(self, keys: Iterable[Key] | None) -> None:
        """Note that blocks have changed; None for all."""
        if keys is None:
            self._waiting, self._copied = None, {}
        elif self._waiting is not None:
            self._waiting.update(keys)

    def clear(self) -> None:
        """Note that nothing has changed."""
        self._waiting, self._copied = set(), {}

    def copy(self, array: NDArray[Any], record: LayerRecord) -> list[Block]:
        """Copy for a moment; return the copies when the last is made, else nothing yet."""
        tiling = Tiling(record.shape, record.channels)
        if self._waiting is None:
            self._waiting = set(tiling.every_key())
        copied = 0
        while self._waiting and copied < _AT_ONCE:
            key = self._waiting.pop()
            self._copied[key] = tiling.cut(array, key)
            copied += self._copied[key].nbytes
        if self._waiting and sum(block.nbytes for block in self._copied.values()) < _HELD_UP_TO:
            return []
        blocks = [Block(record.id, record.author, key, pixels) for key, pixels in self._copied.items()]
        self._copied = {}
        return blocks


def every_block(array: Any, record: LayerRecord) -> Iterator[Block]:
    """Yield all blocks of an array as they are when they are asked for, without a copy; planes are read one by one."""
    tiling = Tiling(record.shape, record.channels)
    for number, keys in itertools.groupby(tiling.every_key(), lambda key: key.plane):
        index = np.unravel_index(number, tiling.planes) if tiling.planes else ()
        plane = np.asarray(array[(*index, slice(None))])  # what computes pieces need not know of ()
        for key in keys:
            yield Block(record.id, record.author, key, plane[tiling.window(key)[len(index) :]])
