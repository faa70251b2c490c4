"""What results must not replace: files that somebody has made or changed, files that are read, an earlier model."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_labelfix.errors import OutputError
from napari_labelfix.io.files import expect_writable, write_errors
from napari_labelfix.io.read import stem_of
from napari_labelfix.io.records import EARLIER, EXPORT_RECORD, OUTPUTS, RECORDS, exported_in, files_in, names_of
from napari_labelfix.io.results import ENDINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari_labelfix.snapshots import Belief

AT_ONCE = 2.0  # seconds between the files of one run, or export, and its record


def expect_only_own(out: Path, stems: Sequence[str], output: type[Belief], read: Iterable[Path] = ()) -> None:
    """Raise unless all that the results of some images would replace was written by an earlier run, and is as it was.

    Parameters
    ----------
    out
        The folder for the results.
    stems
        Of the images, as `stem_of` returns them.
    output
        What is believed of each plane.
    read
        Files that the run learns from; folders among them do not count.

    Raises
    ------
    OutputError
        If something else would be replaced, or a name is too long for a file. Nothing is changed.
    """
    inputs = {path.resolve() for path in read}
    own = _written_by_runs(out)
    names = [f"{stem}{ending}" for stem in stems for ending in ENDINGS[output]]
    expect_writable(out, max(names, key=lambda name: len(os.fsencode(name)), default="probe"))
    for path in (out / name for name in names):
        if not path.exists():
            continue
        if path.resolve() in inputs:
            raise OutputError(f"{path} is what the run reads, and the results would replace it. Choose another --out.")
        if path.name not in own:
            raise OutputError(
                f"{path} is there already and was not written by a run, or has been changed since. Choose another "
                "--out, or move it away."
            )


def expect_only_exported(out: Path, names: Iterable[str]) -> None:
    """Raise unless all that an export would replace was written by an earlier one, and is as it was.

    Parameters
    ----------
    out
        The folder.
    names
        Of the files that are to be written there.

    Raises
    ------
    OutputError
        If something else would be replaced.
    """
    there = [out / name for name in names if (out / name).exists()]
    if not there:
        return
    latest: dict[Path, float] = {}  # until when each file that was exported is as it was
    for record in out.glob(f"*{EXPORT_RECORD}"):
        until = record.stat().st_mtime + AT_ONCE
        latest |= {out / name: max(until, latest.get(out / name, 0.0)) for name in exported_in(record)}
    for path in there:
        if not _is_older(path, latest.get(path, 0.0)):
            raise OutputError(
                f"{path} is there already and was not exported from here, or has been changed since. Choose another "
                "folder, or move it away."
            )


def remove_outdated(out: Path, outputs: Mapping[str, Sequence[str]], read: Iterable[Path] = ()) -> None:
    """Remove what earlier runs wrote of the same images and this one does not: their classes would pass for its own.

    Call it before the record of this run takes the place of theirs. What was changed since stays.

    Parameters
    ----------
    out
        The folder for the results.
    outputs
        The names of this run's files, by the path of the image.
    read
        Files and folders that the run learns from: they stay.

    Raises
    ------
    OutputError
        If a file cannot be removed.
    """
    inputs = {path.resolve() for path in read}
    written = {name for names in outputs.values() for name in names}
    for name in sorted((_possible_names(outputs) - written) & _written_by_runs(out)):
        path = out / name
        if inputs.isdisjoint((path.resolve(), out.resolve())):
            with write_errors(path):
                path.unlink()


def list_outputs(record: Path, outputs: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return what a new record lists: the files of its run, and those of other images that stay as they are.

    Parameters
    ----------
    record
        The record of earlier runs that the new one takes the place of; there may be none.
    outputs
        The names of this run's files, by the path of the image.
    """
    replaced = _possible_names(outputs)
    stay = {image: [name for name in names if name not in replaced] for image, names in _untouched(record).items()}
    earlier = {image: names for image, names in stay.items() if names}
    return {OUTPUTS: outputs} | ({EARLIER: earlier} if earlier else {})


def set_model_aside(out: Path) -> Path | None:
    """Rename the model of an earlier run, which would pass for that of a run that has none; return its new folder.

    A folder without `model.json` is not ours and stays.

    Raises
    ------
    OutputError
        If it cannot be renamed.
    """
    model = out / "model"
    if not (model / "model.json").is_file():
        return None
    number = 1
    while (aside := out / f"model_before_{number}").exists():
        number += 1
    with write_errors(aside):
        return model.rename(aside)


def _written_by_runs(out: Path) -> set[str]:
    """Return the names of the files that records in a folder list, and that nobody has touched since."""
    return set(names_of(_untouched(out / record) for record in RECORDS))


def _untouched(record: Path) -> dict[str, list[str]]:
    """Return the files that a record lists and that nobody has touched since, by the path of the image."""
    listed = files_in(record)
    latest = record.stat().st_mtime + AT_ONCE if listed else 0.0
    return {
        image: [name for name in names if _is_older(record.parent / name, latest)] for image, names in listed.items()
    }


def _is_older(path: Path, latest: float) -> bool:
    return path.exists() and path.stat().st_mtime <= latest


def _possible_names(images: Iterable[str]) -> set[str]:
    """Return the names of all files that a run may write of some images, whatever its method."""
    stems = [stem_of(Path(image)) for image in images]
    return {f"{stem}{ending}" for stem in stems for endings in ENDINGS.values() for ending in endings}
