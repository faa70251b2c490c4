"""How small an object may be: as the parameter says, or smaller where a person has drawn on smaller ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from napari_labelfix.methods.smallest import smallest_object

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MEDIAN = 0.5  # what was drawn on is known by what was found there, which may be too much or too little


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
        return smallest_object(self._said, self._sizes.values(), _MEDIAN)

    def forget(self, index: int) -> None:
        """Forget a plane that nothing is drawn on any more."""
        self._sizes.pop(index, None)

    def note(self, index: int, found: NDArray[np.bool_], strokes: NDArray[np.bool_]) -> None:
        """Look at the objects of a plane that have a stroke; both (Y, X), and what is drawn is found."""
        _, pieces, stats, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8), connectivity=8)
        self._sizes[index] = np.asarray(stats[np.unique(pieces[strokes]), cv2.CC_STAT_AREA], np.int64)
