"""Boxes of an image, whatever they come from: the part of each that lies in it, and what is told if none does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.annotations import Boxes
from napari_labelfix.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_labelfix.io.read import ImageFile

AREAS = ("rectangle", "polygon", "ellipse")  # napari's shapes that have an inside; lines and paths have none
_NARROWEST = 0.99  # pixels: a whole one, but for what files round off
_ROUND = np.arange(4)  # the vertices that napari keeps of an ellipse


def cut_to(corners: NDArray[np.floating], shape: tuple[int, int]) -> tuple[NDArray[np.floating], NDArray[np.bool_]]:
    """Cut off what reaches beyond an image.

    Parameters
    ----------
    corners
        (N, 4) y0, x0, y1, x1 in pixels, counted from the edge of the image.
    shape
        Height and width of the image.

    Returns
    -------
    cut
        (N, 4) what is left of each.
    seen
        (N,) which of them are a pixel wide and high, or more.
    """
    cut = np.clip(corners, 0, [*shape, *shape])
    return cut, _are_large(cut)


def bounds_of_shapes(
    vertices: NDArray[np.floating], starts: NDArray[np.intp], kinds: Sequence[str]
) -> NDArray[np.float64]:
    """Return the bounding boxes (N, 4) y0, x0, y1, x1 of napari's shapes, counted from the edge of the image.

    Parameters
    ----------
    vertices
        (V, 2) of all shapes, one after the other, counted from the middle of the first pixel.
    starts
        (N + 1,) where each shape begins; the last is V.
    kinds
        (N,) words that napari has for them.
    """
    first = starts[:-1]
    if not len(first):
        return np.zeros((0, 4))
    low, high = np.minimum.reduceat(vertices, first), np.maximum.reduceat(vertices, first)
    ellipses = np.flatnonzero((np.array(kinds) == "ellipse") & (np.diff(starts) == len(_ROUND)))
    around = vertices[first[ellipses, None] + _ROUND]  # of a rectangle: one that is turned is larger than what it holds
    middle = around.mean(axis=1)
    reach = np.hypot(around[:, 1] - around[:, 0], around[:, 3] - around[:, 0]) / 2
    low[ellipses], high[ellipses] = middle - reach, middle + reach
    return np.hstack([low, high]).astype(float) + 0.5


def boxes_in_planes(
    corners: NDArray[np.floating],
    plane: NDArray[np.intp],
    file: ImageFile,
    what: str,
    cells: NDArray[np.bool_] | None = None,
) -> list[Boxes]:
    """Return the boxes of an image, one record for each plane; what cannot be seen in it is left out.

    Parameters
    ----------
    corners
        (N, 4) two opposite corners each, y, x, y, x in pixels, counted from the edge of the image.
    plane
        (N,) the number of the plane that each is in.
    file
        The image.
    what
        The file of the boxes, for the sentence.
    cells
        (N,) which are around a cell, and not around what is none; None means all.

    Raises
    ------
    InputError
        If there are boxes, but none of them can be seen in the image.
    """
    height, width = file.shape[-2:]
    ordered = np.hstack([np.minimum(corners[:, :2], corners[:, 2:]), np.maximum(corners[:, :2], corners[:, 2:])])
    cut, seen = cut_to(ordered, (height, width))
    if len(ordered) and not _are_large(ordered).any():
        raise InputError(
            f"Expected boxes in pixels, but those of {what} are smaller than a pixel. "
            f"If they are shares of the image, multiply them by its size of {height} x {width} (height x width)."
        )
    if len(ordered) and not seen.any():
        raise InputError(f"No box of {what} lies in the image of {height} x {width}. Is it of another image?")
    cells = np.ones(len(cut), bool) if cells is None else cells
    here = [seen & (plane == number) for number in range(len(file.planes))]
    return [Boxes(cut[one & cells], (height, width), cut[one & ~cells]) for one in here]


def _are_large(corners: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return (N,) which boxes are a pixel wide and high, or more."""
    return np.asarray((corners[:, 2:] - corners[:, :2]).min(axis=1, initial=np.inf) >= _NARROWEST)
