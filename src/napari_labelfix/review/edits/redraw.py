"""One object gets a new outline, and all others keep theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from napari_labelfix.review.boxes import around, boxes_in, widened
from napari_labelfix.review.edits.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_labelfix.review.boxes import Box
    from napari_labelfix.review.edits.draft import Outcome


def redraw(
    labels: NDArray[np.integer],
    object_id: int,
    outline: Sequence[Sequence[float]] | NDArray[np.floating],
    *,
    locked: Collection[int] = (),
    boxes: Mapping[int, Box] | None = None,
) -> Outcome:
    """Give an object of a plane the shape of a drawn outline, as far as no other object is there.

    Parameters
    ----------
    labels
        (Y, X), 0 = background.
    object_id
        The object; one that has no pixels yet is made.
    outline
        (N, 2) row and column of the outline's corners; its end is joined to its beginning. Where it leaves no pixel to
        the object, nothing changes.
    locked
        Ids that must not change.
    boxes
        Where the object lies, if that is known.
    """
    draft = Draft(labels)
    corners = np.asarray(outline, np.float64).reshape(-1, 2)
    if object_id in locked or len(corners) < 3:
        return draft.outcome()
    low, high = np.floor(corners.min(axis=0)).astype(int), np.ceil(corners.max(axis=0)).astype(int) + 1
    drawn = tuple(slice(*sorted(side)) for side in np.clip([low, high], 0, labels.shape).T.tolist())
    own = boxes_in(labels, [object_id], boxes)
    box = widened(around([drawn, *own.values()]), 0, labels.shape)
    inside = _inside(corners, box)
    mask, free = labels[box] == object_id, labels[box] == 0
    if (inside & (mask | free)).any():
        draft.write(box, mask & ~inside, 0)
        draft.write(box, inside & free, object_id)
    return draft.outcome()


def _inside(corners: NDArray[np.float64], box: Box) -> NDArray[np.bool_]:
    rows, columns = box
    canvas = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
    points = np.round(corners[:, ::-1] - [columns.start, rows.start]).astype(np.int32)  # x, y
    if canvas.size:
        cv2.fillPoly(canvas, [points], 1)
    return canvas.astype(bool)
