"""What is in a project, in a few numbers."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_labelfix.project.database import damaged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_labelfix.project.records import Entry, ImageRecord, LayerRecord, RunRecord
    from napari_labelfix.project.store import Project


@dataclass(frozen=True)
class LayerSummary:
    """A layer, how many objects, points or shapes it has, and how many objects of each state."""

    layer: LayerRecord
    count: int
    states: Mapping[str, int]


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
    return Summary(
        meta=project.meta(),
        images=project.images(),
        layers=[_summary(project, layer) for layer in project.layers() if layer.kind != "image"],
        runs=project.runs(),
        edits=len(history),
        last=history[0] if history else None,
    )


def _summary(project: Project, layer: LayerRecord) -> LayerSummary:
    if layer.kind == "labels":
        records = project.objects(layer.id)
        states = Counter(record.state for record in records if record.state)
        return LayerSummary(layer, len(records), states)
    content = project.geometry(layer.id)
    try:
        return LayerSummary(layer, len(json.loads(content)["data"]) if content else 0, {})
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(project.path, error) from error
