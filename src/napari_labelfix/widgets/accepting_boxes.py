"""Accepting found boxes as new input: into the layer with the person's boxes, and out of it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from napari.layers import Shapes

from napari_labelfix.review.marks import SAME_BOX, boxes_at, overlapping_any
from napari_labelfix.snapshots import BoxRole
from napari_labelfix.widgets import layers
from napari_labelfix.widgets.accepting_marks import AcceptingMarks
from napari_labelfix.widgets.boxes_kind import ACCEPTED, DRAWN, add_boxes, are_boxes, boxes_on, create_boxes
from napari_labelfix.widgets.coordinates import map_points
from napari_labelfix.widgets.layer_kind import Place
from napari_labelfix.widgets.looks import BOX_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_labelfix.widgets.acceptor import Accepted


class _Removed(NamedTuple):
    """A shape that made room: where it was in its layer, what it was, and where it came from."""

    vertices: NDArray[np.floating]
    shape_type: str
    source: str


class AcceptingBoxes(AcceptingMarks[Shapes]):
    """See `AcceptingMarks`. Where the person has no box layer yet, one is made when something is accepted."""

    noun = "box"
    destination = "into your boxes, as new input"
    wrong = BOX_NAMES[BoxRole.DROPPED]
    same = SAME_BOX  # IoU from which a found box is one that the person has already

    @property
    def has_objects(self) -> bool:
        """Whether boxes are proposed."""
        return self._results.has_proposal

    def _add(self, proposed: Shapes, chosen: NDArray[np.bool_], present: int) -> Accepted:
        if self._annotation is None and chosen.any():
            self._annotation = create_boxes(Place(self._results.image, ()))
            layers.add_quietly(self._results.viewer, self._annotation)
        return super()._add(proposed, chosen, present)

    def _present(self, proposed: Shapes) -> NDArray[np.bool_]:
        """Return (N,) which found boxes are about the same as one of the person's."""
        if self._annotation is None:
            return np.zeros(len(proposed.data), bool)
        found, planes = boxes_on(proposed, proposed)
        return overlapping_any(found, planes, *boxes_on(self._annotation, proposed), self.same)

    def _at(self, proposed: Shapes, place: NDArray[np.floating]) -> int | None:
        return boxes_at(*boxes_on(proposed, proposed), place)

    def _copy(self, proposed: Shapes, chosen: NDArray[np.bool_], layer: Shapes) -> None:
        data = proposed.data  # napari makes a list of it at each look
        add_boxes(layer, [map_points(data[index], proposed, layer) for index in np.flatnonzero(chosen)], ACCEPTED)

    def _give_back(self, layer: Shapes, removed: Sequence[_Removed], gone: Sequence[NDArray[np.floating]]) -> None:
        """Add those shapes again whose place is free now: a box that was moved since keeps its own."""
        for shape in removed:
            if any(_meet(shape.vertices, other) for other in gone):
                add_boxes(layer, [shape.vertices], shape.source, shape.shape_type)


class ReplacingBoxes(AcceptingBoxes):
    """Puts found boxes in the place of those of the person's that are about the same but not as exact."""

    destination = "in place of yours, or beside them"
    same = 0.95

    def _make_room(self, proposed: Shapes, chosen: NDArray[np.bool_], layer: Shapes) -> list[_Removed]:
        own, own_planes = boxes_on(layer, proposed)
        found, planes = boxes_on(proposed, proposed)
        numbers = np.flatnonzero(are_boxes(layer))
        replaced = numbers[overlapping_any(own, own_planes, found[chosen], planes[chosen])]
        sources = layer.features["source"] if "source" in layer.features else np.full(len(layer.data), DRAWN)
        data, kinds = layer.data, layer.shape_type
        removed = [_Removed(np.array(data[index]), kinds[index], str(sources[index])) for index in replaced]
        layer.remove(replaced.tolist())
        return removed


def _meet(one: NDArray[np.floating], other: NDArray[np.floating]) -> bool:
    """Return whether the boxes around two shapes (V, dimensions) have something in common."""
    return bool(((one.min(axis=0) <= other.max(axis=0)) & (other.min(axis=0) <= one.max(axis=0))).all())
