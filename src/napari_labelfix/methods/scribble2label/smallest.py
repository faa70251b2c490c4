"""How small an object may be: as the parameter says, or smaller where a person has drawn on smaller ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST = 3  # objects with a stroke, from which on their sizes are believed
_SHARE = 0.5  # of the size of the median object that was drawn on


class SmallestObject:
    """Learns from the objects that have a stroke how small others may be.

    Parameters
    ----------
    said
        Pixels, as the parameter says; never more.
    """

    def __init__(self, said: int) -> None:
        self._said = said
        self._sizes: dict[int, NDArray[np.integer]] = {}  # of the objects that were drawn on, by plane

    @property
    def pixels(self) -> int:
        """The fewest pixels that an object may have."""
        sizes = np.concatenate([np.zeros(0, np.int64), *self._sizes.values()])
        if len(sizes) < FEWEST:
            return self._said
        return min(self._said, max(1, int(_SHARE * np.median(sizes))))

    def forget(self, index: int) -> None:
        """Forget a plane that nothing is drawn on any more."""
        self._sizes.pop(index, None)

    def note(self, index: int, found: NDArray[np.bool_], strokes: NDArray[np.bool_]) -> None:
        """Look at the objects of a plane that have a stroke; both (Y, X), and what is drawn is found."""
        _, pieces, stats, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8), connectivity=8)
        self._sizes[index] = np.asarray(stats[np.unique(pieces[strokes]), cv2.CC_STAT_AREA], np.int64)
