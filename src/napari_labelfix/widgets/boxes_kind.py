"""Boxes: a Shapes layer with rectangles around some cells, and labels of planes that are finished, if there are any.

The finished planes are where good boxes come from; without them, made-up cells serve.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Shapes

from napari_labelfix.annotations import Annotation, Boxes, FinishedInstances
from napari_labelfix.widgets import layers
from napari_labelfix.widgets.colors import PALETTE
from napari_labelfix.widgets.coordinates import map_points
from napari_labelfix.widgets.finished_kind import FINISHED_KIND
from napari_labelfix.widgets.instances_kind import vertices_on
from napari_labelfix.widgets.layer_kind import AnnotationKind, Brush, LayerKind, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer
    from numpy.typing import NDArray

BOX = "box"
BOX_COLOR = PALETTE[1]  # orange, as what is marked as foreground elsewhere
DRAWN, FOUND, ACCEPTED = "drawn", "found", "accepted"  # the values of the feature `source`
_CORNERS = np.array([(0, 1), (0, 3), (2, 3), (2, 1)])  # of y0, x0, y1, x1, in the order in which napari wants them
_NARROWEST = 1.0  # pixels


def _could_be_boxes(layer: Layer, image: Layer) -> bool:
    return (
        isinstance(layer, Shapes)
        and layers.role_of(layer) in ("", "boxes")
        and layer.ndim == len(layers.spatial_shape(image))
    )


def create_boxes(place: Place) -> Shapes:
    """Return an empty layer for boxes on an image."""
    image = place.image
    layer = Shapes(ndim=len(layers.spatial_shape(image)), name=f"{image.name} boxes", **layers.placement(image))
    layers.link(layer, "boxes", image)
    adopt_boxes(layer)
    return layer


def adopt_boxes(layer: Shapes) -> None:
    """Let the image be seen through the boxes, and note of each where it comes from."""
    layer.current_face_color, layer.current_edge_color = "transparent", BOX_COLOR
    layer.current_edge_width = 2
    if "source" not in layer.features:
        import pandas as pd  # no dock should wait for it

        layer.features = layer.features.assign(source=pd.Series([DRAWN] * len(layer.data), dtype=str))
    layer.feature_defaults = {"source": DRAWN}


def _start_drawing(layer: Shapes, _brush: str, _place: Place) -> None:
    adopt_boxes(layer)
    layer.selected_data = set()  # what is selected would be drawn over
    layer.mode = "add_rectangle"


def add_boxes(layer: Shapes, rectangles: Sequence[NDArray[np.floating]], source: str) -> None:
    """Add rectangles, (4, dimensions) each in pixels of the layer, and note where they come from."""
    if not len(rectangles):
        return
    adopt_boxes(layer)
    there = layer.features["source"].tolist()
    layer.add(list(rectangles), shape_type="rectangle", edge_width=2, edge_color=BOX_COLOR, face_color="transparent")
    layer.features = layer.features.assign(source=[*there, *[source] * len(rectangles)])
    layer.feature_defaults = {"source": DRAWN}
    layer.selected_data = set()


def rectangles_of(corners: NDArray[np.floating], index: tuple[int, ...]) -> NDArray[np.floating]:
    """Return boxes (N, 4) y0, x0, y1, x1 of a plane as rectangles (N, 4, dimensions), as napari draws them."""
    drawn = corners[:, _CORNERS] - 0.5  # in napari the middle of the first pixel is 0, 0
    leading = np.broadcast_to(np.array(index, float), (*drawn.shape[:2], len(index)))
    return np.concatenate([leading, drawn], axis=2)


def boxes_on(layer: Shapes, image: Layer) -> tuple[NDArray[np.floating], NDArray[np.intp]]:
    """Return what shapes enclose, in pixels of an image: boxes (N, 4) y0, x0, y1, x1, and their planes (N, axes)."""
    found = vertices_on(layer, image)
    if not found:
        return np.zeros((0, 4)), np.zeros((0, layer.ndim - 2), np.intp)
    corners = [(*shape[:, -2:].min(axis=0), *shape[:, -2:].max(axis=0)) for shape in found]
    planes = [np.round(shape[0, :-2]).astype(np.intp) for shape in found]
    return np.array(corners) + 0.5, np.stack(planes)


def _read_boxes(chosen: Sequence[Layer], place: Place) -> Boxes | FinishedInstances | None:
    layer, finished = chosen
    if finished is not None and (labels := np.asarray(finished.data[place.index])).any():
        return FinishedInstances(labels.copy())
    height, width = layers.spatial_shape(place.image)[-2:]
    if layer is None:
        return Boxes(np.zeros((0, 4)), (height, width))
    corners, planes = boxes_on(layer, place.image)
    inside = np.clip(corners[(planes == place.index).all(axis=1)], 0, [height, width, height, width])
    seen = (inside[:, 2:] - inside[:, :2]).min(axis=1, initial=np.inf) >= _NARROWEST
    return Boxes(inside[seen], (height, width))


def _write_boxes(layer: Shapes, place: Place, suggested: Annotation) -> int:
    """Put boxes that were found into the place of those that were found in the plane before; return how many."""
    if not isinstance(suggested, Boxes):
        return 0
    _, planes = boxes_on(layer, place.image)
    found = layer.features["source"].to_numpy() == FOUND if "source" in layer.features else np.zeros(len(planes), bool)
    layer.remove(np.flatnonzero(found & (planes == place.index).all(axis=1)).tolist())
    rectangles = rectangles_of(suggested.corners, place.index)
    flat = map_points(rectangles.reshape(-1, rectangles.shape[2]), place.image, layer)
    add_boxes(layer, list(flat.reshape(rectangles.shape)), FOUND)
    return len(rectangles)


BOXES_KIND = AnnotationKind(
    layers=(
        LayerKind(
            role="boxes",
            noun="box layer",
            label="Boxes",
            legend="Some may be missing or imprecise.",
            fits=_could_be_boxes,
            absent="",
            create=create_boxes,
            adopt=adopt_boxes,
            brushes=(Brush(BOX, "Box", "Drag a rectangle around a cell.", BOX_COLOR),),
            draw=_start_drawing,
            brush_in_hand=lambda _layer: BOX,
            optional=True,
        ),
        dataclasses.replace(
            FINISHED_KIND.layers[0],
            label="Finished",
            legend="If some planes are labelled in full: good boxes to learn from.",
            absent="",
            create=None,
            brushes=(),
            draw=None,
            optional=True,
            taken_alone=False,
        ),
    ),
    read=_read_boxes,
    missing=lambda _annotations: "",  # a run finds boxes to begin with where there are none
    while_running="Draw boxes around cells that are missed, and delete wrong ones",
    afterwards="draw more boxes",
    write=_write_boxes,
)
