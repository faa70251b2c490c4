"""What a person can accept from: all objects, those with one kind of change, points or boxes, masks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from napari_labelfix.snapshots import Change
from napari_labelfix.widgets.accepting.boxes import AcceptingBoxes, ReplacingBoxes
from napari_labelfix.widgets.accepting.by_parts import AcceptingByParts
from napari_labelfix.widgets.accepting.by_strokes import AcceptingByStrokes
from napari_labelfix.widgets.accepting.objects import AcceptingObjects
from napari_labelfix.widgets.accepting.points import AcceptingPoints
from napari_labelfix.widgets.annotating.finished import FINISHED_KIND
from napari_labelfix.widgets.annotating.instances import INSTANCES_KIND
from napari_labelfix.widgets.annotating.scribbles import SCRIBBLE_KIND
from napari_labelfix.widgets.results.box_layers import BoxLayers
from napari_labelfix.widgets.results.detection_layers import DetectionLayers
from napari_labelfix.widgets.results.mark_layers import MarkLayers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer

    from napari_labelfix.widgets.accepting.acceptor import Acceptor
    from napari_labelfix.widgets.annotating.layer_kind import AnnotationKind
    from napari_labelfix.widgets.results.result_layers import ResultLayers

_TO_ACCEPT = {  # those that were removed are not in the proposal
    Change.NONE: "unchanged",
    Change.ADDED: "added",
    Change.RESHAPED: "reshaped",
    Change.SPLIT: "split",
    Change.MERGED: "merged",
}


class Scope(NamedTuple):
    """Some of what is proposed: `name` is for the person, None as `change` means whatever became of an object."""

    name: str
    acceptor: Acceptor | None
    change: Change | None = None

    @property
    def noun(self) -> str:
        """What one of them is called."""
        return self.acceptor.noun if self.acceptor is not None else "object"

    @property
    def can_reject(self) -> bool:
        """Whether a run can be told of a single one that it is none."""
        return self.acceptor is not None and self.acceptor.can_reject


def acceptors_of(results: ResultLayers, kind: AnnotationKind, drawn: Sequence[Layer | None]) -> list[Acceptor]:
    """Return what accepts from results, the usual one first, where these layers of a kind were drawn."""
    annotation = drawn[0]
    if isinstance(results, DetectionLayers):
        return [AcceptingPoints(results, annotation), AcceptingObjects(results)]
    if isinstance(results, BoxLayers):
        return [AcceptingBoxes(results, annotation), ReplacingBoxes(results, annotation), AcceptingObjects(results)]
    if kind is SCRIBBLE_KIND:
        return [AcceptingByStrokes(results, annotation)]
    if kind is INSTANCES_KIND or kind is FINISHED_KIND:
        begins = kind is INSTANCES_KIND  # a plane with a finished part is learned from as labelled, and not from itself
        return [AcceptingByParts(results, annotation, drawn[1], kind.layers[1].label.lower(), begins=begins)]
    return [AcceptingObjects(results)]


def scopes_of(results: ResultLayers, acceptors: Sequence[Acceptor]) -> list[Scope]:
    """Return what there is to choose from by now."""
    if isinstance(results, MarkLayers):
        marks, *replacing, masks = acceptors
        name = "Boxes" if isinstance(results, BoxLayers) else "Points"
        in_place = [
            Scope(f"{name}, in place of yours", acceptor) for acceptor in replacing if acceptor.target is not None
        ]
        with_masks = [Scope("Masks, as labels", masks)] if masks.has_objects else []
        return [Scope(f"{name}, as new input", marks), *in_place, *with_masks]
    (objects,) = acceptors
    if results.layer("changes") is None:
        return [Scope("All objects", objects)]
    by_change = [Scope(f"{name.capitalize()} objects", objects, change) for change, name in _TO_ACCEPT.items()]
    return [Scope("All objects", objects), *by_change]
