"""The layers of a method that proposes points: detections, heatmap, and masks where some were asked for."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from napari.utils.colormaps.standardize_color import transform_color

from napari_labelfix.review.objects import describe_marked_objects
from napari_labelfix.snapshots import Detections, PointRole
from napari_labelfix.widgets.results.mark_layers import MarkLayers
from napari_labelfix.widgets.viewer import looks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.layers import Points
    from numpy.typing import NDArray

    from napari_labelfix.annotations import Task
    from napari_labelfix.snapshots import Belief

_COLORS = transform_color([looks.POINT_COLORS[role] for role in PointRole])  # (roles, 4)
_NAMES = np.array([looks.POINT_NAMES[role] for role in PointRole])


class DetectionLayers(MarkLayers):
    """See `ResultLayers`."""

    main = "detections"
    names, helps = MappingProxyType(looks.POINT_NAMES), MappingProxyType(looks.POINT_HELP)
    colors = MappingProxyType(looks.POINT_COLORS)
    makers = MappingProxyType({"heatmap": looks.make_heatmap, "detections": looks.make_detections})

    def write(self, beliefs: Mapping[int, Belief], _task: Task | None = None) -> None:
        """Show detections, by the index of their plane."""
        told = {plane: belief for plane, belief in beliefs.items() if isinstance(belief, Detections)}
        found = {plane: belief for plane, belief in told.items() if self._takes_nothing_away(plane, belief)}
        if not found:
            return
        if (points := self.layer("detections")) is not None:
            self._write_points(points, found)
        if (heatmap := self.layer("heatmap")) is not None:
            for plane, detections in found.items():
                heatmap.data[self.planes[plane]] = detections.heatmap
            heatmap.refresh(extent=False, thumbnail=False)
        self._write_masks(found, describe_marked_objects)

    def _write_points(self, layer: Points, found: Mapping[int, Detections]) -> None:
        """Put the points of these planes in the place of those that they had."""
        indices = [self.planes[plane] for plane in found]
        old = ~np.any([(layer.data[:, :-2] == index).all(axis=1) for index in indices], axis=0)
        new = list(found.values())
        names = np.concatenate([layer.features["role"].to_numpy()[old], *(_NAMES[one.roles] for one in new)])
        scores = np.concatenate([layer.features["score"].to_numpy()[old], *(one.scores for one in new)])
        sizes = np.concatenate([layer.size[old], *(np.full(len(one.scores), 2 * one.radius) for one in new)])
        colors = np.concatenate([layer.border_color[old], *(_COLORS[one.roles] for one in new)])
        data = np.concatenate([layer.data[old], *map(_positions, indices, new)])
        with layer.events.blocker_all():  # one event for all of it
            layer.selected_data = set()
            layer.data = data
            layer.features = {"score": np.round(scores, 3), "role": names}
            layer.size = sizes
            if len(data):  # napari warns of an empty list of colours
                layer.border_color = colors
            layer.editable = False  # new data made it editable
        layer.refresh(extent=False, thumbnail=False)


def _positions(index: tuple[int, ...], detections: Detections) -> NDArray[np.floating]:
    """Return (N, dimensions) where the points of a plane are in the stack."""
    return np.column_stack([np.tile(index, (len(detections.positions), 1)), detections.positions])
