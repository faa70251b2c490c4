"""How much two masks agree, pixel by pixel, and how far boxes overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def iou(predicted: NDArray[np.generic], truth: NDArray[np.generic]) -> float:
    """Return intersection over union (the Jaccard index) of two masks.

    Parameters
    ----------
    predicted, truth
        Arrays of one shape; every value but 0 is foreground.

    Returns
    -------
    float
        In [0, 1]. Two empty masks agree: 1.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> iou(np.array([1, 1, 0]), np.array([0, 1, 1]))
    0.3333333333333333
    """
    shared, in_predicted, in_truth = _count(predicted, truth)
    union = in_predicted + in_truth - shared
    return shared / union if union else 1.0


def dice(predicted: NDArray[np.generic], truth: NDArray[np.generic]) -> float:
    """Return the Dice coefficient of two masks: twice the intersection over the sum of the areas.

    Parameters, empty masks and errors are those of `iou`.

    Examples
    --------
    >>> dice(np.array([1, 1, 0]), np.array([0, 1, 1]))
    0.5
    """
    shared, in_predicted, in_truth = _count(predicted, truth)
    total = in_predicted + in_truth
    return 2 * shared / total if total else 1.0


def iou_of_boxes(one: NDArray[np.floating], other: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return intersection over union of each box of one set with each of another.

    Parameters
    ----------
    one, other
        (N, 4) and (M, 4) y0, x0, y1, x1.

    Returns
    -------
    NDArray[np.float64]
        (N, M) in [0, 1]; boxes without area overlap with nothing.
    """
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2).astype(float)
    area_of_one, area_of_other = (np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(axis=1) for boxes in (one, other))
    union = area_of_one[:, None] + area_of_other - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def _count(predicted: NDArray[np.generic], truth: NDArray[np.generic]) -> tuple[int, int, int]:
    """Count the foreground pixels of both masks together, of the first and of the second."""
    if predicted.shape != truth.shape:
        raise ValueError(f"Expected masks of one shape, but got {predicted.shape} and {truth.shape}.")
    a, b = predicted != 0, truth != 0
    return int(np.count_nonzero(a & b)), int(np.count_nonzero(a)), int(np.count_nonzero(b))
