"""The table of the kinds of annotation: what the dock must know about each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_labelfix.annotations import Annotation, Boxes, FinishedInstances, Instances, Points, Scribbles
from napari_labelfix.widgets.boxes_kind import BOXES_KIND
from napari_labelfix.widgets.finished_kind import FINISHED_KIND
from napari_labelfix.widgets.instances_kind import INSTANCES_KIND
from napari_labelfix.widgets.points_kind import POINTS_KIND
from napari_labelfix.widgets.scribble_kind import SCRIBBLE_KIND

if TYPE_CHECKING:
    from napari_labelfix.widgets.layer_kind import AnnotationKind

KINDS: dict[type[Annotation], AnnotationKind] = {
    Scribbles: SCRIBBLE_KIND,
    Points: POINTS_KIND,
    Boxes: BOXES_KIND,
    Instances: INSTANCES_KIND,
    FinishedInstances: FINISHED_KIND,
}
