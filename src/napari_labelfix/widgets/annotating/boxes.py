"""Boxes: a Shapes layer with rectangles around some cells, and around what is none, and labels of finished planes.

The finished planes are where good boxes come from; without them, made-up cells serve.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from napari.layers import Shapes
from napari.layers.base import ActionType
from napari.utils.colormaps.standardize_color import transform_color

from napari_labelfix.annotations import Annotation, Boxes, FinishedInstances
from napari_labelfix.io.boxes import AREAS, bounds_of_shapes, cut_to
from napari_labelfix.io.tables import CELL, NO_CELL
from napari_labelfix.metrics.overlap import overlapping_any
from napari_labelfix.review.marks import SAME_BOX
from napari_labelfix.widgets.annotating.finished import FINISHED_KIND
from napari_labelfix.widgets.annotating.instances import doubtful_labels, vertices_on
from napari_labelfix.widgets.annotating.layer_kind import AnnotationKind, Brush, LayerKind, Place
from napari_labelfix.widgets.parts.shortcuts import with_key
from napari_labelfix.widgets.viewer import image_planes, layers
from napari_labelfix.widgets.viewer.colors import MARK_COLORS
from napari_labelfix.widgets.viewer.coordinates import map_points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer
    from napari.utils.events import Event
    from numpy.typing import NDArray

DRAWN, FOUND, ACCEPTED, REJECTED = "drawn", "found", "accepted", "rejected"  # the values of the feature `source`
_TEXT = ("object", "str", "string")  # as which kinds of column pandas keeps it
_CORNERS = np.array([(0, 1), (0, 3), (2, 3), (2, 1)])  # of y0, x0, y1, x1, in the order in which napari wants them


class KnownBoxes(NamedTuple):
    """All boxes of a layer, in pixels of an image: (N, 4), their planes (N, axes), and which are of cells (N,).

    `shapes` are their numbers in the layer (N,), in which there may be lines, too.
    """

    corners: NDArray[np.floating]
    planes: NDArray[np.intp]
    cells: NDArray[np.bool_]
    shapes: NDArray[np.intp]


_KNOWN: WeakKeyDictionary[Shapes, tuple[bytes, KnownBoxes]] = (
    WeakKeyDictionary()
)  # where each layer lies, and its boxes


def _could_be_boxes(layer: Layer, image: Layer) -> bool:
    return (
        isinstance(layer, Shapes)
        and layers.role_of(layer) in ("", "boxes")
        and layer.ndim == len(image_planes.spatial_shape(image))
    )


def _could_be_finished(layer: Layer, image: Layer) -> bool:
    """Whether planes of a layer may be finished: around accepted objects only a little is known, which is no plane."""
    return FINISHED_KIND.layers[0].fits(layer, image) and layers.role_of(layer) != "corrected"


def create_boxes(place: Place) -> Shapes:
    """Return an empty layer for boxes on an image."""
    image = place.image
    layer = Shapes(
        ndim=len(image_planes.spatial_shape(image)), name=f"{image.name} boxes", **image_planes.placement(image)
    )
    layers.link(layer, "boxes", image)
    adopt_boxes(layer)
    return layer


def adopt_boxes(layer: Shapes) -> None:
    """Let the image be seen through the boxes, and note of each what it is around and where it comes from."""
    for name, value in (("source", DRAWN), ("kind", CELL)):
        if name not in layer.features:
            _note(layer, name, [value] * len(layer.data))
        elif str(layer.features[name].dtype) not in _TEXT:  # of another program: numbers, or categories
            _note(layer, name, layer.features[name].astype(str).tolist())
    _take_in_hand(layer, _kind_in_hand(layer))
    layer.events.data.connect(_take_over_what_is_moved)
    layer.events.data.connect(_color_what_is_drawn)


def _note(layer: Shapes, name: str, values: Sequence[str]) -> None:
    """Note something of each box; what else is known about it stays, and what is drawn next is what it would be."""
    import pandas as pd  # no dock should wait for it

    defaults = {"source": DRAWN, "kind": _kind_in_hand(layer)}
    layer.features = layer.features.assign(**{name: pd.Series(values, dtype=str)})
    known = {name: value for name, value in defaults.items() if name in layer.features}
    layer.feature_defaults = layer.feature_defaults.assign(**known)


def _kind_in_hand(layer: Shapes) -> str:
    """Return what the next box will be around."""
    kind = str(layer.feature_defaults["kind"].iloc[0]) if "kind" in layer.feature_defaults else CELL
    return kind if kind in MARK_COLORS else CELL


def _take_in_hand(layer: Shapes, kind: str, source: str = DRAWN) -> None:
    """Let the next box be around a cell, or what is none, and come from a person's hand, or elsewhere."""
    layer.selected_data = set()  # what is selected would become like the next one
    layer.current_face_color, layer.current_edge_color = "transparent", MARK_COLORS[kind]
    layer.current_edge_width = 2
    layer.feature_defaults = layer.feature_defaults.assign(source=source, kind=kind)


def _take_over_what_is_moved(event: Event) -> None:
    """Count a found box that a person has moved as drawn: the next that are found do not replace it."""
    layer = event.source
    if event.action != ActionType.CHANGED or "source" not in layer.features:
        return
    sources = layer.features["source"].tolist()
    moved = [number for number in event.data_indices if sources[number] == FOUND]
    if moved:
        _note(layer, "source", [DRAWN if number in moved else source for number, source in enumerate(sources)])


