"""What `export` does, once its arguments are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_labelfix.io.export import export
from napari_labelfix.io.files import expect_writable
from napari_labelfix.io.formats import find_format
from napari_labelfix.io.label_files import read_label_images

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def export_files(labels: Sequence[Path], format_name: str, out: Path, images: Sequence[Path]) -> list[str]:
    """Write labels in a format; return what a person should know, a sentence each.

    Parameters
    ----------
    labels, images
        Files, or folders of files.
    format_name
        As in the table of formats.
    out
        The folder.

    Raises
    ------
    LabelfixError
        If labels cannot be read or written.
    """
    chosen = find_format(format_name)
    expect_writable(out)
    read = read_label_images(labels, images)
    exported = export(read, chosen, out)
    files = "1 label image" if len(read) == 1 else f"{len(read)} label images"
    objects = "1 object" if exported.objects == 1 else f"{exported.objects} objects"
    return [f"{objects} of {files} as {chosen.title}.", *exported.notes, f"Results are in {out}."]
