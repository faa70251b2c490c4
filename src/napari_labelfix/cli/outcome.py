"""What `run` and `predict` leave in their folder, an image at a time, and what their records say alike."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

from napari_labelfix.io.overwriting import list_outputs, remove_outdated
from napari_labelfix.io.results import remove_beliefs, write_beliefs, write_record
from napari_labelfix.methods.checkpoint import installed_versions
from napari_labelfix.snapshots import Detections, FoundBoxes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from napari_labelfix.io.read import ImageFile
    from napari_labelfix.snapshots import Belief


class Outcome:
    """The files of a job's images, and its record.

    Parameters
    ----------
    folder
        Where to; its files move to those of earlier jobs in the end.
    record
        The record of earlier jobs that the new one takes the place of; what they alone have written beside it goes.
    sources
        What the job reads: it stays.
    """

    def __init__(self, folder: Path, record: Path, sources: Sequence[Path]) -> None:
        self._folder, self._record, self._sources = folder, record, sources
        self._counts: dict[str, int | list[int]] = {}
        self.files: dict[str, list[str]] = {}  # their names, by the path of the image

    def add(self, file: ImageFile, beliefs: Sequence[Belief]) -> None:
        """Write what is believed of the planes of an image; all of it or, as after Ctrl+C, nothing."""
        try:
            self.files[str(file.path)] = write_beliefs(self._folder, file, beliefs)
        except BaseException:
            remove_beliefs(self._folder, file)
            raise
        numbers = [belief.count for belief in beliefs if isinstance(belief, Detections | FoundBoxes)]
        if numbers:  # in a stack, of each plane
            self._counts[str(file.path)] = numbers[0] if len(numbers) == 1 else numbers

    def finish(self, told: Mapping[str, Any]) -> None:
        """Write the record: how the job went, what was found and written."""
        counts = {"counts": self._counts} if self._counts else {}
        listed = list_outputs(self._record, self.files)
        write_record(self._folder / self._record.name, {**told, **counts, **listed})
        remove_outdated(self._record.parent, self.files, self._sources)


def circumstances(images: Mapping[str, Sequence[int]], fingerprint: str) -> dict[str, Any]:
    """Return what else it takes to repeat a result: versions, machine, and the shapes and fingerprint of images."""
    return {
        "versions": {"python": platform.python_version(), **installed_versions()},
        "system": platform.platform(),
        "images": images,
        "fingerprint": fingerprint,
    }


def device_here(wanted: str) -> dict[str, str]:
    """Return what is computed on here, for the record."""
    from napari_labelfix.networks.device import choose_device

    return {"device": str(choose_device(wanted))}


def say_number(number: int, noun: str) -> str:
    """Say "1 plane", "3 planes"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
