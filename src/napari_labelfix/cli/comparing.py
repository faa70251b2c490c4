"""`compare`: how well labels agree with others of the same images, or with a count of the cells."""

from __future__ import annotations

from collections import Counter
from statistics import mean
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from napari_labelfix.data.label_images import ids_of
from napari_labelfix.errors import InputError, OutputError
from napari_labelfix.io.content_files import read_content
from napari_labelfix.io.label_image import LabelImage
from napari_labelfix.io.tables import write_table
from napari_labelfix.review.differences import find_differences
from napari_labelfix.review.miscounts import find_miscounts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from napari_labelfix.io.formats import Content

    Row = Mapping[str, Any]  # by column

_IMAGE, _OBJECTS = "image", "objects"  # the first columns
_SCORES = ("F1", "Dice")  # of which the mean is told in the end; of all others the sum


def compare_files(
    labels: Sequence[Path], others: Sequence[Path], images: Sequence[Path] = (), table: Path | None = None
) -> list[str]:
    """Compare labels with others, or with points, image by image; print a table, and return what else is to be known.

    Parameters
    ----------
    labels, others
        Files that `export` reads, or folders of them, named like the same images; `others` may be points.
    images
        The images, where the files do not say how large they are.
    table
        A CSV file to write the rows into, too.

    Raises
    ------
    InputError
        If a file cannot be read, several are of one image, no two are of the same, or these are of different sizes.
    OutputError
        If the table cannot be written, or would replace another file.
    """
    told: list[str] = []
    if table is not None:
        _expect_own(table)
    ours = _by_name(read_content(labels, images, ("labels",), told.append))
    theirs = _by_name(read_content(others, images, ("labels", "points"), told.append))
    both = [name for name in ours if name in theirs]
    if not both:
        raise InputError(
            f"No two files are of the same image: {', '.join(sorted(ours))}, and {', '.join(sorted(theirs))}. "
            "Name each like its image."
        )
    rows = [_compare(ours[name], theirs[name]) for name in both]
    kinds = list(dict.fromkeys(tuple(row) for row in rows))  # with labels, or with points
    for columns in kinds:
        _print([row for row in rows if tuple(row) == columns])
    if table is not None:
        columns = tuple(dict.fromkeys(column for row in rows for column in row))
        write_table(table, columns, [[[str(row.get(column, "")) for column in columns] for row in rows]])
        told.append(f"The table is in {table}.")
    if alone := sorted(ours.keys() ^ theirs.keys()):
        told.append(f"Nothing to compare with: {', '.join(alone)}.")
    return list(dict.fromkeys(told))


def _by_name(read: Sequence[Content]) -> dict[str, Content]:
    named = {image.name: image for image in read}
    if repeated := [name for name, count in Counter(image.name for image in read).items() if count > 1]:
        raise InputError(f"More than one file is of {repeated[0]}. Give one of them.")
    return named


def _expect_own(table: Path) -> None:
    """Raise `OutputError` if another file than such a table would be replaced."""
    if table.exists() and not (table.is_file() and table.read_bytes().startswith(f"{_IMAGE},{_OBJECTS},".encode())):
        raise OutputError(f"{table} is there already, and is no such table. Choose another name, or move it away.")


def _compare(image: Content, other: Content) -> Row:
    """Return what is to be told of one image."""
    if not isinstance(image, LabelImage):
        raise InputError(f"{image.name} has {image.what}, but labels are compared. Choose its labels.")
    if tuple(other.shape) != tuple(image.shape):
        sizes = " and ".join(" x ".join(map(str, one.shape)) for one in (image, other))
        raise InputError(f"The labels of {image.name} are {sizes}. Choose those of the same image.")
    objects = {_IMAGE: image.name, _OBJECTS: int(ids_of(image.labels).size)}
    if isinstance(other, LabelImage):
        found = find_differences(other.labels, image.labels)
        about = {"others": int(ids_of(other.labels).size), "F1": found.f1, "Dice": found.dice}
    elif other.what == "points":
        points = np.hstack([other.planes, other.places])[other.cells].astype(float)
        found = find_miscounts(points, image.labels)
        about = {"points": len(points), "F1": found.f1}
    else:
        raise InputError(f"Labels are compared with labels or points, but {other.name} has boxes. Choose others.")
    return objects | about | {found.NAMES[kind]: count for kind, count in found.count().items()}


def _print(rows: Sequence[Row]) -> None:
    table = Table(box=None, padding=(0, 1, 0, 0))
    for column in rows[0]:
        table.add_column(column, justify="left" if column == _IMAGE else "right")
    total = {column: _total(column, rows) for column in rows[0]}
    for row in [*rows, total] if len(rows) > 1 else rows:
        table.add_row(*(escape(f"{value:.3f}" if isinstance(value, float) else str(value)) for value in row.values()))
    Console(highlight=False).print(table)


def _total(column: str, rows: Sequence[Row]) -> Any:
    if column == _IMAGE:
        return f"{len(rows)} images"
    return (mean if column in _SCORES else sum)(row[column] for row in rows)
