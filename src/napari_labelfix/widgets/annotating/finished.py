"""Finished labels: a Labels layer in which some planes are labelled, and a Shapes layer for those that are in part.

Accepted objects serve, too: they and a little around them are right, which makes no plane finished.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels, Shapes

from napari_labelfix.annotations import Annotation, FinishedInstances
from napari_labelfix.widgets.annotating.instances import (
    RIGHT_PART,
    create_right_part,
    doubtful_labels,
    inside_shapes,
    is_labels_of,
)
from napari_labelfix.widgets.annotating.layer_kind import AnnotationKind, Brush, LayerKind
from napari_labelfix.widgets.annotating.trusted_planes import trusted_plane
from napari_labelfix.widgets.viewer import image_planes, layers
from napari_labelfix.widgets.viewer.colors import ORANGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer

    from napari_labelfix.widgets.annotating.layer_kind import Place

NEW_OBJECT = "new object"


def _could_be_finished(layer: Layer, image: Layer) -> bool:
    """Whether planes of labels may be finished: of any that a person has made, for whichever method."""
    return is_labels_of(layer, image) and layers.role_of(layer) in ("", "finished", "imperfect", "corrected")


def _could_be_finished_part(layer: Layer, image: Layer) -> bool:
    return isinstance(layer, Shapes) and RIGHT_PART.fits(layer, image)


def _create_finished(place: Place) -> Labels:
    shape = image_planes.spatial_shape(place.image)
    layer = Labels(
        np.zeros(shape, np.int32), name=f"{place.image.name} finished", **image_planes.placement(place.image)
    )
    layers.link(layer, "finished", place.image)
    return layer


def _start_drawing(layer: Labels, _tool: str, _place: Place) -> None:
    from napari_labelfix.widgets.viewer.history import check_range  # brings pandas, for which no dock should wait

    new = int(np.max(layer.data)) + 1
    check_range(layer, new)
    layer.n_edit_dimensions = 2
    layer.selected_label = new
    layer.mode = "paint"


def _read_finished(chosen: Sequence[Layer], place: Place) -> FinishedInstances | None:
    layer, part = chosen
    trusted = inside_shapes(part, place) if part is not None else None
    if layers.role_of(layer) == "corrected" and trusted is None:
        finished = FinishedInstances(*trusted_plane(layer, place.index))
    else:  # a copy: the person goes on painting while the run reads
        finished = FinishedInstances(np.array(layer.data[place.index]), trusted)
    return finished if finished.known().any() else None


def _missing_finished(annotations: Sequence[Annotation | None]) -> str:
    finished = [annotation for annotation in annotations if isinstance(annotation, FinishedInstances)]
    if any(plane.teaches for plane in finished):
        return ""
    return "Label every object of one plane, or all in a part of it and outline that as “Finished part”."


def _is_whole(annotation: Annotation) -> bool:
    """Whether what has no label in a plane counts as background, wherever it lies."""
    return isinstance(annotation, FinishedInstances) and annotation.trusted is None


FINISHED_KIND = AnnotationKind(
    layers=(
        LayerKind(
            role="finished",
            noun="finished labels",
            label="Finished",
            legend="A plane with labels must have them all.",
            fits=_could_be_finished,
            absent="Choose labels of some finished planes, or press “Create finished labels” and draw.",
            create=_create_finished,
            brushes=(Brush(NEW_OBJECT, "New object", "Paint an object with a number of its own.", ORANGE),),
            draw=_start_drawing,
            brush_in_hand=lambda _layer: NEW_OBJECT,
            taken_alone=True,
        ),
        dataclasses.replace(
            RIGHT_PART,
            noun="finished part",
            label="Finished part",
            legend="If a plane is labelled in part: outline it.",
            fits=_could_be_finished_part,
            absent="",
            create=lambda place: create_right_part(place, "finished part"),
            optional=True,
        ),
    ),
    read=_read_finished,
    missing=_missing_finished,
    while_running="Finish more planes, or mend labels",
    afterwards="finish more planes",
    doubt=doubtful_labels,
    whole=_is_whole,
)
