"""Labels that look like a mask: all of it has one number, and it lies in several pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SEVERAL = 3  # pieces; one object may lie in two


def pieces_of_one_number(labels: NDArray[Any]) -> int:
    """Return in how many pieces a (Y, X) plane of labels lies, if all of it has one number and they are several.

    Returns
    -------
    int
        0 for labels with several numbers or none, and for one object in a piece or two.
    """
    import cv2  # docks open without it

    numbers = np.unique(labels)
    if (numbers > 0).sum() != 1:
        return 0
    pieces = cv2.connectedComponents((labels > 0).astype(np.uint8), connectivity=8)[0] - 1
    return pieces if pieces >= _SEVERAL else 0


def say_one_number(pieces: int, name: str) -> str:
    """Return the sentence for labels that look like a mask, "" for 0 pieces."""
    if not pieces:
        return ""
    return (
        f"The labels of {name} have one number in {pieces} separate pieces, which counts as one object. "
        "If they are several, give each a number of its own first."
    )
