"""How well boxes are found: average precision and recall as COCO defines them, by its own evaluator."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from napari_labelfix.metrics.overlap import overlapping_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Found = tuple[NDArray[np.floating], NDArray[np.floating]]


MOST = 500  # boxes that COCO's evaluator compares with each other; of its 100 there would be too few for cells
_PART = 50  # boxes, about, of a part of an image with more than that
_APART = 0.49  # IoU: boxes that overlap less are never taken for each other, as the least that counts is 0.5
_CATEGORY = 1


class BoxScores(NamedTuple):
    """Average precision at IoU 0.5 and 0.75, and average precision and recall over IoU 0.5, 0.55, ... 0.95."""

    ap50: float
    ap75: float
    ap: float
    ar: float


def box_scores(found: Sequence[Found], truth: Sequence[NDArray[np.floating]]) -> BoxScores:
    """Compare what was found in some images with what there is.

    Parameters
    ----------
    found
        For each image, boxes (N, 4) y0, x0, y1, x1 and their scores (N,).
    truth
        For each image, boxes (M, 4); there must be one in some image.

    Raises
    ------
    ValueError
        If there are not as many images in both, or no true boxes.
    """
    if len(found) != len(truth):
        raise ValueError(f"Expected found and true boxes of as many images, but got {len(found)} and {len(truth)}.")
    if not sum(map(len, truth)):
        raise ValueError("Expected at least one true box, but got none.")
    if not sum(len(corners) for corners, _ in found):
        return BoxScores(0.0, 0.0, 0.0, 0.0)
    parts = [part for one, there in zip(found, truth, strict=True) for part in _parts(one, there)]
    found, truth = [one for one, _ in parts], [there for _, there in parts]
    with contextlib.redirect_stdout(io.StringIO()):  # it prints how long each part takes
        evaluation = COCOeval(_truth(truth), None, "bbox")
        evaluation.cocoDt = evaluation.cocoGt.loadRes(_results(found))
        evaluation.params.maxDets = [max(MOST, *(len(corners) for corners, _ in found))]
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e12]], ["all"]
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"][:, :, 0, 0, 0]  # (IoUs, recalls)
    recall = evaluation.eval["recall"][:, 0, 0, 0]  # (IoUs,)
    at = {round(float(threshold), 2): row for row, threshold in enumerate(evaluation.params.iouThrs)}
    means = [precision[at[0.5]].mean(), precision[at[0.75]].mean(), precision.mean(), recall.mean()]
    return BoxScores(*map(float, means))


def _parts(found: Found, truth: NDArray[np.floating]) -> list[tuple[Found, NDArray[np.floating]]]:
    """Return an image with many boxes in parts that can be compared on their own; COCO's time grows with the square.

    Boxes that could be taken for each other stay together, so the comparison says the same.
    """
    corners, scores = found
    if max(len(corners), len(truth)) <= MOST:
        return [(found, truth)]
    mine, theirs = overlapping_pairs(corners, truth, _APART)
    count = len(corners) + len(truth)
    joined = coo_array((np.ones(len(mine), bool), (mine, theirs + len(corners))), shape=(count, count))
    _, group = connected_components(joined, directed=False)
    part = (np.cumsum(np.bincount(group)) // _PART)[group]
    of_found, of_truth = part[: len(corners)], part[len(corners) :]
    return [
        ((corners[of_found == number], scores[of_found == number]), truth[of_truth == number])
        for number in np.unique(part)
    ]


def _truth(truth: Sequence[NDArray[np.floating]]) -> COCO:
    annotations = [
        {"image_id": image, "category_id": _CATEGORY, "bbox": box, "area": box[2] * box[3], "iscrowd": 0}
        for image, corners in enumerate(truth)
        for box in _xywh(corners)
    ]
    coco = COCO()
    coco.dataset = {
        "info": {},
        "images": [{"id": image} for image in range(len(truth))],
        "categories": [{"id": _CATEGORY}],
        "annotations": [annotation | {"id": number} for number, annotation in enumerate(annotations, start=1)],
    }
    coco.createIndex()
    return coco


def _results(found: Sequence[Found]) -> list[dict[str, object]]:
    return [
        {"image_id": image, "category_id": _CATEGORY, "bbox": box, "score": float(score)}
        for image, (corners, scores) in enumerate(found)
        for box, score in zip(_xywh(corners), scores, strict=True)
    ]


def _xywh(corners: NDArray[np.floating]) -> list[list[float]]:
    y0, x0, y1, x1 = np.asarray(corners, float).reshape(-1, 4).T
    return np.stack([x0, y0, x1 - x0, y1 - y0], axis=1).tolist()
