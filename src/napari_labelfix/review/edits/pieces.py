"""Objects in several pieces, and objects that should not be there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import skimage  # its parts are loaded on use: docks open without them

from napari_labelfix.review.boxes import boxes_in
from napari_labelfix.review.edits.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from napari_labelfix.review.boxes import Box
    from napari_labelfix.review.edits.draft import Outcome


def delete(
    labels: NDArray[np.integer],
    ids: Collection[int],
    *,
    locked: Collection[int] = (),
    boxes: Mapping[int, Box] | None = None,
) -> Outcome:
    """Remove objects.

    Parameters
    ----------
    labels
        (..., Y, X), 0 = background.
    ids
        The objects.
    locked
        Ids that must not change.
    boxes
        Where the objects lie, if that is known.
    """
    draft = Draft(labels)
    for object_id, box in boxes_in(labels, ids, boxes, locked).items():
        draft.write(box, labels[box] == object_id, 0)
    return draft.outcome()


def keep_largest(
    labels: NDArray[np.integer],
    ids: Collection[int],
    *,
    locked: Collection[int] = (),
    boxes: Mapping[int, Box] | None = None,
) -> Outcome:
    """Remove all but the largest piece of objects; pixels that touch at a corner are one piece. See `delete`."""
    draft = Draft(labels)
    for object_id, box in boxes_in(labels, ids, boxes, locked).items():
        pieces = skimage.measure.label(labels[box] == object_id)
        largest = np.bincount(pieces.ravel())[1:].argmax() + 1 if pieces.any() else 0
        draft.write(box, (pieces > 0) & (pieces != largest), 0)
    return draft.outcome()


def separate(
    labels: NDArray[np.integer],
    ids: Collection[int],
    new_id: int,
    *,
    locked: Collection[int] = (),
    boxes: Mapping[int, Box] | None = None,
) -> Outcome:
    """Make each piece of objects an object; the largest keeps the id, the others get new ones from `new_id` on.

    Other parameters are those of `delete`.
    """
    draft, parents = Draft(labels), dict[int, tuple[int, ...]]()
    for object_id, box in boxes_in(labels, ids, boxes, locked).items():
        parents |= draft.write_parts(
            box, skimage.measure.label(labels[box] == object_id), object_id, new_id + len(parents)
        )
    return draft.outcome(parents)
