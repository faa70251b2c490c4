"""Labels with all that makes exports go wrong."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from napari_labelfix.io.grid import Grid
from napari_labelfix.io.label_image import LabelImage

HUGE = 4_000_000_017  # needs all 32 bits
GRIDS = {
    2: Grid(("y", "x"), (0.25, 0.5), ("micrometer",) * 2),
    3: Grid(("z", "y", "x"), (2.0, 0.25, 0.5), ("micrometer",) * 3),
    4: Grid(("t", "z", "y", "x"), (30.0, 2.0, 0.25, 0.5), ("second", *("micrometer",) * 3)),
}


class Found(NamedTuple):
    number: int
    box: tuple[int, int, int, int]
    mask: np.ndarray  # in the box


def objects_of(plane):
    """Yield the objects of a plane one by one, by ascending id."""
    for number in np.unique(plane[plane > 0]).tolist():
        rows, columns = np.nonzero(plane == number)
        y0, x0, y1, x1 = rows.min(), columns.min(), rows.max() + 1, columns.max() + 1
        yield Found(number, (y0, x0, y1, x1), plane[y0:y1, x0:x1] == number)


def tricky_plane() -> np.ndarray:
    """(40, 52) uint32: a ring with an object in its hole, two pieces, corners that touch, every border, one pixel."""
    labels = np.zeros((40, 52), np.uint32)
    labels[4:16, 5:18] = 3
    labels[7:12, 8:14] = 0
    labels[8:10, 9:12] = HUGE  # inside the hole of 3
    labels[20:24, 2:6] = labels[28:31, 10:20] = 7  # two pieces
    labels[0:5, 30:36] = 70_000  # at the top
    labels[34:40, 0:4] = 9  # in a corner
    labels[30:40, 48:52] = 10
    labels[18, 40] = 12  # one pixel
    labels[20:25, 30:35] = labels[25:29, 35:39] = 14  # pieces that touch at a corner
    labels[10:17, 40:47] = 15
    labels[11, 41] = labels[12, 42] = labels[10, 40] = 0  # holes that touch at corners, and the outside
    labels[2:40, 25] = 20  # thin, to the bottom
    labels[0:40, 27:29] = 21  # from border to border
    return labels


def tricky(ndim: int = 2, **rest) -> LabelImage:
    """The plane alone, or turned and emptied in a stack; its grid is not the same along any two axes."""
    plane = tricky_plane()
    if ndim > 2:
        stack = np.stack([plane, np.zeros_like(plane), plane[::-1, ::-1]])
        plane = stack if ndim == 3 else np.stack([stack, stack[::-1, :, ::-1]])
    return LabelImage.of("cells", plane, GRIDS[ndim], **rest)


def empty() -> LabelImage:
    return LabelImage.of("cells", np.zeros((20, 30), np.uint16))
