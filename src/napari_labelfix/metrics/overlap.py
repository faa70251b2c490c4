"""How much two masks agree, pixel by pixel, and how far boxes overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

CARELESS_BOX = 0.3  # IoU from which on a found box is one that was given: these are imprecise
_AT_ONCE = 2**20  # pairs of boxes that are looked at together, for the memory that they take


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
    return _iou_of_pairs(one[:, None], other[None])


def overlapping_pairs(
    one: NDArray[np.floating], other: NDArray[np.floating], least: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which boxes of one set overlap with which of another; thousands in a plane take a fraction of a second.

    Parameters
    ----------
    one, other
        (N, 4) and (M, 4) y0, x0, y1, x1.
    least
        Intersection over union, above 0, from which on two overlap.

    Returns
    -------
    tuple[NDArray[np.intp], NDArray[np.intp]]
        Of each pair, the index in `one` and that in `other`.
    """
    pairs = np.concatenate([np.zeros((2, 0), np.intp), *map(np.stack, _overlapping(one, other, least))], axis=1)
    return pairs[0], pairs[1]


def overlapping_any(one: NDArray[np.floating], other: NDArray[np.floating], least: float) -> NDArray[np.bool_]:
    """Return (N,) which boxes (N, 4) overlap with one of others (M, 4); see `overlapping_pairs`."""
    found = np.zeros(len(one), bool)
    for mine, _ in _overlapping(one, other, least):
        found[mine] = True
    return found


def lying_in_any(one: NDArray[np.floating], other: NDArray[np.floating], share: float) -> NDArray[np.bool_]:
    """Return (N,) which boxes (N, 4) have more than that share of their area in one of others (M, 4)."""
    found = np.zeros(len(one), bool)
    for mine, theirs in _side_by_side(one, other):
        a, b = one[mine], other[theirs]
        shared = np.clip(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0, None).prod(axis=1)
        found[mine[shared > share * (a[:, 2:] - a[:, :2]).prod(axis=1)]] = True
    return found


def _overlapping(
    one: NDArray[np.floating], other: NDArray[np.floating], least: float
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Tell the pairs that `overlapping_pairs` returns, part by part."""
    for mine, theirs in _side_by_side(one, other):
        a, b = one[mine], other[theirs]
        near = (a[:, 1] < b[:, 3]) & (b[:, 1] < a[:, 3])
        mine, theirs = mine[near], theirs[near]
        same = _iou_of_pairs(one[mine], other[theirs]) >= least
        yield mine[same], theirs[same]


def _iou_of_pairs(one: NDArray[np.floating], other: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return (...) intersection over union of boxes (..., 4) with those at the same place of another array."""
    low, high = np.maximum(one[..., :2], other[..., :2]), np.minimum(one[..., 2:], other[..., 2:])
    shared = np.clip(high - low, 0, None).prod(axis=-1).astype(float)
    areas = [np.clip(boxes[..., 2:] - boxes[..., :2], 0, None).prod(axis=-1) for boxes in (one, other)]
    union = areas[0] + areas[1] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def _side_by_side(
    one: NDArray[np.floating], other: NDArray[np.floating]
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Tell the pairs of boxes, by their indices, that have some rows in common, and a few others.

    The others are sorted by where they begin. Those of about the same height come together, so that a single tall box
    does not make all of them candidates.
    """
    heights = other[:, 2] - other[:, 0]
    octaves = np.floor(np.log2(heights, out=np.full(len(other), np.nan), where=heights > 0))
    for octave in np.unique(octaves[heights > 0]):
        theirs = np.flatnonzero(octaves == octave)
        theirs = theirs[np.argsort(other[theirs, 0])]
        begins = other[theirs, 0]
        first = np.searchsorted(begins, one[:, 0] - 2.0 ** (octave + 1))
        counts = np.maximum(np.searchsorted(begins, one[:, 2]) - first, 0)
        part = np.cumsum(counts) // _AT_ONCE
        for mine in np.split(np.arange(len(one)), np.flatnonzero(np.diff(part)) + 1):
            ends = np.cumsum(counts[mine])
            within = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts[mine], counts[mine])
            yield np.repeat(mine, counts[mine]), theirs[np.repeat(first[mine], counts[mine]) + within]


def _count(predicted: NDArray[np.generic], truth: NDArray[np.generic]) -> tuple[int, int, int]:
    """Count the foreground pixels of both masks together, of the first and of the second."""
    if predicted.shape != truth.shape:
        raise ValueError(f"Expected masks of one shape, but got {predicted.shape} and {truth.shape}.")
    a, b = predicted != 0, truth != 0
    return int(np.count_nonzero(a & b)), int(np.count_nonzero(a)), int(np.count_nonzero(b))
