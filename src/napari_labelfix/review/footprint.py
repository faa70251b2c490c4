"""What a step did to the objects: how many pixels each gained and lost, and in which blocks of the array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

BLOCK = 256  # pixels; a block is one plane deep
_DENSE = 4  # ids of up to so many times the number of pixels are counted in an array as long as the largest id


@dataclass(frozen=True, eq=False)
class PixelChange:
    """Pixels that changed together.

    Parameters
    ----------
    where
        Either one index array for each axis, or slices, each with start and stop.
    mask
        With slices: which pixels in that box changed; None for all.
    before
        (N,) their labels before.
    after
        Their labels after, (N,) or one for all.
    """

    where: tuple[Any, ...]
    mask: NDArray[np.bool_] | None
    before: NDArray[np.integer]
    after: NDArray[np.integer] | int

    def flat(self, shape: tuple[int, ...]) -> NDArray[np.intp]:
        """Return (N,) the places of the pixels in the flattened array of this shape."""
        if not isinstance(self.where[0], slice):
            return np.ravel_multi_index(self.where, shape)
        starts = [axis.start for axis in self.where]
        box = tuple(axis.stop - axis.start for axis in self.where)
        inside = np.indices(box).reshape(len(box), -1) if self.mask is None else np.array(np.nonzero(self.mask))
        return np.ravel_multi_index(tuple(inside + np.array(starts)[:, None]), shape)


@dataclass(frozen=True, eq=False)
class Footprint:
    """What some pixel changes did.

    Parameters
    ----------
    ids
        (N,) the objects whose pixels changed, ascending.
    gained, erased, painted_over
        (N,) pixels that came to each, that went to the background, and that went to other objects. A pixel that changed
        twice counts twice.
    blocks
        (M, dimensions) the blocks that changed; the last two numbers count in `BLOCK` pixels, others are planes.
    """

    ids: NDArray[np.int64]
    gained: NDArray[np.int64]
    erased: NDArray[np.int64]
    painted_over: NDArray[np.int64]
    blocks: NDArray[np.intp]

    @property
    def growth(self) -> NDArray[np.int64]:
        """(N,) pixels that each has more, or, below 0, less."""
        return self.gained - self.erased - self.painted_over


def footprint(changes: Sequence[PixelChange], shape: tuple[int, ...]) -> Footprint:
    """Add up what pixel changes did to an array of this shape; ids up to 0 are background."""
    before = _together(change.before for change in changes)
    after = _together(_broadcast(change) for change in changes)
    counts = [
        count_pixels(after),
        count_pixels(before[after <= 0]),
        count_pixels(before[after > 0]),
    ]
    ids = np.unique(np.concatenate([labels for labels, _ in counts]))
    gained, erased, painted_over = (_aligned(ids, *count) for count in counts)
    return Footprint(ids, gained, erased, painted_over, _blocks(changes, shape))


def count_pixels(labels: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the ids above 0 in an array, ascending, and how many pixels each has."""
    flat = labels.ravel()
    lowest, highest = (int(flat.min()), int(flat.max())) if flat.size else (0, 0)
    if lowest >= 0 and highest <= _DENSE * flat.size + BLOCK**2:
        counts = np.bincount(flat.astype(np.intp, copy=False))  # NumPy before 2 refuses uint64
        ids = np.flatnonzero(counts[1:]) + 1 if counts.size else np.zeros(0, np.int64)
        return ids, counts[ids]
    ids, counts = np.unique(flat[flat > 0], return_counts=True)
    return ids.astype(np.int64), counts


def pixels_to_restore(
    changes: Sequence[PixelChange], data: Any, locked: NDArray[np.integer]
) -> tuple[tuple[NDArray[np.intp], ...], NDArray[np.integer]]:
    """Return where locked objects lost or gained pixels, as one index array for each axis, and what was there before.

    Parameters
    ----------
    changes
        In the order in which they were made.
    data
        The array after all of them.
    locked
        (N,) ids.
    """
    shape = tuple(data.shape)
    nothing = tuple(np.zeros(0, np.intp) for _ in shape), np.zeros(0, np.int64)
    if not locked.size or not any(_touches(change, locked) for change in changes):
        return nothing
    places = np.concatenate([change.flat(shape) for change in changes])
    places, first = np.unique(places, return_index=True)
    original = np.concatenate([change.before for change in changes])[first]
    indices = tuple(np.unravel_index(places, shape))
    now = np.asarray(data[indices])
    wrong = (now != original) & (np.isin(original, locked) | np.isin(now, locked))
    return tuple(axis[wrong] for axis in indices), original[wrong]


def _touches(change: PixelChange, locked: NDArray[np.integer]) -> bool:
    return bool(np.isin(change.before, locked).any() or np.isin(change.after, locked).any())


def _together(labels: Iterable[NDArray[np.integer]]) -> NDArray[np.int64]:
    """Return all ids in a row; those of uint64, too, which numpy would turn into floats."""
    return np.concatenate([np.zeros(0, np.int64), *(part.astype(np.int64, copy=False) for part in labels)])


def _broadcast(change: PixelChange) -> NDArray[np.integer]:
    return np.broadcast_to(np.asarray(change.after), change.before.shape)


def _aligned(ids: NDArray[np.int64], labels: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    aligned = np.zeros(ids.size, np.int64)
    aligned[np.searchsorted(ids, labels)] = counts
    return aligned


def _blocks(changes: Sequence[PixelChange], shape: tuple[int, ...]) -> NDArray[np.intp]:
    sizes = [1] * (len(shape) - 2) + [BLOCK, BLOCK]
    grid = np.zeros([-(-length // size) for length, size in zip(shape, sizes, strict=True)], bool)
    for change in changes:
        if not change.before.size:
            continue
        if isinstance(change.where[0], slice):
            ranges = zip(change.where, sizes, strict=True)
            grid[tuple(slice(axis.start // size, -(-axis.stop // size)) for axis, size in ranges)] = True
        else:
            grid[tuple(axis // size for axis, size in zip(change.where, sizes, strict=True))] = True
    return np.argwhere(grid)
