"""What results must not replace: files that somebody has made or changed, files that are read, an earlier model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from napari_labelfix.errors import OutputError
from napari_labelfix.io.files import write_errors
from napari_labelfix.io.read import stem_of
from napari_labelfix.io.results import ENDINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari_labelfix.io.read import ImageFile
    from napari_labelfix.snapshots import Belief

RECORDS = ("run.json", "predict.json")
AT_ONCE = 2.0  # seconds between the files of one run and its record


def expect_only_own(out: Path, files: Sequence[ImageFile], output: type[Belief], read: Iterable[Path] = ()) -> None:
    """Raise unless all that the results of some images would replace was written by an earlier run, and is as it was.

    Parameters
    ----------
    out
        The folder for the results.
    files
        The images.
    output
        What is believed of each plane.
    read
        Files that the run learns from; folders among them do not count.

    Raises
    ------
    OutputError
        If something else would be replaced. Nothing is changed.
    """
    inputs = {path.resolve() for path in read}
    own = _written_by_runs(out)
    for path in (out / f"{file.stem}{ending}" for file in files for ending in ENDINGS[output]):
        if not path.exists():
            continue
        if path.resolve() in inputs:
            raise OutputError(f"{path} is what the run reads, and the results would replace it. Choose another --out.")
        if path.name not in own:
            raise OutputError(
                f"{path} is there already and was not written by a run, or has been changed since. Choose another "
                "--out, or move it away."
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
    stems = [stem_of(Path(image)) for image in outputs]
    possible = {f"{stem}{ending}" for stem in stems for endings in ENDINGS.values() for ending in endings}
    written = {name for names in outputs.values() for name in names}
    for name in sorted((possible - written) & _written_by_runs(out)):
        path = out / name
        if inputs.isdisjoint((path.resolve(), out.resolve())):
            with write_errors(path):
                path.unlink()


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
    names = set()
    for record in (out / name for name in RECORDS):
        try:
            outputs = json.loads(record.read_text(encoding="utf-8"))["outputs"]
            listed = [name for of_image in outputs.values() for name in of_image]
            latest = record.stat().st_mtime + AT_ONCE
            there = [name for name in listed if (out / name).exists()]
            names |= {name for name in there if (out / name).stat().st_mtime <= latest}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue  # no record, or none of ours: nothing is known of the files
    return names
