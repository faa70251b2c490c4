"""The domes of a relief: what rises above its surroundings, and where their middles are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from skimage.filters import apply_hysteresis_threshold
from skimage.measure import label
from skimage.morphology import reconstruction

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WIDE = 128  # pixels that a dome spreads before it is left to what is faster then


def find_domes(relief: NDArray[np.float32], share: float, floor: float, apart: int = 0) -> NDArray[np.int32]:
    """Find the domes that rise above their surroundings by a share of their own height (h-maxima in the logarithm).

    All of a dome is found down to that share, and not its top alone: a rod is as deep in one place as in another.

    Parameters
    ----------
    relief
        (Y, X) heights.
    share
        Of a dome's height, in (0, 1): where the way to a higher dome does not go down so far, there is no other dome.
    floor
        Height, above 0, under which all is flat.
    apart
        Pixels: a dome does not count if something is higher so near to its top, along either axis.

    Returns
    -------
    NDArray[np.int32]
        (Y, X) ids 1..N without gaps, a dome each, 0 elsewhere.

    Notes
    -----
    Soille, Morphological Image Analysis, 2nd edition, 2003, section 6.3.
    """
    height = np.log(np.maximum(relief, np.float32(floor)))
    step = np.float32(-np.log(1 - share))
    lowered = np.where(relief > floor, height - step, height)  # the ground needs no flooding
    rise = height - _reconstruct(lowered, height)
    domes = np.asarray(label(apply_hysteresis_threshold(rise, 0, 0.999 * step), connectivity=2), np.int32)
    return _highest_around(domes, relief, apart) if apart else domes


def tops_of(domes: NDArray[np.int32], relief: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return (N, 2) row and column of the highest pixel of each dome; both (Y, X)."""
    spots = np.flatnonzero(domes)  # of all pixels few are of a dome
    spots = spots[np.lexsort((relief.flat[spots], domes.flat[spots]))]
    last = np.flatnonzero(np.diff(domes.flat[spots], append=0))
    return np.stack(np.unravel_index(spots[last], domes.shape), axis=1)


def middles_of(domes: NDArray[np.int32], relief: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return (N, 2) row and column of the centre of mass of each dome, or of its top where it is bent; both (Y, X)."""
    rows, columns = np.nonzero(domes)
    numbers, heights = domes[rows, columns], relief[rows, columns]
    mass, *moments = (np.bincount(numbers, heights * at)[1:] for at in (1, rows, columns))
    middles = np.round(np.stack(moments, axis=1) / mass[:, np.newaxis]).astype(np.intp)
    outside = domes[tuple(middles.T)] != np.arange(1, len(middles) + 1)
    middles[outside] = tops_of(domes, relief)[outside]
    return middles


def _highest_around(domes: NDArray[np.int32], relief: NDArray[np.float32], apart: int) -> NDArray[np.int32]:
    highest = cv2.dilate(relief, np.ones((2 * apart + 1, 2 * apart + 1), np.uint8))
    tops = tuple(tops_of(domes, relief).T)
    counts = np.append(False, relief[tops] >= highest[tops])
    return np.where(counts, np.cumsum(counts), 0).astype(np.int32)[domes]


def _reconstruct(seed: NDArray[np.float32], under: NDArray[np.float32]) -> NDArray[np.float32]:
    """Dilate the seed under a mask until nothing changes; where domes are small ten times as fast as by sorting."""
    kernel = np.ones((3, 3), np.uint8)
    for _ in range(0, _WIDE, 8):
        before = seed
        for _ in range(8):
            seed = np.minimum(cv2.dilate(seed, kernel), under)
        if np.array_equal(seed, before):
            return seed
    return np.asarray(reconstruction(seed, under, footprint=kernel), np.float32)
