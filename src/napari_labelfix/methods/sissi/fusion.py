"""From what a detector says of many views of an image to one set of boxes: weighted boxes fusion.

Solovyev, Wang, Gabruseva, "Weighted boxes fusion: Ensembling boxes from different object detection models", Image and
Vision Computing 107, 2021. Boxes are (N, 4) y0, x0, y1, x1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torchvision.ops import nms

from napari_labelfix.metrics.overlap import iou_of_boxes, overlapping_any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SAME = 0.5  # IoU with the mean so far above which a box is of the same cell
SKIPPED = 0.25  # a view's boxes with a lower score are left out
OVERLAP = 0.2  # IoU from which on the worse of two boxes goes
_HEADROOM = 3  # times as many boxes as typical cells fit side by side are kept: some cells are smaller
_FEWEST = 500  # boxes that are kept in any case


class Scored(NamedTuple):
    """Boxes (N, 4) float32 y0, x0, y1, x1 in pixels, with scores (N,) float32 in [0, 1]."""

    corners: NDArray[np.float32]
    scores: NDArray[np.float32]

    def taken(self, chosen: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Scored:
        """Return some of them."""
        return Scored(self.corners[chosen], self.scores[chosen])


NOTHING = Scored(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))


def fuse(views: Sequence[Scored]) -> Scored:
    """Join the boxes of several views: those of one cell become their mean, weighted by their scores.

    Parameters
    ----------
    views
        What was found in each, in the coordinates of the image; boxes with a score below `SKIPPED` are left out.

    Returns
    -------
    Scored
        With the mean score of a cell's boxes, lowered by the share of the views that did not see it; the highest first.
    """
    every = Scored(*(np.concatenate(parts) for parts in zip(*views, strict=True))) if views else NOTHING
    every = every.taken(every.scores >= SKIPPED)
    every = every.taken(np.argsort(-every.scores, kind="stable"))
    weighted = np.zeros((len(every.scores), 4))  # by cluster, sum of score x box
    weights, members = np.zeros(len(every.scores)), np.zeros(len(every.scores))
    means = np.zeros_like(weighted)
    count = 0
    for corners, score in zip(every.corners.astype(float), every.scores.astype(float), strict=True):
        best = _cluster_of(corners, means[:count])
        if best is None:
            best, count = count, count + 1
        weighted[best] += score * corners
        weights[best] += score
        members[best] += 1
        means[best] = weighted[best] / weights[best]
    found, seen = slice(count), members[:count]
    scores = weights[found] / seen * np.minimum(seen, len(views)) / max(1, len(views))
    fused = Scored(means[found].astype(np.float32), scores.astype(np.float32))
    return fused.taken(np.argsort(-fused.scores, kind="stable"))


def most_boxes(height: int, width: int, cell: float) -> int:
    """Return how many boxes of a page of this size are kept at most, where cells have a side of `cell` pixels."""
    return max(_FEWEST, round(_HEADROOM * height * width / cell**2))


def suppress(found: Scored, lowest: float, most: int) -> Scored:
    """Return the best boxes: of two that overlap only the better, none with a lower score, and at most so many."""
    found = found.taken(found.scores >= lowest)
    kept = nms(torch.from_numpy(found.corners), torch.from_numpy(found.scores), OVERLAP).numpy()
    return found.taken(kept[:most])


def with_certain(found: Scored, certain: NDArray[np.float32]) -> Scored:
    """Return found boxes with those (M, 4) that a person is sure of, which win over what overlaps them."""
    others = found.taken(~overlapping_any(found.corners, certain, OVERLAP))
    scores = np.concatenate([np.ones(len(certain), np.float32), others.scores])
    return Scored(np.concatenate([certain, others.corners]), scores)


def _cluster_of(corners: NDArray[np.float64], means: NDArray[np.float64]) -> int | None:
    """Return which cluster a box (4,) is of: that whose mean, of (N, 4), it overlaps most; None if it is of none."""
    low, high = corners[:2], corners[2:]
    near = np.flatnonzero(
        (means[:, 0] < high[0]) & (means[:, 1] < high[1]) & (means[:, 2] > low[0]) & (means[:, 3] > low[1])
    )
    if not len(near):
        return None
    overlaps = iou_of_boxes(corners[np.newaxis], means[near])[0]
    best = int(overlaps.argmax())
    return int(near[best]) if overlaps[best] > SAME else None
