"""Where objects lie: what is done to one object looks at its bounding box, however large the image is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy  # its parts are loaded on use: docks open without them

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

Box = tuple[slice, ...]  # one slice per axis, with start and stop
FEW = 8  # up to here, one pass over the pixels for each object is faster than one for all
_LARGE = 10**6
_LOCAL = 8  # a window of more than one part in so many of the array is no longer looked at by itself


def stacks_of(array: NDArray[Any]) -> Iterator[tuple[tuple[int, ...], NDArray[Any]]]:
    """Yield the parts of an array along its last three axes, and the index of each; of fewer axes, the whole."""
    return ((index, array[index]) for index in np.ndindex(array.shape[:-3]))


def find_boxes(labels: NDArray[np.integer], ids: Collection[int] | None = None) -> dict[int, Box]:
    """Return the bounding boxes of all objects, or of those of `ids` that have pixels in the array, by id."""
    if labels.dtype == bool:
        labels = labels.view(np.uint8)
    if ids is not None and len(ids) <= FEW:
        few = {int(object_id): _box_of_mask(labels == object_id) for object_id in sorted(set(ids))}
        return {object_id: box for object_id, box in few.items() if box is not None}
    every: Iterable[tuple[int, Box | None]]
    if not labels.size:
        every = ()
    elif labels.max() <= _LARGE:
        every = enumerate(scipy.ndimage.find_objects(labels), start=1)
    else:  # of their ranks, as find_objects makes a list as long as the largest number is
        numbers = np.unique(labels if ids is None else np.fromiter(ids, np.int64, len(ids)))
        numbers = numbers[numbers > 0]
        rank = np.minimum(np.searchsorted(numbers, labels), numbers.size - 1)
        boxes = scipy.ndimage.find_objects(np.where(numbers[rank] == labels, rank + 1, 0))
        every = zip(numbers.tolist(), boxes, strict=False)
    wanted = None if ids is None else {int(object_id) for object_id in ids}
    return {number: box for number, box in every if box is not None and (wanted is None or number in wanted)}


def find_box(labels: Any, object_id: int, first: tuple[int, ...] = ()) -> Box | None:
    """Return a box with an object's pixels in the first plane that has any, or None; planes are read one by one.

    Parameters
    ----------
    labels
        (..., Y, X).
    object_id
        The object.
    first
        The index of the plane to look at first.
    """
    indices = list(np.ndindex(labels.shape[:-2]))
    for index in [first, *indices] if first in indices else indices:
        box = _box_of_mask(np.asarray(labels[index]) == object_id)
        if box is not None:
            return (*(slice(i, i + 1) for i in index), *box)
    return None


def box_around(labels: NDArray[np.integer], object_id: int, part: Box, area: int) -> Box | None:
    """Return the box of an object without looking at the whole array; None where that would not be faster.

    Parameters
    ----------
    labels
        (..., Y, X), 0 = background.
    object_id
        The object.
    part
        A box that holds some of its pixels.
    area
        How many pixels it has: when so many are found, all are.
    """
    margin = 4
    while True:
        window = widened(part, margin, labels.shape)
        inside = labels[window] == object_id
        if inside.size * _LOCAL > labels.size:
            return None
        if np.count_nonzero(inside) == area:
            box = _box_of_mask(inside)
            return box and tuple(
                slice(side.start + corner.start, side.stop + corner.start)
                for side, corner in zip(box, window, strict=True)
            )
        margin *= 2


def boxes_in(
    labels: NDArray[np.integer], ids: Collection[int], known: Mapping[int, Box] | None, locked: Collection[int] = ()
) -> dict[int, Box]:
    """Return the boxes of the objects that an edit may change, ascending by id.

    Parameters
    ----------
    labels
        (..., Y, X), 0 = background.
    ids
        What the edit was asked for.
    known
        Boxes that are known already and hold all pixels of their object; they are looked for where this is None.
    locked
        Objects that must not change.
    """
    free = sorted({int(object_id) for object_id in ids} - {0} - set(locked))
    if known is None:
        return find_boxes(labels, free)
    return {object_id: known[object_id] for object_id in free if object_id in known}


def pixels_within(points: NDArray[np.floating], shape: tuple[int, ...]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which points (N, ndim) lie in an array of a shape (K,), and in which of its pixels (K, ndim).

    Those that are not finite lie nowhere.
    """
    rounded = np.round(points)
    with np.errstate(invalid="ignore"):
        inside = np.flatnonzero(((rounded >= 0) & (rounded < shape)).all(axis=1))
    return inside, rounded[inside].astype(np.intp)


def widened(box: Box, margin: int | Sequence[int], shape: tuple[int, ...]) -> Box:
    """Return a box with a margin (in pixels, for all axes or for each), cut off where the array ends."""
    margins = [margin] * len(box) if isinstance(margin, int) else margin
    return tuple(
        slice(max(0, side.start - more), min(length, side.stop + more))
        for side, more, length in zip(box, margins, shape, strict=True)
    )


def around(boxes: Collection[Box]) -> Box:
    """Return the smallest box that holds all of some, which are at least one."""
    return tuple(
        slice(min(side.start for side in sides), max(side.stop for side in sides)) for sides in zip(*boxes, strict=True)
    )


def _box_of_mask(inside: NDArray[np.bool_]) -> Box | None:
    box = []
    for axis in range(inside.ndim):
        where = np.flatnonzero(inside.any(axis=tuple(other for other in range(inside.ndim) if other != axis)))
        if not where.size:
            return None
        side = slice(int(where[0]), int(where[-1]) + 1)
        inside = inside[(*(slice(None),) * axis, side)]
        box.append(side)
    return tuple(box)
