"""The outline of objects: grow, shrink, smooth, fill. An object never grows over another, and never vanishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy  # its parts are loaded on use: docks open without them

from napari_labelfix.review.boxes import boxes_in, widened
from napari_labelfix.review.edits.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_labelfix.review.boxes import Box
    from napari_labelfix.review.edits.draft import Outcome


def grow(
    labels: NDArray[np.integer],
    ids: Collection[int],
    by: float = 1,
    *,
    spacing: Sequence[float] | None = None,
    locked: Collection[int] = (),
    boxes: Mapping[int, Box] | None = None,
) -> Outcome:
    """Add the background within a distance to objects. Where two of them reach a pixel, the nearer one gets it.

    Parameters
    ----------
    labels
        (..., Y, X), 0 = background.
    ids
        The objects.
    by
        The distance, in pixels or in the unit of `spacing`.
    spacing
        How far apart pixels are along each axis; 1 where it is None.
    locked
        Ids that must not change.
    boxes
        Where the objects lie, if that is known.
    """
    draft = Draft(labels)
    for object_id, known in boxes_in(labels, ids, boxes, locked).items():
        box = widened(known, _margins(by, spacing, labels.ndim), labels.shape)
        mask = labels[box] == object_id
        if mask.any():
            distance = scipy.ndimage.distance_transform_edt(~mask, sampling=spacing)
            draft.write(box, (distance <= by) & (labels[box] == 0), object_id, distance)
    return draft.outcome()


def shrink(
    labels: NDArray[np.integer],
    ids: Collection[int],
    by: float = 1,
    *,
    spacing: Sequence[float] | None = None,
    locked: Collection[int] = (),
    boxes: Mapping[int, Box] | None = None,
) -> Outcome:
    """Take the pixels within a distance of their edge from objects; one of which nothing would be left stays as it is.

    The end of the array is no edge: an object goes on behind it. Parameters are those of `grow`.
    """
    draft = Draft(labels)
    for object_id, known in boxes_in(labels, ids, boxes, locked).items():
        box = widened(known, 1, labels.shape)
        mask = labels[box] == object_id
        if not mask.all():
            lost = mask & (scipy.ndimage.distance_transform_edt(mask, sampling=spacing) <= by)
            draft.write(box, lost & (lost != mask).any(), 0)
    return draft.outcome()


def smooth(
    labels: NDArray[np.integer],
    ids: Collection[int],
    by: float = 2,
    *,
    spacing: Sequence[float] | None = None,
    locked: Collection[int] = (),
    boxes: Mapping[int, Box] | None = None,
) -> Outcome:
    """Round off what sticks out of objects, and fill dents, by blurring their outline.

    An object too thin for it stays as it is. Parameters are those of `grow`; `by` is the blur's standard deviation.
    """
    draft = Draft(labels)
    for object_id, known in boxes_in(labels, ids, boxes, locked).items():
        box = widened(known, _margins(by, spacing, labels.ndim), labels.shape)
        mask = labels[box] == object_id
        sigma = by if spacing is None else [by / step for step in spacing]
        blurred = scipy.ndimage.gaussian_filter(mask.astype(np.float32), sigma, mode="nearest") > 0.5
        if (blurred & mask).any():
            draft.write(box, mask & ~blurred, 0)
            draft.write(box, blurred & (labels[box] == 0), object_id)
    return draft.outcome()


def fill_holes(
    labels: NDArray[np.integer],
    ids: Collection[int],
    *,
    locked: Collection[int] = (),
    boxes: Mapping[int, Box] | None = None,
) -> Outcome:
    """Give the background that an object encloses to the object. Parameters are those of `grow`."""
    draft = Draft(labels)
    taken = np.zeros(labels.shape, bool)  # of objects in one another the first gets a hole; hundreds would all hold it
    for object_id, box in boxes_in(labels, ids, boxes, locked).items():
        filled = scipy.ndimage.binary_fill_holes(labels[box] == object_id) & (labels[box] == 0) & ~taken[box]
        draft.write(box, filled, object_id)
        taken[box] |= filled
    return draft.outcome()


def _margins(by: float, spacing: Sequence[float] | None, ndim: int) -> list[int]:
    """Return how many pixels of each axis a distance spans, and one more."""
    return [int(np.ceil(by / step)) + 1 for step in spacing or [1.0] * ndim]
