"""Scribbles: a Labels layer with a brush for the background and one for each class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap

from napari_labelfix.annotations import BACKGROUND, FIRST_CLASS, Annotation, Scribbles
from napari_labelfix.widgets.annotating.class_brushes import (
    SCRIBBLE_COLORS,
    add_class,
    brushes_of,
    doubtful_names,
    known_classes,
    name_class,
    remove_class,
)
from napari_labelfix.widgets.annotating.instances import is_accepted_of
from napari_labelfix.widgets.annotating.layer_kind import AnnotationKind, Classes, LayerKind
from napari_labelfix.widgets.parts.shortcuts import with_key
from napari_labelfix.widgets.viewer import image_planes, layers
from napari_labelfix.widgets.viewer.history import history_of
from napari_labelfix.widgets.viewer.plane_copies import plane_copies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_labelfix.widgets.annotating.layer_kind import Place
    from napari_labelfix.widgets.viewer.image_planes import Index

_NAPARIS_BRUSH_SIZE = 10
_MANY_CLASSES = 8  # with more, the marks are likely masks of objects
_SEVERAL, _BROAD, _FULL = 3, 10, 0.55  # numbers, pixels and share of a box, from which on they look like masks


def _could_be_scribbles(layer: Layer, image: Layer) -> bool:
    return (
        isinstance(layer, Labels)
        and not layer.multiscale
        and layers.role_of(layer) in ("", "scribbles")
        and tuple(layer.data.shape) == image_planes.spatial_shape(image)
    )


def _create_scribbles(place: Place) -> Labels:
    image = place.image
    shape = image_planes.spatial_shape(image)
    layer = Labels(
        np.zeros(shape, np.uint8),
        name=f"{image.name} scribbles",
        colormap=scribble_colormap(),
        opacity=0.9,
        **image_planes.placement(image),
    )
    _set_tools(layer)
    layers.link(layer, "scribbles", image)
    return layer


def _adopt_scribbles(layer: Labels) -> None:
    if layer.contiguous and layer.brush_size == _NAPARIS_BRUSH_SIZE:  # as napari makes it: nobody has chosen yet
        _set_tools(layer)


def _set_tools(layer: Labels) -> None:
    layer.contiguous = False
    layer.brush_size = int(np.clip(min(layer.data.shape[-2:]) // 128, 3, 8))  # in pixels of the image


def scribble_colormap() -> DirectLabelColormap:
    """Return the colours of a scribble layer: 1 blue, 2 orange, 3 and up distinct from these."""
    return DirectLabelColormap(color_dict={None: "transparent", 0: "transparent"} | SCRIBBLE_COLORS)


def _start_scribbling(layer: Labels, label: int, _place: Place) -> None:
    layer.n_edit_dimensions = 2
    layer.selected_label = label
    layer.mode = "paint"


def _read_scribbles(chosen: Sequence[Layer], place: Place) -> Scribbles | None:
    scribbles, corrected = chosen
    marks = np.asarray(scribbles.data[place.index])
    accepted = plane_copies(corrected).of(place.index) if isinstance(corrected, Labels) else None
    if accepted is None:
        return Scribbles(marks.copy()) if marks.any() else None  # a copy: the person goes on painting meanwhile
    return Scribbles(marks.copy(), accepted, _classes_in(corrected, place.index))


def _classes_in(accepted: Labels, index: Index) -> NDArray[np.int64]:
    """Return (N, 2) the objects of a plane of which it is known which class they are of, and that class."""
    table = history_of(accepted).records.table
    known = table.classes > 0
    if known.any():
        known &= np.isin(table.ids, plane_copies(accepted).ids(index))
    return np.stack([table.ids[known], table.classes[known]], axis=1)


def _missing_scribbles(annotations: Sequence[Annotation | None]) -> str:
    marks = [annotation.marks for annotation in annotations if isinstance(annotation, Scribbles)]
    background = any((plane == BACKGROUND).any() for plane in marks)
    foreground = any((plane >= FIRST_CLASS).any() for plane in marks)
    if background and foreground:
        return ""
    if foreground:
        return f"Paint a few strokes of background ({BACKGROUND}) too, between the objects."
    if background:
        return f"Paint a few strokes of foreground ({FIRST_CLASS}) too, inside some objects."
    return f"Paint a few strokes of background ({BACKGROUND}) and foreground ({FIRST_CLASS})."


def _doubtful_scribbles(annotations: Sequence[Annotation | None]) -> str:
    """Say so if the marks look like masks of objects, which have a number each."""
    drawn = (annotation.marks for annotation in annotations if isinstance(annotation, Scribbles))
    marks = [plane for plane in drawn if plane.any()]  # of others only objects are accepted
    classes = max((np.unique(plane[plane >= FIRST_CLASS]).size for plane in marks), default=0)
    if classes <= _MANY_CLASSES and not (marks and _look_like_masks(marks[0])):
        return ""
    count = "1 class" if classes == 1 else f"{classes} classes"
    return f"These are {count} of foreground. If they are objects, use Label upgrade or HoVer-Net + ST++."


def _look_like_masks(marks: NDArray[np.integer]) -> bool:
    """Return whether all numbers (Y, X), also 1, fill the boxes around them, and these are broader than a brush."""
    from scipy.ndimage import find_objects  # no dock should wait for it

    boxes = [(value, box) for value, box in enumerate(find_objects(marks, _MANY_CLASSES + 1), start=1) if box]
    return len(boxes) >= _SEVERAL and all(_is_full(marks[box], value) for value, box in boxes)


def _is_full(marks: NDArray[np.integer], value: int) -> bool:
    return min(marks.shape) >= _BROAD and (marks == value).mean() >= _FULL


SCRIBBLE_KIND = AnnotationKind(
    layers=(
        LayerKind(
            role="scribbles",
            noun="scribble layer",
            label="Scribbles",
            legend="Double-click a class to name it.",
            fits=_could_be_scribbles,
            absent="Press “Create scribble layer”.",
            create=_create_scribbles,
            adopt=_adopt_scribbles,
            brushes=brushes_of([]),
            classes=Classes(brushes_of, known_classes, add_class, name_class, remove_class, doubtful_names),
            starts_with=1,
            draw=_start_scribbling,
            brush_in_hand=lambda layer: int(layer.selected_label),
        ),
        LayerKind(
            role="corrected",
            noun="accepted objects",
            label="Accepted",
            legend="Their middles teach the network, as strokes of their class do.",
            fits=is_accepted_of,
            absent="",
            optional=True,
        ),
    ),
    read=_read_scribbles,
    missing=_missing_scribbles,
    doubt=_doubtful_scribbles,
    while_running=f"Paint more strokes where outlines are off, and {with_key('reject', 'reject_object')} what is none",
    afterwards="paint more strokes",
)
