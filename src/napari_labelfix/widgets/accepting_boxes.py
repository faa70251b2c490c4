"""Accepting found boxes as new input: into the layer with the person's boxes, and out of it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Shapes

from napari_labelfix.review.marks import boxes_at, overlapping_any
from napari_labelfix.snapshots import BoxRole
from napari_labelfix.widgets import layers
from napari_labelfix.widgets.accepting_marks import AcceptingMarks
from napari_labelfix.widgets.boxes_kind import ACCEPTED, add_boxes, boxes_on, create_boxes
from napari_labelfix.widgets.coordinates import map_points
from napari_labelfix.widgets.layer_kind import Place
from napari_labelfix.widgets.looks import BOX_NAMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_labelfix.widgets.acceptor import Accepted


class AcceptingBoxes(AcceptingMarks[Shapes]):
    """See `AcceptingMarks`. Where the person has no box layer yet, one is made when something is accepted."""

    noun = "box"
    destination = "into your boxes, as new input"
    wrong = BOX_NAMES[BoxRole.DROPPED]

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
        return overlapping_any(found, planes, *boxes_on(self._annotation, proposed))

    def _at(self, proposed: Shapes, place: NDArray[np.floating]) -> int | None:
        return boxes_at(*boxes_on(proposed, proposed), place)

    def _copy(self, proposed: Shapes, chosen: NDArray[np.bool_], layer: Shapes) -> list[NDArray[np.floating]]:
        rectangles = [map_points(proposed.data[index], proposed, layer).copy() for index in np.flatnonzero(chosen)]
        add_boxes(layer, rectangles, ACCEPTED)
        return rectangles
