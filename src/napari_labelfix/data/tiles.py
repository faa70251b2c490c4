"""Planes of any size, a piece at a time: what to read, and what of it to keep."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

SIDE = 1024  # pixels, margins included; more do not fit into the caches: 2048 took half as long again on two cores
# A network halves the plane four times and sees it in squares of 16 pixels. Tiles that begin elsewhere in a square give
# other probabilities, by up to 0.43 at outlines of two synthetic images; on the grid they gave the same to 0.002.
GRID = 16
FIRST = 512  # pixels of a side of the piece that somebody who waits for a large plane sees first

Window = tuple[slice, slice]


@dataclass(frozen=True)
class Tile:
    """A piece of a plane: `read` and `keep` in the plane's pixels, `inner` is `keep` in the piece's own."""

    read: Window
    keep: Window

    @property
    def inner(self) -> Window:
        """What to keep of the piece that was read."""
        return within(self.keep, self.read)


def within(window: Window, outer: Window) -> Window:
    """Return a window of a plane in the pixels of another one that contains it."""
    y, x = (slice(w.start - o.start, w.stop - o.start) for w, o in zip(window, outer, strict=True))
    return y, x


def with_margin(window: Window, margin: int, shape: tuple[int, ...]) -> Tile:
    """Return what to read for a window of a plane (Y, X) that needs so many pixels around it."""
    y, x = (
        slice(max(0, part.start - margin), min(length, part.stop + margin))
        for part, length in zip(window, shape, strict=True)
    )
    return Tile((y, x), window)


def from_a_place(shape: tuple[int, int], margin: int, side: int, place: tuple[int, int]) -> list[Tile]:
    """Return the tiles of a plane, those near a place (row, column) first.

    A large plane begins with a piece around the place, although its pixels are in the tiles once more: whoever draws
    there waits for the first piece only.
    """
    found = sorted(tiles(shape, margin, side), key=lambda tile: _distance(tile.keep, place))
    first = first_piece(shape, margin, place)
    return found if first is None else [first, *found]


def first_piece(shape: tuple[int, int], margin: int, place: tuple[int, int], length: int | None = None) -> Tile | None:
    """Return the piece of a large plane around a place (row, column) that somebody who waits for the plane sees first.

    None where the plane has no more than two pieces of `FIRST` pixels a side. What is kept has a side of `length`
    pixels, or `FIRST`, and begins on the grid.
    """
    if math.prod(shape) <= 2 * FIRST**2:
        return None
    y, x = (_around(at, whole, length or FIRST) for at, whole in zip(place, shape, strict=True))
    return with_margin((y, x), margin, shape)


def first_piece_beside(known: NDArray[np.bool_], spots: NDArray[np.number], margin: int) -> Tile | None:
    """Return the first piece of a large plane around what is not known (Y, X) and nearest to the middle of what is.

    Parameters
    ----------
    known
        (Y, X); not everywhere.
    spots
        (N, 2) where it is: `np.argwhere(known)`.
    margin
        As for `first_piece`.
    """
    shape = height, width = known.shape[0], known.shape[1]
    y, x = middle_of(spots, shape)
    rows, columns = np.ogrid[:height, :width]
    away = np.where(known, height + width, abs(rows - y) + abs(columns - x))
    row, column = np.unravel_index(away.argmin(), shape)
    return first_piece(shape, margin, (int(row), int(column)))


def middle_of(places: NDArray[np.number], shape: tuple[int, int]) -> tuple[int, int]:
    """Return the one of some places (N, 2) in a plane that is nearest to their median, as a row and a column.

    It is the middle of the plane if there are none.
    """
    if not len(places):
        return shape[0] // 2, shape[1] // 2
    middle = np.quantile(places, 0.5, axis=0, method="lower")
    y, x = np.round(places[np.abs(places - middle).sum(axis=1).argmin()]).astype(int).tolist()
    return y, x


def _around(at: int, whole: int, length: int) -> slice:
    """Return `length` pixels of a whole side around a place in it, from the grid on, or all of it."""
    start = max(0, min(at - length // 2, whole - length)) // GRID * GRID
    stop = start + length
    return slice(start, whole if whole < stop + GRID else stop)


def _distance(window: Window, place: tuple[int, int]) -> float:
    return math.dist([(part.start + part.stop) / 2 for part in window], place)


def tiles(shape: tuple[int, int], margin: int, side: int = SIDE) -> Iterator[Tile]:
    """Cover a plane with tiles whose kept parts join without gap or overlap.

    Parameters
    ----------
    shape
        Height and width of the plane in pixels.
    margin
        Rim of a tile, in pixels, that lacks context and is cut off, except at the plane's border. If it is a multiple
        of `GRID`, every tile that is read begins on the grid.
    side
        Largest side of what is read; more than twice the margin and three times `GRID`.
    """
    for read_y, keep_y in _spans(shape[0], margin, side):
        for read_x, keep_x in _spans(shape[1], margin, side):
            yield Tile((read_y, read_x), (keep_y, keep_x))


def _spans(length: int, margin: int, side: int) -> Iterator[tuple[slice, slice]]:
    """Cut a length into as few parts as fit, about equal: a last one that repeats others would cost time."""
    if length <= side:
        count = 1
    elif length <= 2 * (side - margin - GRID):  # both end at the plane's border, where there is no margin
        count = 2
    else:
        count = math.ceil(length / (side - 2 * margin - GRID))
    edges = [*(length * i // count // GRID * GRID for i in range(count)), length]
    for start, stop in pairwise(edges):
        yield slice(max(0, start - margin), min(length, stop + margin)), slice(start, stop)
