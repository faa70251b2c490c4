"""How well objects are found and outlined. Label images: 0 is background, every other number is one object."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from napari_labelfix.data.label_images import Ranked, fill_label_holes, rank_objects, remove_small_objects

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Overlaps(NamedTuple):
    """The pixels that objects of two label images share.

    Parameters
    ----------
    shared
        (true objects, predicted objects) sparse: number of pixels in both.
    true, predicted
        The objects of each.
    """

    shared: csr_array
    true: Ranked
    predicted: Ranked


def mean_dice(predicted: NDArray[np.integer], truth: NDArray[np.integer], minimum_size: int = 64) -> float:
    """Return Dice averaged over the true objects (the paper's mDice).

    Each true object is paired with the predicted object that covers most of it (of equals, the lower id); several
    true objects may have the same partner. A true object that nothing covers counts 0. A predicted object that
    covers nothing is not punished: `f1_score` does that.

    Parameters
    ----------
    predicted, truth
        (Y, X) label images of one shape.
    minimum_size
        Predicted objects with fewer pixels are dropped, then the holes of the others are filled.

    Returns
    -------
    float
        In [0, 1]. Without true objects: 1 if none is predicted either, else 0.

    Raises
    ------
    ValueError
        If the shapes differ or a label is not a whole number from 0 up.

    Notes
    -----
    As measured in Lee & Jeong, Scribble2Label, MICCAI 2020 (minimum size and filling from their evaluation).
    """
    _check(predicted, truth)
    overlaps = count_overlaps(fill_label_holes(remove_small_objects(predicted, minimum_size)), truth)
    if 0 in overlaps.shared.shape:
        return float(overlaps.true.sizes.size == overlaps.predicted.sizes.size)
    partner = overlaps.shared.argmax(axis=1)
    shared = overlaps.shared.max(axis=1).toarray().ravel()
    return float(np.mean(2 * shared / (overlaps.true.sizes + overlaps.predicted.sizes[partner])))


def f1_score(predicted: NDArray[np.integer], truth: NDArray[np.integer], iou: float = 0.5) -> float:
    """Return the F1 score of detection: 2 TP / (predicted objects + true objects).

    TP is the largest possible number of one-to-one pairs whose IoU is at least `iou`.

    Parameters
    ----------
    predicted, truth
        (Y, X) label images of one shape.
    iou
        Least intersection over union of a pair, in (0, 1].

    Returns
    -------
    float
        In [0, 1]. Two images without objects agree: 1.

    Raises
    ------
    ValueError
        If the shapes differ, a label is not a whole number from 0 up, or `iou` is out of range.
    """
    return f1_of(_overlaps(predicted, truth, iou), iou)


def f1_of(overlaps: Overlaps, iou: float = 0.5) -> float:
    """Return `f1_score` of label images whose overlaps are known."""
    matched, _, objects = _matched(overlaps, iou)
    return 2 * matched / objects if objects else 1.0


def average_precision(predicted: NDArray[np.integer], truth: NDArray[np.integer], iou: float = 0.5) -> float:
    """Return TP / (TP + FP + FN) at one threshold, the average precision of the Data Science Bowl and of cell papers.

    TP and the parameters, errors and empty images are those of `f1_score`.
    """
    matched, _, objects = _matched(_overlaps(predicted, truth, iou), iou)
    return matched / (objects - matched) if objects else 1.0


def panoptic_quality(predicted: NDArray[np.integer], truth: NDArray[np.integer]) -> float:
    """Return the panoptic quality: F1 at IoU 0.5 times the mean IoU of the pairs.

    Kirillov et al., Panoptic Segmentation, CVPR 2019; parameters, errors and empty images are those of `f1_score`.
    """
    least = float(np.nextafter(0.5, 1))  # from it on no object has two partners
    _, shared, objects = _matched(_overlaps(predicted, truth, least), least)
    return 2 * shared / objects if objects else 1.0


def aggregated_jaccard(predicted: NDArray[np.integer], truth: NDArray[np.integer]) -> float:
    """Return the aggregated Jaccard index.

    Each true object is paired with the predicted one of highest IoU (several may share one); the pixels that pairs
    share are divided by those of their unions and of predicted objects that are in no pair. Kumar et al., IEEE TMI
    2017; parameters, errors and empty images are those of `f1_score`.
    """
    _check(predicted, truth)
    overlaps = count_overlaps(predicted, truth)
    if 0 in overlaps.shared.shape:
        return float(overlaps.true.sizes.size == overlaps.predicted.sizes.size)
    best = ious_of_pairs(overlaps).tocsr()
    partner = np.where(best.max(axis=1).toarray().ravel() > 0, best.argmax(axis=1), -1)
    met = partner >= 0
    shared = np.zeros(len(partner), np.int64)
    shared[met] = np.asarray(overlaps.shared[np.flatnonzero(met), partner[met]])
    unions = overlaps.true.sizes + np.where(met, overlaps.predicted.sizes[partner], 0) - shared
    lonely = np.setdiff1d(np.arange(overlaps.predicted.sizes.size), partner[met])
    return float(shared.sum() / (unions.sum() + overlaps.predicted.sizes[lonely].sum()))


def _overlaps(predicted: NDArray[np.integer], truth: NDArray[np.integer], iou: float) -> Overlaps:
    """Return what two label images share, once they and the least overlap asked for are found to be usable."""
    if not 0 < iou <= 1:
        raise ValueError(f"Expected iou in (0, 1], but got {iou}.")
    _check(predicted, truth)
    return count_overlaps(predicted, truth)


def _matched(overlaps: Overlaps, iou: float) -> tuple[int, float, int]:
    """Return the number of one-to-one pairs of that IoU, the sum of their IoUs, and the number of all objects."""
    pairs = ious_of_pairs(overlaps)
    good = pairs.data >= iou
    candidates = csr_array((pairs.data[good], (pairs.row[good], pairs.col[good])), shape=pairs.shape)
    partner = maximum_bipartite_matching(candidates, perm_type="column") if candidates.nnz else np.zeros(0, int)
    rows = np.flatnonzero(partner >= 0)
    summed = float(np.asarray(candidates[rows, partner[rows]]).sum()) if rows.size else 0.0
    return int(rows.size), summed, sum(overlaps.shared.shape)


def ious_of_pairs(overlaps: Overlaps) -> coo_array:
    """Return (true objects, predicted objects) sparse: the IoU of each pair that shares a pixel."""
    pairs = overlaps.shared.tocoo()
    union = overlaps.true.sizes[pairs.row] + overlaps.predicted.sizes[pairs.col] - pairs.data
    return coo_array((pairs.data / union, (pairs.row, pairs.col)), shape=pairs.shape)


def count_overlaps(predicted: NDArray[np.integer], truth: NDArray[np.integer]) -> Overlaps:
    """Count the pixels that each pair of objects shares, in one pass over the two (Y, X) label images."""
    return count_overlaps_of(rank_objects(predicted), rank_objects(truth))


def count_overlaps_of(found: Ranked, true: Ranked) -> Overlaps:
    """Count the pixels that each pair of objects shares, of two label images whose objects are known."""
    both = (found.ranks > 0) & (true.ranks > 0)
    pairs = (np.ones(np.count_nonzero(both), np.int64), (true.ranks[both] - 1, found.ranks[both] - 1))
    shared = coo_array(pairs, shape=(true.ids.size, found.ids.size)).tocsr()  # the same pair twice: added
    return Overlaps(shared, true, found)


def _check(predicted: NDArray[np.integer], truth: NDArray[np.integer]) -> None:
    if predicted.shape != truth.shape or predicted.ndim != 2:
        raise ValueError(f"Expected two (Y, X) label images of one shape, but got {predicted.shape} and {truth.shape}.")
    for labels in (predicted, truth):
        if labels.dtype.kind not in "iub":
            raise ValueError(f"Expected whole numbers as labels, but got {labels.dtype}.")
        if labels.size and labels.min() < 0:
            raise ValueError(f"Expected labels from 0 up, but got {labels.min()}.")
