"""What lies under a person's hands: the plane in view or the whole stack, and all that an edit has to know about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.review.boxes import FEW, around, box_around, find_boxes, pixels_within, widened

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from numpy.typing import NDArray

    from napari_labelfix.review.boxes import Box
    from napari_labelfix.review.edits.draft import Outcome

_LOWER_EDGE = np.array([[0.5, -0.5], [0.5, 0.5]])  # its ends, from the middle of a pixel
_RIGHT_EDGE = np.array([[-0.5, 0.5], [0.5, 0.5]])


@dataclass(frozen=True, eq=False)
class Sheet:
    """Labels to edit. It is of use until they change.

    Parameters
    ----------
    stack
        (..., Y, X), 0 = background.
    index
        Of the plane in view; () where there is only one.
    whole
        Whether edits go through all planes; otherwise they stay in the plane in view.
    locked
        Ids that must not change.
    new_id
        The first id for new objects.
    steps
        How far apart pixels are along each axis of the stack, in widths of a pixel.
    image
        Of the stack's shape, read where it is asked for; or None.
    area_of
        Gives the number of pixels of an object in the stack. With it, an object of which a part is known is found
        without a look at the whole stack.
    part_of
        Gives a box with a part of an object, or None where nobody knows one. Without it the plane in view is looked at.
    """

    stack: NDArray[np.integer]
    index: tuple[int, ...] = ()
    whole: bool = False
    locked: frozenset[int] = frozenset()
    new_id: int = 1
    steps: tuple[float, ...] | None = None
    image: Any = None
    area_of: Callable[[int], int] | None = None
    part_of: Callable[[int], Box | None] | None = None
    _boxes: dict[int, Box | None] = field(default_factory=dict)

    @property
    def plane(self) -> NDArray[np.integer]:
        """(Y, X) the labels in view."""
        return self.stack[self.index]

    @property
    def labels(self) -> NDArray[np.integer]:
        """What edits are worked out on: (..., Y, X), or the plane in view."""
        return self.stack if self.whole else self.plane

    @property
    def pixels(self) -> Any:
        """The image of `labels`."""
        return self.image if self.whole or self.image is None else self.image[self.index]

    @property
    def spacing(self) -> tuple[float, ...] | None:
        """The steps between the pixels of `labels`."""
        return self.steps if self.whole or self.steps is None else self.steps[-2:]

    def boxes(self, ids: Collection[int]) -> dict[int, Box]:
        """Return where objects lie in `labels`; each is looked for once."""
        if unknown := set(ids) - self._boxes.keys():
            near = self._boxes_around_parts(unknown)
            self._boxes.update(dict.fromkeys(unknown) | near | find_boxes(self.labels, unknown - near.keys()))
        return {object_id: box for object_id in ids if (box := self._boxes[object_id]) is not None}

    def _boxes_around_parts(self, ids: set[int]) -> dict[int, Box]:
        """Return the boxes of those objects of the whole stack that are found around a part of them."""
        if self.area_of is None or (self.index and not self.whole) or len(ids) > FEW:
            return {}
        found = {}
        for object_id, part in self._parts(ids).items():
            box = box_around(self.stack, object_id, part, self.area_of(object_id))
            if box is not None:
                found[object_id] = box
        return found

    def _parts(self, ids: set[int]) -> dict[int, Box]:
        if self.part_of is not None:
            parts = {object_id: self.part_of(object_id) for object_id in ids}
            return {object_id: part for object_id, part in parts.items() if part is not None}
        if not self.index:
            return {}
        plane = tuple(slice(position, position + 1) for position in self.index)
        return {object_id: plane + box for object_id, box in find_boxes(self.plane, ids).items()}

    def object_at(self, position: NDArray[np.floating]) -> int:
        """Return the object at a position (ndim,) of `labels`, or 0."""
        _, pixels = pixels_within(np.asarray(position)[np.newaxis], self.labels.shape)
        return int(self.labels[tuple(pixels[0])]) if len(pixels) else 0

    def positions(self, points: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the positions in `labels` of points (N, ndim) of the stack."""
        return points if self.whole else points[:, -2:]

    def in_stack(self, outcome: Outcome) -> Outcome:
        """Return an outcome of `labels` as one of the stack."""
        return outcome if self.whole else outcome.in_plane(self.index)

    def outlines(self, outcome: Outcome) -> NDArray[np.float64]:
        """Return how an outcome of `labels` would look in the plane in view.

        Returns
        -------
        NDArray[np.float64]
            (2 N, 2) row and column of the ends of N pieces of outline; each two belong together.
        """
        rows, columns, after = self._in_view(outcome)
        changed = list(outcome.gains())
        pieces = [np.zeros((0, 2))]
        for ids in [[object_id] for object_id in changed] if len(changed) <= FEW else [changed]:
            boxes = [box[-2:] for box in self.boxes(ids).values()]
            if not outcome.parents:  # otherwise what an object gains was of another, and lies in the box of that one
                gained = np.isin(after, ids)
                boxes += _boxes_of_pixels(rows[gained], columns[gained])
            if boxes:
                box = widened(around(boxes), 1, self.plane.shape)
                inside = _within(box, rows, columns)
                view = np.array(self.plane[box])
                view[rows[inside] - box[0].start, columns[inside] - box[1].start] = after[inside]
                pieces.append(_edges_in(np.where(np.isin(view, changed), view, 0), box, self.plane.shape))
        return np.concatenate(pieces)

    def _in_view(self, outcome: Outcome) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.integer]]:
        """Return row, column and label of the pixels that change in the plane in view."""
        *leading, rows, columns = outcome.edit.indices
        seen = np.ones(rows.size, bool)
        for axis, position in zip(leading, self.index, strict=False):  # an outcome of the plane has no leading axes
            seen &= axis == position
        return rows[seen], columns[seen], outcome.edit.after[seen]


def edges(labels: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return (2 N, 2) row and column of the ends of the pieces of edge between pixels (Y, X) of different labels."""
    below = np.argwhere(labels[:-1] != labels[1:])
    beside = np.argwhere(labels[:, :-1] != labels[:, 1:])
    pairs = np.concatenate([below[:, None] + _LOWER_EDGE, beside[:, None] + _RIGHT_EDGE])
    return pairs.reshape(-1, 2)


def _edges_in(view: NDArray[np.integer], box: Box, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the edges of what is seen in a box of a plane; an object that reaches the plane's end ends there."""
    ends = [(int(side.start == 0), int(side.stop == length)) for side, length in zip(box, shape, strict=True)]
    corner = [side.start - before for side, (before, _) in zip(box, ends, strict=True)]
    return edges(np.pad(view, ends)) + np.array(corner)


def _within(box: Box, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.bool_]:
    pairs = zip(box, (rows, columns), strict=True)
    return np.all([(axis >= side.start) & (axis < side.stop) for side, axis in pairs], axis=0)


def _boxes_of_pixels(*pixels: NDArray[np.intp]) -> list[Box]:
    """Return the box of some pixels, given one index array for each axis; none if they are none."""
    return [tuple(slice(int(axis.min()), int(axis.max()) + 1) for axis in pixels)] if pixels[0].size else []
