"""How well boxes are found: average precision and recall as COCO defines them, by its own evaluator."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


MOST = 500  # boxes of an image that count, the best; of COCO's 100 there would be too few for cells
_CATEGORY = 1


class BoxScores(NamedTuple):
    """Average precision at IoU 0.5 and 0.75, and average precision and recall over IoU 0.5, 0.55, ... 0.95."""

    ap50: float
    ap75: float
    ap: float
    ar: float


def box_scores(
    found: Sequence[tuple[NDArray[np.floating], NDArray[np.floating]]], truth: Sequence[NDArray[np.floating]]
) -> BoxScores:
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
    with contextlib.redirect_stdout(io.StringIO()):  # it prints how long each part takes
        evaluation = COCOeval(_truth(truth), None, "bbox")
        evaluation.cocoDt = evaluation.cocoGt.loadRes(_results(found))
        evaluation.params.maxDets = [MOST]
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e12]], ["all"]
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"][:, :, 0, 0, 0]  # (IoUs, recalls)
    recall = evaluation.eval["recall"][:, 0, 0, 0]  # (IoUs,)
    at = {round(float(threshold), 2): row for row, threshold in enumerate(evaluation.params.iouThrs)}
    means = [precision[at[0.5]].mean(), precision[at[0.75]].mean(), precision.mean(), recall.mean()]
    return BoxScores(*map(float, means))


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


def _results(found: Sequence[tuple[NDArray[np.floating], NDArray[np.floating]]]) -> list[dict[str, object]]:
    return [
        {"image_id": image, "category_id": _CATEGORY, "bbox": box, "score": float(score)}
        for image, (corners, scores) in enumerate(found)
        for box, score in zip(_xywh(corners), scores, strict=True)
    ]


def _xywh(corners: NDArray[np.floating]) -> list[list[float]]:
    y0, x0, y1, x1 = np.asarray(corners, float).reshape(-1, 4).T
    return np.stack([x0, y0, x1 - x0, y1 - y0], axis=1).tolist()
