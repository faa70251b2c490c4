"""Accepting detected points as new input: into the layer with the person's points, and out of it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Points

from napari_labelfix.io.tables import CELL, NO_CELL
from napari_labelfix.review.marks import near_any, nearest
from napari_labelfix.snapshots import Role
from napari_labelfix.widgets.accepting_marks import AcceptingMarks
from napari_labelfix.widgets.coordinates import map_points
from napari_labelfix.widgets.looks import ROLE_NAMES
from napari_labelfix.widgets.points_kind import add_points, are_cells

if TYPE_CHECKING:
    from numpy.typing import NDArray


class AcceptingPoints(AcceptingMarks[Points]):
    """See `AcceptingMarks`."""

    noun = "point"
    destination = "into your points, as new input"
    wrong = ROLE_NAMES[Role.PSEUDO_NEGATIVE]

    def _present(self, proposed: Points) -> NDArray[np.bool_]:
        """Return (N,) which detections lie within a cell's radius of a point of the person's of the same kind."""
        if self._annotation is None:
            return np.zeros(len(proposed.data), bool)
        own = map_points(self._annotation.data, self._annotation, proposed)
        cells = are_cells(self._annotation)
        radius = proposed.size / 2
        return np.where(
            self._right(proposed, 0),
            near_any(proposed.data, own[cells], radius),
            near_any(proposed.data, own[~cells], radius),
        )

    def _at(self, proposed: Points, place: NDArray[np.floating]) -> int | None:
        return nearest(proposed.data, place, proposed.size / 2)

    def _copy(self, proposed: Points, chosen: NDArray[np.bool_], layer: Points) -> None:
        """Add points as what they are taken for: cells, or none."""
        points = map_points(proposed.data[chosen], proposed, layer)
        if len(points):
            add_points(layer, points, CELL if self._right(proposed, 0)[chosen].all() else NO_CELL)
