"""Accepting detected points as new input, as cells or as none: into the layer with the person's, and out again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from napari.layers import Points

from napari_labelfix.annotations import CLOSEST_POINTS
from napari_labelfix.io.tables import CELL, NO_CELL
from napari_labelfix.review.marks import near_any, nearest
from napari_labelfix.snapshots import PointRole
from napari_labelfix.widgets.accepting.added_marks import features_of, with_features
from napari_labelfix.widgets.accepting.marks import AcceptingMarks
from napari_labelfix.widgets.annotating.points import add_points, are_cells, create_points
from napari_labelfix.widgets.viewer.coordinates import map_points
from napari_labelfix.widgets.viewer.looks import POINT_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


class _Removed(NamedTuple):
    """A point that made room: where it was in its layer, what it marked, and what else is known of it."""

    position: NDArray[np.floating]
    kind: str
    features: Mapping[str, Any]


class AcceptingPoints(AcceptingMarks[Points]):
    """See `AcceptingMarks`."""

    noun = "point"
    destination = "into your points, as new input"
    wrong = POINT_NAMES[PointRole.PSEUDO_NEGATIVE]

    def _create(self, proposed: Points) -> Points:
        return create_points(self._results.image, float(np.median(proposed.size)))

    def _present(self, proposed: Points) -> NDArray[np.bool_]:
        """Return (N,) which detections lie within a cell's radius of a point of the person's of the same kind."""
        right = self._right(proposed, 0)
        return np.where(right, self._near(proposed, cells=True), self._near(proposed, cells=False))

    def _denied(self, proposed: Points) -> NDArray[np.bool_]:
        """Return (N,) which detections lie within a cell's radius of where the person has said that there is none."""
        return self._near(proposed, cells=False)

    def _near(self, proposed: Points, *, cells: bool) -> NDArray[np.bool_]:
        if self._annotation is None:
            return np.zeros(len(proposed.data), bool)
        own = map_points(self._annotation.data, self._annotation, proposed)
        return near_any(proposed.data, own[are_cells(self._annotation) == cells], proposed.size / 2)

    def _at(self, proposed: Points, place: NDArray[np.floating]) -> int | None:
        return nearest(proposed.data, place, proposed.size / 2)

    def _taken_for(self, proposed: Points, one: NDArray[np.bool_]) -> str:
        return CELL if self._right(proposed, 0)[one].all() else NO_CELL

    def _copy(self, proposed: Points, chosen: NDArray[np.bool_], layer: Points, kind: str) -> None:
        points = map_points(proposed.data[chosen], proposed, layer)
        if len(points):
            add_points(layer, points, kind)

    def _make_room(self, proposed: Points, chosen: NDArray[np.bool_], layer: Points, kind: str) -> list[_Removed]:
        """Remove what says the contrary at the same place."""
        if not chosen.any():
            return []
        own, too_near = map_points(layer.data, layer, proposed), CLOSEST_POINTS * proposed.size[chosen].min() / 2
        contrary = (are_cells(layer) != (kind == CELL)) & near_any(own, proposed.data[chosen], too_near)
        other = NO_CELL if kind == CELL else CELL
        numbers = np.flatnonzero(contrary).tolist()
        removed = [_Removed(np.array(layer.data[n]), other, features_of(layer, n, "kind")) for n in numbers]
        layer.remove(numbers)
        return removed

    def _give_back(self, layer: Points, removed: Sequence[_Removed], gone: Sequence[NDArray[np.floating]]) -> None:
        """Add those points again, if those that came in their place are gone."""
        for point in removed if gone else []:
            with with_features(layer, point.features):
                add_points(layer, point.position[np.newaxis], point.kind)
