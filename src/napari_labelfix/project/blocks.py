"""Pixels in blocks of 256 x 256: what a change touches is copied, compressed and written, and nothing else."""

from __future__ import annotations

import itertools
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_labelfix.errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

SIDE = 256  # pixels
_FAST = 1  # of zlib: labels are runs of equal numbers, for which more effort gains little


class Key(NamedTuple):
    """Where a block lies: the number of its plane, and row and column in blocks."""

    plane: int
    row: int
    col: int


@dataclass(frozen=True)
class Tiling:
    """How an array is divided.

    Parameters
    ----------
    shape
        (..., Y, X), or (..., Y, X, C).
    channels
        Whether the last axis is channels, which stay together.
    """

    shape: tuple[int, ...]
    channels: bool = False

    @property
    def planes(self) -> tuple[int, ...]:
        """The shape of the axes before Y, X; () for one plane."""
        return self.shape[: self._y]

    @property
    def counts(self) -> tuple[int, int]:
        """Rows and columns of blocks in a plane."""
        height, width = self.shape[self._y : self._y + 2]
        return -(-height // SIDE), -(-width // SIDE)

    def every_key(self) -> Iterator[Key]:
        """Yield all blocks, plane by plane."""
        rows, columns = self.counts
        count = int(np.prod(self.planes))
        return itertools.starmap(Key, itertools.product(range(count), range(rows), range(columns)))

    def window(self, key: Key) -> tuple[int | slice, ...]:
        """Return the index of a block in the array."""
        index: tuple[Any, ...] = np.unravel_index(key.plane, self.planes) if self.planes else ()
        tops = key.row * SIDE, key.col * SIDE
        return (*map(int, index), *(slice(top, top + SIDE) for top in tops))

    def has(self, key: Key) -> bool:
        """Whether there is such a block."""
        rows, columns = self.counts
        return 0 <= key.plane < int(np.prod(self.planes)) and 0 <= key.row < rows and 0 <= key.col < columns

    def cut(self, array: NDArray[Any], key: Key) -> NDArray[Any]:
        """Return a copy of a block, (Y, X) or (Y, X, C); smaller at the lower and right edge."""
        return np.array(array[self.window(key)])

    @property
    def _y(self) -> int:
        return len(self.shape) - (3 if self.channels else 2)


def pack(pixels: NDArray[Any]) -> bytes | None:
    """Return a block as compressed bytes, little endian; None if it is 0 everywhere."""
    if not pixels.any():
        return None
    plain = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<"))
    return zlib.compress(plain.data, _FAST)


def unpack(data: bytes, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the pixels of a block.

    Raises
    ------
    ProjectError
        If these are not the bytes of such a block.
    """
    try:
        plain = zlib.decompress(data)
        return np.frombuffer(plain, dtype.newbyteorder("<")).reshape(shape).astype(dtype, copy=False)
    except (zlib.error, ValueError) as error:
        raise ProjectError(f"A block of pixels is damaged ({error}).") from None
