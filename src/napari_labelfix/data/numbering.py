"""Labels that look as if they were something else: a mask, or a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SEVERAL = 3  # pieces; one object may lie in two
_ROWS = 256  # that are looked at, of many: a person waits for it
_RESTLESS = 0.5  # share of neighbouring pixels of objects that have different numbers; in labels it is below 0.2


def doubt_about_numbers(labels: NDArray[Any]) -> str:
    """Return the half of a sentence that says what labels look like instead, "" for labels that look like such.

    Parameters
    ----------
    labels
        (Y, X) ids, 0 = background: a mask has one number in several pieces, a grey picture different ones everywhere.
    """
    if pieces := _pieces_of_one_number(labels):
        return (
            f"one number in {pieces} separate pieces, which counts as one object. If they are several, give each a "
            "number of its own first"
        )
    some = labels[:: max(1, len(labels) // _ROWS)]
    left, right = some[:, :-1], some[:, 1:]
    inside = (left > 0) & (right > 0)
    if inside.any() and (left[inside] != right[inside]).mean() > _RESTLESS:
        return "different numbers in most neighbouring pixels, as a picture has. Choose labels, with a number an object"
    return ""


def _pieces_of_one_number(labels: NDArray[Any]) -> int:
    """Return in how many pieces labels lie, if all of them have one number and they are several; else 0."""
    highest = labels.max(initial=0)
    if highest <= 0 or ((labels > 0) & (labels != highest)).any():
        return 0
    import cv2  # docks open without it

    pieces = cv2.connectedComponents((labels > 0).astype(np.uint8), connectivity=8)[0] - 1
    return pieces if pieces >= _SEVERAL else 0
