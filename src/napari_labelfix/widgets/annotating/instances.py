"""Instances: any Labels layer, and the part of it that is right: outlined in a Shapes layer, or what was accepted.

A third layer may number other objects, which could be taken for these; without it a method looks for some itself.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels, Shapes

from napari_labelfix.annotations import Annotation, Instances
from napari_labelfix.data.numbering import doubt_about_numbers
from napari_labelfix.io.boxes import AREAS
from napari_labelfix.methods.table import METHODS
from napari_labelfix.widgets.annotating.layer_kind import AnnotationKind, Brush, LayerKind
from napari_labelfix.widgets.annotating.trusted_planes import trusted_plane
from napari_labelfix.widgets.viewer import image_planes, layers
from napari_labelfix.widgets.viewer.colors import ORANGE
from napari_labelfix.widgets.viewer.coordinates import map_points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_labelfix.widgets.annotating.layer_kind import Place

_RIGHT_COLOR = ORANGE  # as what a person marks as a cell
WHOLE_PLANE = "whole plane"
_TOOLS = {"rectangle": "add_rectangle", "polygon": "add_polygon"}  # brush -> mode of the layer
_ELLIPSE = np.linspace(0, 2 * np.pi, 64, endpoint=False)
_DOUBTED = 4  # planes of a stack that are looked at


def _could_be_imperfect(layer: Layer, image: Layer) -> bool:
    """Whether labels can be upgraded: any, also accepted ones and what other methods propose or have learned from."""
    roles = ("", "imperfect", "finished", "corrected", "proposal")
    proposed_by = METHODS.get(layers.tag_of(layer).get("method", ""))
    upgraded = proposed_by is not None and proposed_by.annotation is Instances  # which are not upgraded again
    return is_labels_of(layer, image) and layers.role_of(layer) in roles and not upgraded


def _could_be_others(layer: Layer, image: Layer) -> bool:
    return is_labels_of(layer, image) and layers.role_of(layer) in ("", "others")


def is_labels_of(layer: Layer, image: Layer) -> bool:
    """Return whether a layer is of labels in the size of an image."""
    return (
        isinstance(layer, Labels)
        and not layer.multiscale
        and tuple(layer.data.shape) == image_planes.spatial_shape(image)
    )


def is_accepted_of(layer: Layer, image: Layer) -> bool:
    """Return whether a layer holds what a person has accepted, in the size of an image."""
    return is_labels_of(layer, image) and layers.role_of(layer) == "corrected"


def _could_be_right_part(layer: Layer, image: Layer) -> bool:
    if isinstance(layer, Shapes):
        return layers.role_of(layer) in ("", "right_part") and layer.ndim == len(image_planes.spatial_shape(image))
    return is_accepted_of(layer, image)


def create_right_part(place: Place, name: str = "right part") -> Shapes:
    """Return a layer in which the right part of an image is outlined, called by the image's name and this one."""
    image = place.image
    layer = Shapes(
        ndim=len(image_planes.spatial_shape(image)),
        name=f"{image.name} {name}",
        **image_planes.placement(image),
    )
    layers.link(layer, "right_part", image)
    adopt_right_part(layer)
    return layer


def adopt_right_part(layer: Layer) -> None:
    """Let the image be seen through the shapes."""
    if isinstance(layer, Shapes):
        layer.current_face_color, layer.current_edge_color = "transparent", _RIGHT_COLOR
        layer.current_edge_width = 2


def _start_outlining(layer: Layer, tool: str, place: Place) -> None:
    if not isinstance(layer, Shapes):  # accepted objects: more are accepted, not drawn
        return
    adopt_right_part(layer)
    if tool == WHOLE_PLANE:
        height, width = image_planes.spatial_shape(place.image)[-2:]
        corners = np.array([(0, 0), (0, width), (height, width), (height, 0)]) - 0.5  # a pixel's centre is at (0, 0)
        on_image = np.column_stack([np.tile(place.index, (4, 1)), corners])
        layer.add_rectangles(map_points(on_image, place.image, layer))
    else:
        layer.mode = _TOOLS[tool]


def _tool_in_hand(layer: Layer) -> str:
    mode = str(layer.mode) if isinstance(layer, Shapes) else ""
    return next((tool for tool, its_mode in _TOOLS.items() if its_mode == mode), "rectangle")


def _read_instances(chosen: Sequence[Layer], place: Place) -> Instances:
    imperfect, right_part, other_objects = chosen
    others = None if other_objects is None else np.array(other_objects.data[place.index])
    if isinstance(right_part, Shapes):
        return Instances(np.array(imperfect.data[place.index]), inside_shapes(right_part, place), others)
    merged, trusted = trusted_plane(right_part, place.index, imperfect)
    return Instances(merged, trusted if trusted.any() else None, others)


