"""How small an object may be: as the parameter says, or smaller where a person has shown smaller ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

FEWEST = 3  # objects, from which on their sizes are believed
SMALL = 0.1  # rank of an object, from 0 to 1, that counts as a small one where all are right
_SHARE = 0.5


def smallest_object(said: int, sizes: Iterable[NDArray[np.integer]], rank: float = SMALL) -> int:
    """Return the fewest pixels that an object may have: half of those of a person's own, if these are so small.

    Parameters
    ----------
    said
        Pixels, as the parameter says; never more.
    sizes
        (N,) pixels of the objects that a person has shown, plane by plane.
    rank
        Which of them is taken, from 0, the smallest one, to 1.
    """
    shown = np.concatenate([np.zeros(0, np.int64), *sizes])
    if len(shown) < FEWEST:
        return said
    return min(said, max(1, int(_SHARE * np.quantile(shown, rank))))


def news_of_smallest(said: int, kept: int) -> str:
    """Return what a person should know if smaller objects are kept than the parameter says; "" if none are."""
    return f"The right objects are small, so those from {kept} pixels on are kept." if kept < said else ""
