"""Several objects become one."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.review.boxes import boxes_in
from napari_labelfix.review.edits.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_labelfix.review.boxes import Box
    from napari_labelfix.review.edits.draft import Outcome


def ids_along(labels: NDArray[np.integer], path: Sequence[Sequence[float]] | NDArray[np.floating]) -> list[int]:
    """Return the objects of a plane (Y, X) that a dragged line meets, in the order in which it meets them.

    Parameters
    ----------
    labels
        (Y, X), 0 = background.
    path
        (N, 2) row and column of the line's corners; what lies outside the plane meets nothing.
    """
    corners = np.asarray(path, np.float64).reshape(-1, 2)
    if not len(corners):
        return []
    pieces = [corners[:1]]
    for start, end in pairwise(corners):
        steps = int(np.ceil(np.abs(end - start).max())) + 1
        pieces.append(np.linspace(start, end, steps + 1))
    pixels = np.round(np.concatenate(pieces)).astype(np.intp)
    inside = ((pixels >= 0) & (pixels < labels.shape)).all(axis=1)
    met = labels[tuple(pixels[inside].T)]
    return [int(object_id) for object_id in dict.fromkeys(met.tolist()) if object_id > 0]


def merge(
    labels: NDArray[np.integer],
    ids: Collection[int],
    *,
    keep: int | None = None,
    locked: Collection[int] = (),
    boxes: Mapping[int, Box] | None = None,
) -> Outcome:
    """Give several objects one id. Their pixels stay where they are: no gap between them is filled.

    Parameters
    ----------
    labels
        (..., Y, X), 0 = background.
    ids
        The objects; locked ones are left out, and of fewer than two nothing becomes.
    keep
        The id that stays; that of the largest if it is None or not among them, of equal ones the lowest.
    locked
        Ids that must not change.
    boxes
        Where the objects lie, if that is known.
    """
    found = boxes_in(labels, ids, boxes, locked)
    draft = Draft(labels)
    masks = {object_id: labels[box] == object_id for object_id, box in found.items()}
    masks = {object_id: mask for object_id, mask in masks.items() if mask.any()}
    if len(masks) < 2:
        return draft.outcome()
    kept = keep if keep in masks else max(masks, key=lambda object_id: np.count_nonzero(masks[object_id]))
    for object_id, mask in masks.items():
        draft.write(found[object_id], mask, int(kept))
    return draft.outcome({int(kept): tuple(masks)})