def _color_what_is_drawn(event: Event) -> None:
    """Let a new box have the colour of its kind: napari draws in that of the last box that was selected."""
    layer = event.source
    if event.action != ActionType.ADDED or "kind" not in layer.features:
        return
    colors = colors_of(layer)
    wrong = [i for i in event.data_indices if not np.allclose(layer.edge_color[i], transform_color(colors[i]))]
    if wrong:
        layer.edge_color = colors


def _start_drawing(layer: Shapes, kind: str, _place: Place) -> None:
    adopt_boxes(layer)
    _take_in_hand(layer, kind)
    layer.mode = "add_rectangle"


def add_boxes(
    layer: Shapes,
    rectangles: Sequence[NDArray[np.floating]],
    source: str,
    shape_type: str = "rectangle",
    kind: str = CELL,
) -> None:
    """Add boxes, rectangles or other shapes, and note where they come from.

    Parameters
    ----------
    layer
        The person's.
    rectangles
        (V, dimensions) each, in pixels of the layer.
    source
        One of the values of the feature.
    shape_type
        As napari calls it.
    kind
        What they are around.
    """
    if not len(rectangles):
        return
    adopt_boxes(layer)
    in_hand = _kind_in_hand(layer)
    _take_in_hand(layer, kind, source)
    layer.add(list(rectangles), shape_type=shape_type)
    _take_in_hand(layer, in_hand)


def rectangles_of(corners: NDArray[np.floating], index: tuple[int, ...]) -> NDArray[np.floating]:
    """Return boxes (N, 4) y0, x0, y1, x1 of a plane as rectangles (N, 4, dimensions), as napari draws them."""
    drawn = corners[:, _CORNERS] - 0.5  # in napari the middle of the first pixel is 0, 0
    leading = np.broadcast_to(np.array(index, float), (*drawn.shape[:2], len(index)))
    return np.concatenate([leading, drawn], axis=2)


def boxes_on(layer: Shapes, image: Layer) -> tuple[NDArray[np.floating], NDArray[np.intp]]:
    """Return the boxes of cells, in pixels of an image: (N, 4) y0, x0, y1, x1, and their planes (N, axes)."""
    corners, planes = _bounds_on(layer, image)
    boxes = are_boxes(layer)
    return corners[boxes], planes[boxes]


def all_boxes_on(layer: Shapes, image: Layer) -> KnownBoxes:
    """Return all boxes; the shapes are looked through again only when they may have changed, or lie elsewhere.

    Each plane of a stack is read on its own, and to go through the shapes of all planes for each would take seconds.
    """
    place = map_points(np.eye(layer.ndim + 1, layer.ndim), layer, image).tobytes()
    known = _KNOWN.get(layer)
    if known is None or known[0] != place:
        layers.watch(layer, _forget)
        areas, (corners, planes) = np.flatnonzero(_are_areas(layer)), _bounds_on(layer, image)
        known = _KNOWN[layer] = place, KnownBoxes(corners[areas], planes[areas], _are_cells(layer)[areas], areas)
    return known[1]


def _forget(event: Event) -> None:
    _KNOWN.pop(event.source, None)


def are_boxes(layer: Shapes) -> NDArray[np.bool_]:
    """Return (N,) which shapes are boxes of cells: they enclose something, and are not around what is none."""
    return _are_areas(layer) & _are_cells(layer)


def colors_of(layer: Shapes) -> list[str]:
    """Return the colour of each box, by what it is around."""
    return [MARK_COLORS[CELL if cell else NO_CELL] for cell in _are_cells(layer)]


def _are_areas(layer: Shapes) -> NDArray[np.bool_]:
    return np.isin(layer.shape_type, AREAS)


def _are_cells(layer: Shapes) -> NDArray[np.bool_]:
    if "kind" not in layer.features:
        return np.ones(len(layer.data), bool)
    return (layer.features["kind"] != NO_CELL).to_numpy()


def _bounds_on(layer: Shapes, image: Layer) -> tuple[NDArray[np.floating], NDArray[np.intp]]:
    """Return the bounding boxes (N, 4) of all shapes, lines as well, in pixels of an image, and their planes."""
    vertices, starts = vertices_on(layer, image)
    planes = np.round(vertices[starts[:-1], :-2]).astype(np.intp)
    return bounds_of_shapes(vertices[:, -2:], starts, layer.shape_type), planes


def _read_boxes(chosen: Sequence[Layer], place: Place) -> Boxes | FinishedInstances | None:
    layer, finished = chosen
    if finished is not None and (labels := np.asarray(finished.data[place.index])).any():
        return FinishedInstances(labels.copy())
    height, width = image_planes.spatial_shape(place.image)[-2:]
    if layer is None:
        return Boxes(np.zeros((0, 4)), (height, width))
    corners, planes, cells, _ = all_boxes_on(layer, place.image)
    here = (planes == place.index).all(axis=1)
    inside, seen = cut_to(corners[here], (height, width))
    return Boxes(inside[seen & cells[here]], (height, width), inside[seen & ~cells[here]])


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
            brushes=(
                Brush(CELL, "Cell", "Drag a rectangle around a cell.", MARK_COLORS[CELL]),
                Brush(NO_CELL, "Not a cell", "Drag a rectangle around what is found wrongly.", MARK_COLORS[NO_CELL]),
            ),
            draw=_start_drawing,
            brush_in_hand=_kind_in_hand,
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
    while_running=f"Draw boxes around cells that are missed, and {with_key('reject', 'reject_object')} wrong ones",
    afterwards="draw more boxes",
    doubt=doubtful_labels,
    write=_write_boxes,
)
