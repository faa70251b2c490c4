"""Objects in several pieces, and objects that should not be there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import skimage  # its parts are loaded on use: docks open without them

from napari_labelfix.review.boxes import around, boxes_in
from napari_labelfix.review.edits.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from numpy.typing import NDArray

    from napari_labelfix.review.boxes import Box
    from napari_labelfix.review.edits.draft import Outcome

_LOOK = 2000  # pixels that could be looked at in the time that it takes to begin with another box


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
    for box, pieces, small, _ in _pieces_of(labels, boxes_in(labels, ids, boxes, locked)):
        lost = np.zeros(int(pieces.max(initial=0)) + 1, bool)
        lost[small] = True
        draft.write(box, lost[pieces], 0)
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
    for box, pieces, small, wholes in _pieces_of(labels, boxes_in(labels, ids, boxes, locked)):
        numbers = np.zeros(int(pieces.max(initial=0)) + 1, np.int64)
        numbers[small] = new_id + len(parents) + np.arange(small.size)
        draft.write(box, numbers[pieces] > 0, numbers[pieces])
        parents |= {part: (whole,) for part, whole in zip(numbers[small].tolist(), wholes.tolist(), strict=True)}
    return draft.outcome(parents)


def _pieces_of(
    labels: NDArray[np.integer], found: Mapping[int, Box]
) -> Iterator[tuple[Box, NDArray[np.int64], NDArray[np.intp], NDArray[np.integer]]]:
    """Yield boxes with the pieces of the objects in them: of all in one box where that is less to look at.

    Parameters
    ----------
    labels
        (..., Y, X), 0 = background.
    found
        Boxes that hold all pixels of their object, ascending by id.

    Yields
    ------
    tuple[Box, NDArray[np.int64], NDArray[np.intp], NDArray[np.integer]]
        The box; of its shape 1..N, pixels that touch at a corner are one piece; (M,) the pieces that are not the
        largest of their object, by its id; and that id.
    """
    for box, ids in _looks_at(found):
        view = labels[box]
        view = np.where(np.isin(view, ids), view, 0)
        pieces = skimage.measure.label(view, background=0)
        sizes = np.bincount(pieces.ravel())
        wholes = np.zeros(sizes.size, view.dtype)
        wholes[pieces] = view
        order = np.lexsort((-sizes, wholes))[1:]  # without the background; of equal ones the first is the largest
        largest = np.append(True, wholes[order][1:] != wholes[order][:-1])[: order.size]
        small = np.sort(order[~largest])
        small = small[np.argsort(wholes[small], kind="stable")]
        yield box, pieces, small, wholes[small]


def _looks_at(found: Mapping[int, Box]) -> Iterator[tuple[Box, list[int]]]:
    """Yield boxes to look at, and the objects that are looked for in each."""
    if not found:
        return
    whole = around(found.values())
    if _pixels(whole) < sum(map(_pixels, found.values())) + _LOOK * len(found):
        yield whole, list(found)
    else:
        yield from ((box, [object_id]) for object_id, box in found.items())


def _pixels(box: Box) -> int:
    return math.prod(side.stop - side.start for side in box)