def inside_shapes(shapes: Shapes, place: Place) -> NDArray[np.bool_] | None:
    """Return (Y, X) the pixels of a plane that lie inside a shape; None if there is no shape in it."""
    size = image_planes.spatial_shape(place.image)[-2:]
    mask = np.zeros(size, bool)
    vertices, starts = vertices_on(shapes, place.image)
    kinds = shapes.shape_type
    in_plane = (np.round(vertices[starts[:-1], :-2]) == place.index).all(axis=1)
    for number in np.flatnonzero(in_plane):
        if kinds[number] in AREAS:
            outline = vertices[starts[number] : starts[number + 1], -2:]
            _fill(mask, outline if kinds[number] != "ellipse" else _round(outline))
    return mask if mask.any() else None


def _fill(mask: NDArray[np.bool_], outline: NDArray[np.floating]) -> None:
    """Set the pixels (Y, X) whose middles lie inside a polygon (V, 2) or on its outline."""
    low, high = outline.min(axis=0), outline.max(axis=0)
    is_corner = ((outline == low) | (outline == high)).all(axis=1)
    if len(outline) == 4 and is_corner.all() and len(np.unique(outline, axis=0)) == 4:  # many times as fast
        first, last = np.maximum(np.ceil(low), 0).astype(int), np.floor(high).astype(int)
        mask[first[0] : max(0, last[0] + 1), first[1] : max(0, last[1] + 1)] = True
        return
    from skimage.draw import polygon  # no dock should wait for it

    rows, columns = outline.T
    mask[polygon(rows, columns, mask.shape)] = True


def vertices_on(shapes: Shapes, image: Layer) -> tuple[NDArray[np.floating], NDArray[np.intp]]:
    """Return the vertices (V, dimensions) of all N shapes in pixels of an image, and where each begins (N + 1,)."""
    data = shapes.data  # napari makes a list of it at each look
    vertices = np.concatenate(data) if data else np.zeros((0, shapes.ndim))
    return map_points(vertices, shapes, image), np.cumsum([0, *map(len, data)])


def _round(corners: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the outline of the ellipse that touches the sides of a (4, 2) rectangle."""
    across, down = (corners[1] - corners[0]) / 2, (corners[3] - corners[0]) / 2
    return corners.mean(axis=0) + np.outer(np.cos(_ELLIPSE), across) + np.outer(np.sin(_ELLIPSE), down)


def _missing_instances(annotations: Sequence[Annotation | None]) -> str:
    instances = [annotation for annotation in annotations if isinstance(annotation, Instances)]
    trusted = [plane for plane in instances if plane.trusted is not None]
    if not trusted:
        return "Draw a rectangle around a part where the labels are right, or choose accepted objects as “Right part”."
    if not any(plane.teaches for plane in trusted):
        return "The right part holds no object. Draw it where some labels are right, or put some right first."
    return ""


def doubtful_labels(annotations: Sequence[Annotation | None]) -> str:
    """Say so if labels look like a mask, of which all objects have one number, or like a picture."""
    labelled = (annotation.labels for annotation in annotations if isinstance(annotation, Instances))
    return doubt_about_numbers(islice(labelled, _DOUBTED), remedy="“Part pieces” in the Review dock does it")


RIGHT_PART = LayerKind(
    role="right_part",
    noun="right-part layer",
    label="Right part",
    legend="Outline parts where labels are right.",
    fits=_could_be_right_part,
    absent="Press “Create right-part layer” and outline where the labels are right.",
    create=create_right_part,
    adopt=adopt_right_part,
    brushes=(
        Brush("rectangle", "Rectangle", "Draw rectangles around right labels.", _RIGHT_COLOR),
        Brush("polygon", "Polygon", "Draw polygons around right labels.", _RIGHT_COLOR),
        Brush(WHOLE_PLANE, "Plane", "All labels of the plane in view are right.", _RIGHT_COLOR, for_stacks=True),
    ),
    draw=_start_outlining,
    brush_in_hand=_tool_in_hand,
)

INSTANCES_KIND = AnnotationKind(
    layers=(
        LayerKind(
            role="imperfect",
            noun="labels",
            label="Labels",
            legend="",
            fits=_could_be_imperfect,
            absent="Open labels to upgrade, and choose them. Any of the image's size will do; they are not changed.",
            covered=True,
            taken_alone=True,
        ),
        RIGHT_PART,
        LayerKind(
            role="others",
            noun="other objects",
            label="Others",
            legend="If you like: labels of things that are wrongly marked, such as debris, as examples to learn from.",
            fits=_could_be_others,
            absent="",
            optional=True,
        ),
    ),
    read=_read_instances,
    missing=_missing_instances,
    while_running="Outline more right parts, or mend labels in them",
    afterwards="outline more right parts",
    doubt=doubtful_labels,
)
