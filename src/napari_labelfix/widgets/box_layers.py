"""The layers of a method that proposes boxes: the boxes, what is learned from, and masks where some were asked for."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from napari.utils.colormaps.standardize_color import transform_color

from napari_labelfix.annotations import FinishedInstances
from napari_labelfix.review.objects import describe_boxed_objects
from napari_labelfix.snapshots import BoxRole, FoundBoxes
from napari_labelfix.widgets import looks
from napari_labelfix.widgets.boxes_kind import rectangles_of
from napari_labelfix.widgets.mark_layers import MarkLayers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.components import ViewerModel
    from napari.layers import Layer, Shapes

    from napari_labelfix.annotations import Task
    from napari_labelfix.snapshots import Belief

_COLORS = transform_color([looks.BOX_COLORS[role] for role in BoxRole])  # (roles, 4)
_NAMES = np.array([looks.BOX_NAMES[role] for role in BoxRole])
_WIDTH = 2


class BoxLayers(MarkLayers):
    """See `ResultLayers`."""

    main = "found_boxes"
    names, helps = MappingProxyType(looks.BOX_NAMES), MappingProxyType(looks.BOX_HELP)
    colors = MappingProxyType(looks.BOX_COLORS)
    makers = MappingProxyType({"found_boxes": looks.make_found_boxes})
    optional_makers = MappingProxyType({**MarkLayers.optional_makers, "training_image": looks.make_training_image})

    def __init__(self, viewer: ViewerModel, image: Layer, method: str) -> None:
        super().__init__(viewer, image, method)
        self.finished: set[tuple[int, ...]] = set()  # indices of planes whose boxes are those of labels of a person's

    def write(self, beliefs: Mapping[int, Belief], task: Task | None = None) -> None:
        """Show boxes, by the index of their plane."""
        found = {plane: belief for plane, belief in beliefs.items() if isinstance(belief, FoundBoxes)}
        self.finished -= {self.planes[plane] for plane in found}
        if task is not None:
            self.finished |= {
                self.planes[plane] for plane in found if isinstance(task.planes[plane].annotation, FinishedInstances)
            }
        if (boxes := self.layer("found_boxes")) is not None:
            self._write_boxes(boxes, found)
        self._write_masks(found, describe_boxed_objects)
        self._write_training_images(found)

    def _write_boxes(self, layer: Shapes, found: Mapping[int, FoundBoxes]) -> None:
        """Put the boxes of these planes in the place of those that they had; the others stay as they are drawn."""
        indices = [self.planes[plane] for plane in found]
        old = [number for number, shape in enumerate(layer.data) if tuple(shape[0, :-2].astype(int)) in indices]
        new = list(found.values())
        kept = layer.features.drop(index=old)
        names = np.concatenate([kept["role"].to_numpy(), *(_NAMES[one.roles] for one in new)])
        scores = np.concatenate([kept["score"].to_numpy(), *(one.scores for one in new)])
        rectangles = [box for index, one in zip(indices, new, strict=True) for box in rectangles_of(one.corners, index)]
        with layer.events.blocker_all():  # one event for all of it
            layer.selected_data = set()
            layer.remove(old)
            if rectangles:
                colors = np.concatenate([_COLORS[one.roles] for one in new])
                layer.add(
                    rectangles, shape_type="rectangle", edge_width=_WIDTH, edge_color=colors, face_color="transparent"
                )
            layer.features = {"score": np.round(scores, 3), "role": names}
            layer.selected_data = set()
            layer.editable = False  # new data made it editable
        layer.refresh(extent=False, thumbnail=False)

    def _write_training_images(self, found: Mapping[int, FoundBoxes]) -> None:
        images = {plane: one.training_image for plane, one in found.items() if one.training_image is not None}
        layer = self._wanted("training_image") if images else None
        if layer is None:
            return
        for plane, image in images.items():
            grey = image.ndim == 3 and not layer.rgb  # of several channels, each a layer
            layer.data[self.planes[plane]] = image.mean(axis=2) if grey else image
        layer.refresh(extent=False, thumbnail=False)
