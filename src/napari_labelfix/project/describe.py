"""What is in a project, in a few numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from napari_labelfix.project.contents import find_exportable
from napari_labelfix.project.marked_images import read_marks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_labelfix.io.label_image import What
    from napari_labelfix.project.records import Entry, ImageRecord, LayerRecord, RunRecord
    from napari_labelfix.project.store import Project


@dataclass(frozen=True)
class LayerSummary:
    """A layer.

    Parameters
    ----------
    layer
        As the project has it.
    count
        How many objects, points or shapes there are in it.
    states
        How many objects there are of each state; of points and boxes of each kind, where some mark what is no cell,
        or of what a method took them for.
    exported_as
        What an export takes it for; "" where it is none of what a person has agreed to.
    """

    layer: LayerRecord
    count: int
    states: Mapping[str, int]
    exported_as: What | Literal[""]


@dataclass(frozen=True)
class Summary:
    """All that `info` tells."""

    meta: Mapping[str, str]
    images: Sequence[ImageRecord]
    layers: Sequence[LayerSummary]
    runs: Sequence[RunRecord]
    edits: int
    last: Entry | None


def describe(project: Project) -> Summary:
    """Return what is in a project. Raises `ProjectError` if a part of it is damaged."""
    history = project.history()
    exported = {one.layer.id: one.what for one in find_exportable(project)}
    return Summary(
        meta=project.meta(),
        images=project.images(),
        layers=[
            LayerSummary(layer, *_counts(project, layer), exported.get(layer.id, ""))
            for layer in project.layers()
            if layer.kind != "image"
        ],
        runs=project.runs(),
        edits=len(history),
        last=history[0] if history else None,
    )


def _counts(project: Project, layer: LayerRecord) -> tuple[int, Mapping[str, int]]:
    if layer.kind == "labels":
        records = project.objects(layer.id)
        return len(records), Counter(record.state for record in records if record.state)
    marks = read_marks(project, layer)
    told = marks.roles if marks.cells.all() else marks.kinds
    return len(marks), Counter(word for word in told.tolist() if word)
