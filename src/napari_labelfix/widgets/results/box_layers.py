"""The layers of a method that proposes boxes: the boxes, what is learned from, and masks where some were asked for."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from napari.utils.colormaps.standardize_color import transform_color

from napari_labelfix.annotations import FinishedInstances
from napari_labelfix.review.objects import describe_boxed_objects
from napari_labelfix.snapshots import BoxRole, FoundBoxes
from napari_labelfix.widgets.annotating.boxes import rectangles_of
from napari_labelfix.widgets.results.mark_layers import MarkLayers
from napari_labelfix.widgets.viewer import looks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.components import ViewerModel
    from napari.layers import Layer, Shapes
    from numpy.typing import NDArray

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
        told = {plane: belief for plane, belief in beliefs.items() if isinstance(belief, FoundBoxes)}
        found = {plane: belief for plane, belief in told.items() if self._takes_nothing_away(plane, belief)}
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
        """Put the boxes of these planes in the place of those that they had; the others stay as they are drawn.

        napari makes the meshes of one box after the other, which takes long. Where all boxes of a plane are as before,
        as in those that a person has finished, only their scores are new.
        """
        drawn, names, scores = layer.data, *(layer.features[name].to_numpy(copy=True) for name in ("role", "score"))
        in_planes = np.array([shape[0, :-2].astype(int) for shape in drawn]).reshape(len(drawn), layer.ndim - 2)
        old, new, rectangles = [], [], []
        for plane, one in found.items():
            there = np.flatnonzero((in_planes == self.planes[plane]).all(axis=1)).tolist()
            boxes = rectangles_of(one.corners, self.planes[plane])
            if _are(boxes, [drawn[number] for number in there]) and np.array_equal(names[there], _NAMES[one.roles]):
                scores[there] = one.scores
                continue
            old += there
            new.append(one)
            rectangles += list(boxes)
        names = np.concatenate([np.delete(names, old), *(_NAMES[one.roles] for one in new)])
        scores = np.concatenate([np.delete(scores, old), *(one.scores for one in new)])
        with layer.events.blocker_all():  # one event for all of it
            layer.selected_data = set()
            if old:
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


def _are(boxes: NDArray[np.floating], drawn: list[NDArray[np.floating]]) -> bool:
    """Return whether these shapes are the boxes (N, 4, dimensions), as napari keeps them: in 32 bits."""
    return len(boxes) == len(drawn) and all(map(np.array_equal, boxes.astype(np.float32), drawn))
