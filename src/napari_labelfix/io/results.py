"""What a run leaves in its folder: a few files per image and a record."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from napari_labelfix.io.boxes_csv import write_boxes
from napari_labelfix.io.files import replacing
from napari_labelfix.io.labels_tiff import write_confidence, write_labels
from napari_labelfix.io.points_csv import write_points
from napari_labelfix.snapshots import Detections, FoundBoxes, Proposal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from napari_labelfix.io.read import ImageFile
    from napari_labelfix.snapshots import Belief

ENDINGS: dict[type[Belief], tuple[str, ...]] = {  # of the names of the files of an image, after its stem
    Proposal: ("_labels.tif", "_classes.tif", "_confidence.tif", "_changes.tif"),
    Detections: ("_points.csv", "_heatmap.tif", "_labels.tif"),
    FoundBoxes: ("_boxes.csv", "_labels.tif"),
}


def write_beliefs(folder: Path, file: ImageFile, beliefs: Sequence[Belief]) -> list[str]:
    """Write what is believed of an image, in the image's shape (a stack stays a stack); return the names of the files.

    Parameters
    ----------
    folder
        Where to.
    file
        The image; its stem begins the names.
    beliefs
        One per plane, in order, all of one type.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    found = [belief for belief in beliefs if isinstance(belief, Detections)]
    if found:
        return _write_detections(folder, file, found)
    boxes = [belief for belief in beliefs if isinstance(belief, FoundBoxes)]
    if boxes:
        return _write_boxes(folder, file, boxes)
    return _write_proposals(folder, file, [belief for belief in beliefs if isinstance(belief, Proposal)])


def remove_beliefs(folder: Path, file: ImageFile) -> None:
    """Remove what `write_beliefs` has written of an image."""
    for ending in {ending for endings in ENDINGS.values() for ending in endings}:
        (folder / f"{file.stem}{ending}").unlink(missing_ok=True)


def _write_proposals(folder: Path, file: ImageFile, proposals: Sequence[Proposal]) -> list[str]:
    """Write `<stem>_labels.tif`, `_classes.tif`, `_confidence.tif`, and `_changes.tif` where labels were given."""
    names = _names(file, Proposal)
    write_labels(folder / names[0], file.restack([proposal.labels for proposal in proposals]), file.known_grid)
    write_labels(folder / names[1], file.restack([proposal.classes for proposal in proposals]), file.known_grid)
    write_confidence(folder / names[2], file.restack([proposal.confidence for proposal in proposals]), file.known_grid)
    changes = [proposal.changes for proposal in proposals if proposal.changes is not None]
    if len(changes) < len(proposals):  # a plane that the model had to predict has none
        return names[:3]
    write_labels(folder / names[3], file.restack(changes), file.known_grid)
    return names


def _write_detections(folder: Path, file: ImageFile, planes: Sequence[Detections]) -> list[str]:
    """Write `<stem>_points.csv`, `<stem>_heatmap.tif`, and `<stem>_labels.tif` where there are masks."""
    names = _names(file, Detections)
    write_points(folder / names[0], planes)
    write_confidence(folder / names[1], file.restack([found.heatmap for found in planes]), file.known_grid)
    return names if _write_masks(folder / names[2], file, planes) else names[:2]


def _write_boxes(folder: Path, file: ImageFile, planes: Sequence[FoundBoxes]) -> list[str]:
    """Write `<stem>_boxes.csv`, and `<stem>_labels.tif` where there are masks."""
    names = _names(file, FoundBoxes)
    write_boxes(folder / names[0], planes)
    return names if _write_masks(folder / names[1], file, planes) else names[:1]


def _write_masks(path: Path, file: ImageFile, planes: Sequence[Detections | FoundBoxes]) -> bool:
    """Write masks where there are some; return whether there are."""
    masks = [found.labels for found in planes if found.labels is not None]
    if masks:
        write_labels(path, file.restack(masks), file.known_grid)
    return bool(masks)


def _names(file: ImageFile, output: type[Belief]) -> list[str]:
    return [f"{file.stem}{ending}" for ending in ENDINGS[output]]


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record as JSON for people and programs. Raises `OutputError` if it cannot be written."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
