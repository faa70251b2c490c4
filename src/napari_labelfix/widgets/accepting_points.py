"""Accepting detected points as new input: into the layer with the person's points, and out of it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.review.points import near_any, nearest
from napari_labelfix.snapshots import Role
from napari_labelfix.widgets import layers
from napari_labelfix.widgets.acceptor import Accepted, Acceptor, Count
from napari_labelfix.widgets.coordinates import map_points
from napari_labelfix.widgets.looks import ROLE_NAMES
from napari_labelfix.widgets.points_kind import CELL, NO_CELL, add_points, are_cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer, Points
    from numpy.typing import NDArray

    from napari_labelfix.snapshots import Change
    from napari_labelfix.widgets.results import ResultLayers

_ACCEPTS = "accepts"  # in the tag of the person's layer: the points of each accept, oldest first


class AcceptingPoints(Acceptor):
    """Copies detected points into the layer that the run learns from.

    napari keeps no history of points, so this remembers what it has added.

    Parameters
    ----------
    results
        The layers with the detections.
    annotation
        The person's points; None where there are none.
    """

    noun = "point"
    certainty = "Score"
    certainty_help = "How sure the detector is that there is a cell."
    destination = "into your points, as new input"
    way_back = "“Take back” removes what was added last."

    def __init__(self, results: ResultLayers, annotation: Points | None) -> None:
        self._results, self._annotation = results, annotation

    @property
    def target(self) -> Layer | None:
        """The person's points."""
        return self._annotation

    @property
    def has_objects(self) -> bool:
        """Whether there are detections, and a layer for them."""
        return self._results.has_proposal and self._annotation is not None

    @property
    def can_take_back(self) -> bool:
        """Whether something was accepted."""
        return self._annotation is not None and bool(layers.tag_of(self._annotation).get(_ACCEPTS))

    def select_layer_without_brush(self) -> None:
        """Go to the person's points, where a click adds none for now."""
        if self._annotation is not None:
            self._annotation.mode = "pan_zoom"
            layers.select(self._results.viewer, self._annotation)

    def forget_counts(self) -> None:
        """Do nothing: counts are not kept."""

    def count(self, threshold: float = 0.0, change: Change | None = None) -> Count:
        """Return what accepting all points of at least this score would do."""
        detections = self._detections()
        if detections is None:
            return Count(0, 0)
        chosen = self._cells(detections, threshold)
        present = int(self._present(detections)[chosen].sum())
        return Count(int(chosen.sum()) - present, present)

    def accept_above(self, threshold: float = 0.0, change: Change | None = None) -> Accepted | None:
        """Accept all points of at least this score; None if there are no detections."""
        detections = self._detections()
        if detections is None:
            return None
        chosen, present = self._cells(detections, threshold), self._present(detections)
        return self._add(detections, chosen & ~present, CELL, int((chosen & present).sum()))

    def accept_at(self, position: Sequence[float]) -> Accepted | None:
        """Accept the point at a position in world coordinates, as what it is taken for: a cell, or none."""
        detections = self._detections()
        if detections is None:
            return None
        place = np.asarray(detections.world_to_data(position))
        if (index := nearest(detections.data, place, detections.size / 2)) is None:
            return None
        if self._present(detections)[index]:
            return Accepted(0, 1)
        kind = CELL if self._cells(detections, 0)[index] else NO_CELL
        return self._add(detections, np.arange(len(detections.data)) == index, kind, 0)

    def take_back(self) -> int:
        """Remove the points that the last accept has added, as far as they are still where they were."""
        if self._annotation is None or not self.can_take_back:
            return 0
        added = layers.tag_of(self._annotation)[_ACCEPTS].pop()
        rows = {tuple(point) for point in added}
        indices = [index for index, point in enumerate(self._annotation.data) if tuple(point) in rows]
        self._annotation.remove(indices)
        return len(indices)

    def _detections(self) -> Points | None:
        return self._results.layer("detections") if self.has_objects else None

    def _cells(self, detections: Points, threshold: float) -> NDArray[np.bool_]:
        """Return (N,) which detections are taken for cells with at least this score."""
        features = detections.features
        no_cell = ROLE_NAMES[Role.PSEUDO_NEGATIVE]
        return ((features["score"] >= threshold) & (features["role"] != no_cell)).to_numpy()

    def _present(self, detections: Points) -> NDArray[np.bool_]:
        """Return (N,) which detections lie within a cell's radius of a point of the person's of the same kind."""
        if self._annotation is None:
            return np.zeros(len(detections.data), bool)
        own = map_points(self._annotation.data, self._annotation, detections)
        cells = are_cells(self._annotation)
        radius = detections.size / 2
        return np.where(
            self._cells(detections, 0),
            near_any(detections.data, own[cells], radius),
            near_any(detections.data, own[~cells], radius),
        )

    def _add(self, detections: Points, chosen: NDArray[np.bool_], kind: str, present: int) -> Accepted:
        layer = self._annotation
        if layer is None:
            return Accepted(0, present)
        points = map_points(detections.data[chosen], detections, layer)
        if len(points):
            add_points(layer, points, kind)
            layers.tag_of(layer).setdefault(_ACCEPTS, []).append(points.copy())
        layers.show(layer)
        layers.select(self._results.viewer, layer)
        return Accepted(len(points), present)
