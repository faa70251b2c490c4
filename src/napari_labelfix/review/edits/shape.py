"""The outline of objects: grow, shrink, smooth, fill. An object never grows over another, and never vanishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy  # its parts are loaded on use: docks open without them

from napari_labelfix.review.boxes import boxes_in
from napari_labelfix.review.edits.draft import Draft
from napari_labelfix.review.edits.tiles import parts_of_objects

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_labelfix.review.boxes import Box
    from napari_labelfix.review.edits.draft import Outcome

_BLURRED = 4.0  # standard deviations, up to which a pixel counts in a blur


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
    margin = _margins(by, spacing, labels.ndim)
    for object_id, parts in parts_of_objects(labels, boxes_in(labels, ids, boxes, locked), margin, margin):
        for box, core, _ in parts:  # each grows by itself; where two of them reach a pixel, the distance decides
            other = np.ones([side.stop - side.start for side in box], bool)
            other[core] = labels[box][core] != object_id
            if not other.all():
                distance = scipy.ndimage.distance_transform_edt(other, sampling=spacing)
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
    found, margin = boxes_in(labels, ids, boxes, locked), _margins(by, spacing, labels.ndim)
    for object_id, parts in parts_of_objects(labels, found, [1] * labels.ndim, margin):
        losses, stays = [], False
        for box, core, _ in parts:
            mask = labels[box] == object_id
            lost = np.zeros_like(mask)
            if not mask.all():
                lost[core] = mask[core] & (scipy.ndimage.distance_transform_edt(mask, sampling=spacing)[core] <= by)
            losses.append((box, lost))
            stays |= bool((mask & ~lost)[core].any())
        for box, lost in losses if stays else []:
            draft.write(box, lost, 0)
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
    found, margin = boxes_in(labels, ids, boxes, locked), _margins(by, spacing, labels.ndim)
    sigma = [by / step for step in spacing or [1.0] * labels.ndim]
    reach = [int(_BLURRED * width + 0.5) for width in sigma]
    for object_id, parts in parts_of_objects(labels, found, margin, reach, beyond=1):
        changes, stays = [], False
        for box, _, near in parts:
            mask = labels[box] == object_id
            blurred = scipy.ndimage.gaussian_filter(mask.astype(np.float32), sigma, mode="nearest", truncate=_BLURRED)
            changed = np.zeros_like(mask)
            changed[near] = np.where(mask[near], blurred[near] <= 0.5, (blurred[near] > 0.5) & (labels[box][near] == 0))
            changes.append((box, changed, np.where(mask, 0, object_id)))
            stays |= bool((mask & ~changed)[near].any())
        for box, changed, value in changes if stays else []:
            draft.write(box, changed, value)
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
        filled = _without_holes(labels[box] == object_id) & (labels[box] == 0) & ~taken[box]
        draft.write(box, filled, object_id)
        taken[box] |= filled
    return draft.outcome()


def _without_holes(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a mask with what it encloses; sides connect what it does not hold."""
    if mask.ndim != 2:
        return np.asarray(scipy.ndimage.binary_fill_holes(mask))
    from napari_labelfix.data.instances import fill_small_holes  # docks open without it

    return fill_small_holes(mask, mask.size)  # five times as fast as filling from the edge


def _margins(by: float, spacing: Sequence[float] | None, ndim: int) -> list[int]:
    """Return how many pixels of each axis a distance spans, and one more."""
    return [int(np.ceil(by / step)) + 1 for step in spacing or [1.0] * ndim]
