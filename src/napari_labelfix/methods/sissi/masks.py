"""From boxes to masks: the foreground in each box, shared out where boxes overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

EDGE = 0.5  # probability of the foreground at which a mask ends
_FEWEST = 0.25  # of the ellipse in a box: with less foreground, the ellipse is the mask


def masks_in_boxes(foreground: NDArray[np.floating], corners: NDArray[np.floating]) -> NDArray[np.int32]:
    """Give each box a mask that lies in it.

    A pixel in several boxes goes to the one whose middle is nearest, measured in the box's own height and width.

    Parameters
    ----------
    foreground
        (Y, X) probability of a cell.
    corners
        (N, 4) y0, x0, y1, x1 in pixels.

    Returns
    -------
    NDArray[np.int32]
        (Y, X) one more than the number of the box, 0 = background.
    """
    labels = np.zeros(foreground.shape, np.int32)
    nearest = np.full(foreground.shape, np.inf, np.float32)
    windows = [_window(box, foreground.shape) for box in corners]
    for number, (box, window) in enumerate(zip(corners, windows, strict=True), start=1):
        distance = _distance(box, window)
        inside = foreground[window] >= EDGE
        ellipse = distance <= 1
        if np.count_nonzero(inside) < _FEWEST * np.count_nonzero(ellipse):
            inside = ellipse
        mine = inside & (distance < nearest[window])
        labels[window][mine] = number
        nearest[window][mine] = distance[mine]
    return labels


def _window(box: NDArray[np.floating], shape: tuple[int, ...]) -> tuple[slice, slice]:
    low = np.clip(np.round(box[:2]).astype(int), 0, shape)
    high = np.clip(np.round(box[2:]).astype(int), 0, shape)
    return slice(low[0], high[0]), slice(low[1], high[1])


def _distance(box: NDArray[np.floating], window: tuple[slice, slice]) -> NDArray[np.float32]:
    """Return how far the pixels of a window are from the middle of a box: 1 on the ellipse that fills it."""
    y, x = np.ogrid[window]
    middle, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2
    return np.hypot((y + 0.5 - middle[0]) / half[0], (x + 0.5 - middle[1]) / half[1]).astype(np.float32)
