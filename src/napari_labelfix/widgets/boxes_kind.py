"""Boxes: a Shapes layer with rectangles around some cells, and labels of planes that are finished, if there are any.

The finished planes are where good boxes come from; without them, made-up cells serve.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from napari.layers import Shapes
from napari.layers.base import ActionType

from napari_labelfix.annotations import Annotation, Boxes, FinishedInstances
from napari_labelfix.io.boxes import AREAS, bounds_of_shapes, cut_to
from napari_labelfix.metrics.overlap import overlapping_any
from napari_labelfix.review.marks import SAME_BOX
from napari_labelfix.widgets import layers
from napari_labelfix.widgets.colors import PALETTE
from napari_labelfix.widgets.coordinates import map_points
from napari_labelfix.widgets.finished_kind import FINISHED_KIND
from napari_labelfix.widgets.instances_kind import vertices_on
from napari_labelfix.widgets.layer_kind import AnnotationKind, Brush, LayerKind, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer
    from napari.utils.events import Event
    from numpy.typing import NDArray

BOX = "box"
BOX_COLOR = PALETTE[1]  # orange, as what is marked as foreground elsewhere
DRAWN, FOUND, ACCEPTED = "drawn", "found", "accepted"  # the values of the feature `source`
_TEXT = ("object", "str", "string")  # as which kinds of column pandas keeps it
_KNOWN: WeakKeyDictionary[Shapes, tuple[bytes, Any]] = WeakKeyDictionary()  # where each lies, and its boxes
_CORNERS = np.array([(0, 1), (0, 3), (2, 3), (2, 1)])  # of y0, x0, y1, x1, in the order in which napari wants them


def _could_be_boxes(layer: Layer, image: Layer) -> bool:
    return (
        isinstance(layer, Shapes)
        and layers.role_of(layer) in ("", "boxes")
        and layer.ndim == len(layers.spatial_shape(image))
    )


def _could_be_finished(layer: Layer, image: Layer) -> bool:
    """Whether planes of a layer may be finished: around accepted objects only a little is known, which is no plane."""
    return FINISHED_KIND.layers[0].fits(layer, image) and layers.role_of(layer) != "corrected"


def create_boxes(place: Place) -> Shapes:
    """Return an empty layer for boxes on an image."""
    image = place.image
    layer = Shapes(ndim=len(layers.spatial_shape(image)), name=f"{image.name} boxes", **layers.placement(image))
    layers.link(layer, "boxes", image)
    adopt_boxes(layer)
    return layer


def adopt_boxes(layer: Shapes) -> None:
    """Let the image be seen through the boxes, and note of each where it comes from."""
    layer.selected_data = set()  # what is selected would look like the next one
    layer.current_face_color, layer.current_edge_color = "transparent", BOX_COLOR
    layer.current_edge_width = 2
    if "source" not in layer.features:
        _note_sources(layer, [DRAWN] * len(layer.data))
    elif str(layer.features["source"].dtype) not in _TEXT:  # of another program: numbers, or categories
        _note_sources(layer, layer.features["source"].astype(str).tolist())
    layer.feature_defaults = layer.feature_defaults.assign(source=DRAWN)
    layer.events.data.connect(_take_over_what_is_moved)


def _note_sources(layer: Shapes, sources: Sequence[str]) -> None:
    """Note where each box comes from; what else is known about it stays, and what is drawn next is drawn."""
    import pandas as pd  # no dock should wait for it

    layer.features = layer.features.assign(source=pd.Series(sources, dtype=str))
    layer.feature_defaults = layer.feature_defaults.assign(source=DRAWN)


def _take_over_what_is_moved(event: Event) -> None:
    """Count a found box that a person has moved as drawn: the next that are found do not replace it."""
    layer = event.source
    if event.action != ActionType.CHANGED or "source" not in layer.features:
        return
    sources = layer.features["source"].tolist()
    moved = [number for number in event.data_indices if sources[number] == FOUND]
    if moved:
        _note_sources(layer, [DRAWN if number in moved else source for number, source in enumerate(sources)])


def _start_drawing(layer: Shapes, _brush: str, _place: Place) -> None:
    adopt_boxes(layer)
    layer.mode = "add_rectangle"


def add_boxes(
    layer: Shapes, rectangles: Sequence[NDArray[np.floating]], source: str, shape_type: str = "rectangle"
) -> None:
    """Add rectangles or other shapes, (V, dimensions) each in pixels of the layer, and note where they come from."""
    if not len(rectangles):
        return
    adopt_boxes(layer)
    there = layer.features["source"].tolist()
    layer.add(list(rectangles), shape_type=shape_type, edge_width=2, edge_color=BOX_COLOR, face_color="transparent")
    _note_sources(layer, [*there, *[source] * len(rectangles)])
    layer.selected_data = set()


def rectangles_of(corners: NDArray[np.floating], index: tuple[int, ...]) -> NDArray[np.floating]:
    """Return boxes (N, 4) y0, x0, y1, x1 of a plane as rectangles (N, 4, dimensions), as napari draws them."""
    drawn = corners[:, _CORNERS] - 0.5  # in napari the middle of the first pixel is 0, 0
    leading = np.broadcast_to(np.array(index, float), (*drawn.shape[:2], len(index)))
    return np.concatenate([leading, drawn], axis=2)


def boxes_on(layer: Shapes, image: Layer) -> tuple[NDArray[np.floating], NDArray[np.intp]]:
    """Return what shapes enclose, in pixels of an image: boxes (N, 4) y0, x0, y1, x1, and their planes (N, axes)."""
    corners, planes = _bounds_on(layer, image)
    areas = _are_areas(layer)
    return corners[areas], planes[areas]


def _known_boxes_on(layer: Shapes, image: Layer) -> tuple[NDArray[np.floating], NDArray[np.intp]]:
    """Return `boxes_on`; the shapes are looked through again only when they may have changed, or lie elsewhere.

    Each plane of a stack is read on its own, and to go through the shapes of all planes for each would take seconds.
    """
    place = map_points(np.eye(layer.ndim + 1, layer.ndim), layer, image).tobytes()
    known = _KNOWN.get(layer)
    if known is None or known[0] != place:
        layers.watch(layer, _forget)
        known = _KNOWN[layer] = place, boxes_on(layer, image)
    return known[1]


def _forget(event: Event) -> None:
    _KNOWN.pop(event.source, None)


def _are_areas(layer: Shapes) -> NDArray[np.bool_]:
    """Return (N,) which shapes enclose something."""
    return np.isin(layer.shape_type, AREAS)


def _bounds_on(layer: Shapes, image: Layer) -> tuple[NDArray[np.floating], NDArray[np.intp]]:
    """Return the bounding boxes (N, 4) of all shapes, lines as well, in pixels of an image, and their planes."""
    vertices, starts = vertices_on(layer, image)
    planes = np.round(vertices[starts[:-1], :-2]).astype(np.intp)
    return bounds_of_shapes(vertices[:, -2:], starts, layer.shape_type), planes


def _read_boxes(chosen: Sequence[Layer], place: Place) -> Boxes | FinishedInstances | None:
    layer, finished = chosen
    if finished is not None and (labels := np.asarray(finished.data[place.index])).any():
        return FinishedInstances(labels.copy())
    height, width = layers.spatial_shape(place.image)[-2:]
    if layer is None:
        return Boxes(np.zeros((0, 4)), (height, width))
    corners, planes = _known_boxes_on(layer, place.image)
    inside, seen = cut_to(corners[(planes == place.index).all(axis=1)], (height, width))
    return Boxes(inside[seen], (height, width))


def _write_boxes(layer: Shapes, place: Place, suggested: Annotation) -> int:
    """Put boxes that were found into the place of those that were found in the plane before; return how many.

    Where a person has drawn, accepted or moved about the same box, theirs stays, and no other is added.
    """
    if not isinstance(suggested, Boxes):
        return 0
    corners, planes = _bounds_on(layer, place.image)
    here = (planes == place.index).all(axis=1)
    found = layer.features["source"].to_numpy() == FOUND if "source" in layer.features else np.zeros(len(here), bool)
    theirs = here & ~found & _are_areas(layer)
    layer.remove(np.flatnonzero(here & found).tolist())
    there = overlapping_any(suggested.corners, corners[theirs], SAME_BOX)
    rectangles = rectangles_of(suggested.corners[~there], place.index)
    flat = map_points(rectangles.reshape(-1, rectangles.shape[2]), place.image, layer)
    add_boxes(layer, list(flat.reshape(rectangles.shape)), FOUND)
    return len(suggested.corners)


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
            fits=_could_be_finished,
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
