"""Labels that look as if they were something else: a mask, or a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_SEVERAL = 3  # pieces; one object may lie in two
_ROWS = 256  # that are looked at, of many: a person waits for it
_RESTLESS = 0.5  # share of neighbouring pixels of objects that have different numbers; in labels it is below 0.2


def doubt_about_numbers(planes: Iterable[NDArray[Any]], name: str = "", remedy: str = "") -> str:
    """Return a sentence about the first of some planes whose labels look like something else, "" if none do.

    Parameters
    ----------
    planes
        (Y, X) ids, 0 = background: a mask has one number in several pieces, a grey picture different ones everywhere.
    name
        Whose labels they are; "" where it is clear.
    remedy
        What gives pieces numbers of their own, as the end of the sentence; "" where there is nothing for it.
    """
    whose = f"The labels of {name} have" if name else "The labels have"
    for labels in planes:
        if pieces := _pieces_of_one_number(labels):
            how = f": {remedy}" if remedy else ""
            return (
                f"{whose} one number in {pieces} separate pieces, which counts as one object. If they are several, "
                f"give each a number of its own first{how}."
            )
        if _is_restless(labels):
            return (
                f"{whose} different numbers in most neighbouring pixels, as a picture has. Choose labels, with a "
                "number an object."
            )
    return ""


def _is_restless(labels: NDArray[Any]) -> bool:
    some = labels[:: max(1, len(labels) // _ROWS)]
    left, right = some[:, :-1], some[:, 1:]
    inside = (left > 0) & (right > 0)
    return bool(inside.any() and (left[inside] != right[inside]).mean() > _RESTLESS)


def _pieces_of_one_number(labels: NDArray[Any]) -> int:
    """Return in how many pieces labels lie, if all of them have one number and they are several; else 0."""
    highest = labels.max(initial=0)
    if highest <= 0 or ((labels > 0) & (labels != highest)).any():
        return 0
    import cv2  # docks open without it

    pieces = cv2.connectedComponents((labels > 0).astype(np.uint8), connectivity=8)[0] - 1
    return pieces if pieces >= _SEVERAL else 0
