"""The table of the kinds of annotation: what the dock must know about each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_labelfix.annotations import Annotation, Boxes, FinishedInstances, Instances, Points, Scribbles
from napari_labelfix.widgets.annotating.boxes import BOXES_KIND
from napari_labelfix.widgets.annotating.finished import FINISHED_KIND
from napari_labelfix.widgets.annotating.instances import INSTANCES_KIND
from napari_labelfix.widgets.annotating.points import POINTS_KIND
from napari_labelfix.widgets.annotating.scribbles import SCRIBBLE_KIND

if TYPE_CHECKING:
    from napari_labelfix.widgets.annotating.layer_kind import AnnotationKind

KINDS: dict[type[Annotation], AnnotationKind] = {
    Scribbles: SCRIBBLE_KIND,
    Points: POINTS_KIND,
    Boxes: BOXES_KIND,
    Instances: INSTANCES_KIND,
    FinishedInstances: FINISHED_KIND,
}
