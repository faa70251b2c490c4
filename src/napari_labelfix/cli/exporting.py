"""What `export` does, once its arguments are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_labelfix.errors import InputError
from napari_labelfix.io.content_files import read_content
from napari_labelfix.io.export import export
from napari_labelfix.io.files import expect_writable
from napari_labelfix.io.formats import find_format
from napari_labelfix.io.label_image import say_count
from napari_labelfix.project.label_images import read_project_labels
from napari_labelfix.project.store import SUFFIX
from napari_labelfix.review.selection import SELECTIONS, Selection

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_labelfix.io.formats import Content


def export_files(
    labels: Sequence[Path], format_name: str, out: Path, images: Sequence[Path], selection_name: str = ""
) -> list[str]:
    """Write labels, boxes or points in a format; return what a person should know, a sentence each.

    Parameters
    ----------
    labels, images
        Files, or folders of files; of labels projects, too.
    format_name
        As in the table of formats.
    out
        The folder.
    selection_name
        Which objects of projects, as in the table of selections; "" for those that were reviewed.

    Raises
    ------
    LabelfixError
        If labels cannot be read or written.
    """
    chosen = find_format(format_name)
    expect_writable(out)
    projects = [path for path in labels if path.suffix == SUFFIX]
    files = [path for path in labels if path.suffix != SUFFIX]
    selection = _find_selection(selection_name) if selection_name else None
    if selection is not None and not projects:
        raise InputError("Only objects of a project have states to choose by. Leave --only out, or give the project.")
    read: list[Content] = [image for path in projects for image in read_project_labels(path, selection)]
    read += read_content(files, images, chosen.takes) if files else []
    exported = export(read, chosen, out)
    count = "1 image" if len(read) == 1 else f"{len(read)} images"
    kinds = {image.what for image in read}
    objects = say_count(exported.objects, kinds.pop() if len(kinds) == 1 else "labels")
    return [f"{objects} of {count} as {chosen.title}.", *exported.notes, f"Results are in {out}."]


def _find_selection(name: str) -> Selection:
    if name not in SELECTIONS:
        raise InputError(f"There is no selection {name!r}. Choose from {', '.join(map(repr, SELECTIONS))}.")
    return SELECTIONS[name]
