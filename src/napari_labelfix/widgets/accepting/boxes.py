"""Accepting found boxes as new input, as cells or as none: into the layer with the person's boxes, and out again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from napari.layers import Shapes

from napari_labelfix.errors import InputError
from napari_labelfix.io.tables import CELL, NO_CELL
from napari_labelfix.metrics.overlap import CARELESS_BOX
from napari_labelfix.review.marks import SAME_BOX, boxes_at, overlapping_any
from napari_labelfix.snapshots import BoxRole
from napari_labelfix.widgets.accepting.added_marks import features_of, with_features
from napari_labelfix.widgets.accepting.marks import AcceptingMarks
from napari_labelfix.widgets.annotating.boxes import (
    ACCEPTED,
    DRAWN,
    REJECTED,
    add_boxes,
    all_boxes_on,
    boxes_on,
    create_boxes,
)
from napari_labelfix.widgets.annotating.layer_kind import Place
from napari_labelfix.widgets.results.box_layers import BoxLayers
from napari_labelfix.widgets.viewer import image_planes
from napari_labelfix.widgets.viewer.coordinates import map_points
from napari_labelfix.widgets.viewer.looks import BOX_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_labelfix.widgets.accepting.acceptor import Rejected


class _Removed(NamedTuple):
    """A shape that made room: where it was in its layer, what it was, and what is known of it."""

    vertices: NDArray[np.floating]
    shape_type: str
    source: str
    kind: str
    features: Mapping[str, Any]


class AcceptingBoxes(AcceptingMarks[Shapes]):
    """See `AcceptingMarks`."""

    noun = "box"
    destination = "into your boxes, as new input"
    wrong = BOX_NAMES[BoxRole.DROPPED]
    same = SAME_BOX  # IoU from which a found box is one that the person has already
    replaces = False  # whether a box of the person's makes room for an accepted one that is about the same

    def reject_at(self, position: Sequence[float]) -> Rejected | None:
        """Mark the one at a position in world coordinates as no cell.

        Raises
        ------
        InputError
            If it is one of a finished plane, of which runs read no boxes.
        """
        index = image_planes.index_at(self._results.image, position)
        if isinstance(self._results, BoxLayers) and index in self._results.finished:
            raise InputError("This plane is finished, and learned from as it is labelled. Erase the object there.")
        return super().reject_at(position)

    def _create(self, proposed: Shapes) -> Shapes:
        return create_boxes(Place(self._results.image, ()))

    def _present(self, proposed: Shapes) -> NDArray[np.bool_]:
        """Return (N,) which found boxes are about the same as one of the person's, or of the same cell."""
        there = self._overlapping(proposed, self.same, cells=True)
        return there if self.replaces else there | self._of_the_same_cell(proposed)

    def _denied(self, proposed: Shapes) -> NDArray[np.bool_]:
        """Return (N,) which found boxes are about the same as one of the person's around what is no cell."""
        return self._overlapping(proposed, SAME_BOX, cells=False)

    def _of_the_same_cell(self, proposed: Shapes) -> NDArray[np.bool_]:
        """Return (N,) which found boxes the run takes for one of the person's that is there, careless as it may be."""
        confirmed = _is_confirmed(proposed)
        return confirmed & self._overlapping(proposed, CARELESS_BOX, cells=True) if confirmed.any() else confirmed

    def _overlapping(self, proposed: Shapes, least: float, *, cells: bool) -> NDArray[np.bool_]:
        if self._annotation is None:
            return np.zeros(len(proposed.data), bool)
        own = all_boxes_on(self._annotation, proposed)
        of_kind = own.cells == cells
        return overlapping_any(*boxes_on(proposed, proposed), own.corners[of_kind], own.planes[of_kind], least)

    def _at(self, proposed: Shapes, place: NDArray[np.floating]) -> int | None:
        return boxes_at(*boxes_on(proposed, proposed), place)

    def _copy(self, proposed: Shapes, chosen: NDArray[np.bool_], layer: Shapes, kind: str) -> None:
        data = proposed.data  # napari makes a list of it at each look
        rectangles = [map_points(data[index], proposed, layer) for index in np.flatnonzero(chosen)]
        add_boxes(layer, rectangles, ACCEPTED if kind == CELL else REJECTED, kind=kind)

    def _make_room(self, proposed: Shapes, chosen: NDArray[np.bool_], layer: Shapes, kind: str) -> list[_Removed]:
        """Remove what is about the same and says the contrary; also a cell that an exacter one replaces."""
        own, (found, planes) = all_boxes_on(layer, proposed), boxes_on(proposed, proposed)
        rules = [(NO_CELL, SAME_BOX, chosen)] if kind == CELL else [(CELL, CARELESS_BOX, chosen)]
        if kind == CELL and self.replaces:
            rules += [(CELL, SAME_BOX, chosen), (CELL, CARELESS_BOX, chosen & _is_confirmed(proposed))]
        going = np.zeros(len(own.cells), bool)
        for there, iou, new in rules:
            of_kind = own.cells == (there == CELL)
            going[of_kind] |= overlapping_any(own.corners[of_kind], own.planes[of_kind], found[new], planes[new], iou)
        numbers, data, shape_types = own.shapes[going], layer.data, layer.shape_type
        sources, kinds = (_noted(layer, name, usual) for name, usual in (("source", DRAWN), ("kind", CELL)))
        removed = [
            _Removed(np.array(data[n]), shape_types[n], sources[n], kinds[n], features_of(layer, n, "source", "kind"))
            for n in numbers
        ]
        layer.remove(numbers.tolist())
        return removed

    def _give_back(self, layer: Shapes, removed: Sequence[_Removed], gone: Sequence[NDArray[np.floating]]) -> None:
        """Add those shapes again whose place is free now: a box that was moved since keeps its own."""
        for shape in removed:
            if any(_meet(shape.vertices, other) for other in gone):
                with with_features(layer, shape.features):
                    add_boxes(layer, [shape.vertices], shape.source, shape.shape_type, shape.kind)


class ReplacingBoxes(AcceptingBoxes):
    """Puts found boxes in the place of those of the person's that are about the same but not as exact."""

    destination = "in place of yours, or beside them"
    same = 0.95
    replaces = True


def _is_confirmed(proposed: Shapes) -> NDArray[np.bool_]:
    """Return (N,) which found boxes the run takes for one that was given."""
    return np.asarray(proposed.features["role"] == BOX_NAMES[BoxRole.CONFIRMED])


def _noted(layer: Shapes, name: str, usual: str) -> Sequence[str]:
    """Return what is noted of each shape."""
    return layer.features[name].tolist() if name in layer.features else [usual] * len(layer.data)


def _meet(one: NDArray[np.floating], other: NDArray[np.floating]) -> bool:
    """Return whether the boxes around two shapes (V, dimensions) have something in common."""
    return bool(((one.min(axis=0) <= other.max(axis=0)) & (other.min(axis=0) <= one.max(axis=0))).all())
