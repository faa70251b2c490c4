"""What a run leaves in its folder: three TIFFs per image and a record."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from napari_labelfix.io.files import replacing, write_errors
from napari_labelfix.io.labels_tiff import write_confidence, write_labels
from napari_labelfix.snapshots import Proposal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from napari_labelfix.io.read import ImageFile
    from napari_labelfix.snapshots import Belief


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
    return _write_proposals(folder, file, [belief for belief in beliefs if isinstance(belief, Proposal)])


def _write_proposals(folder: Path, file: ImageFile, proposals: Sequence[Proposal]) -> list[str]:
    """Write `<stem>_labels.tif`, `<stem>_classes.tif` and `<stem>_confidence.tif`."""
    names = [f"{file.stem}_{what}.tif" for what in ("labels", "classes", "confidence")]
    write_labels(folder / names[0], file.restack([proposal.labels for proposal in proposals]))
    write_labels(folder / names[1], file.restack([proposal.classes for proposal in proposals]))
    write_confidence(folder / names[2], file.restack([proposal.confidence for proposal in proposals]))
    return names


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record as JSON for people and programs. Raises `OutputError` if it cannot be written."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def remove_model(folder: Path) -> None:
    """Remove the model of an earlier run; a folder without `model.json` is not ours, and other files in one stay.

    Raises
    ------
    OutputError
        If it cannot be removed.
    """
    if not (folder / "model.json").is_file():
        return
    with write_errors(folder):
        for name in ("model.json", "model.safetensors"):
            (folder / name).unlink(missing_ok=True)
        if not any(folder.iterdir()):
            folder.rmdir()
