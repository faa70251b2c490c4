"""Boxes in CSV files: read from napari or any spreadsheet, written with score and role.

Columns are `y0`, `x0`, `y1`, `x1` in pixels, counted from the edge of the image, and `plane` in a stack; or those that
napari writes for a Shapes layer: `index`, `vertex-index`, `axis-0`, `axis-1`, whose bounding boxes count.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.annotations import Boxes
from napari_labelfix.errors import InputError
from napari_labelfix.io.files import replacing
from napari_labelfix.io.tables import numbers_of_planes, read_table
from napari_labelfix.snapshots import BoxRole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_labelfix.io.read import ImageFile
    from napari_labelfix.io.tables import Table
    from napari_labelfix.snapshots import FoundBoxes

CORNERS = ("y0", "x0", "y1", "x1")
_OF_SHAPES = ("index", "vertex-index", "axis-0", "axis-1")


def holds_boxes(path: Path) -> bool:
    """Whether a table has the columns of boxes. Raises `InputError` if it cannot be read."""
    table = read_table(path, "table")
    return table.has(*CORNERS) or table.has(*_OF_SHAPES)


def boxes_of_planes(path: Path, file: ImageFile) -> list[Boxes]:
    """Read the boxes of an image, one record for each plane; what reaches beyond the image is cut off.

    Boxes that a run has dropped are left out.

    Raises
    ------
    InputError
        If the file cannot be read, lacks the columns, holds something else than numbers, or is of another image.
    """
    table = read_table(path, "boxes")
    index, corners = _of_shapes(table) if table.has(*_OF_SHAPES) else _of_rows(table)
    plane = numbers_of_planes(index, path, file, "boxes")
    height, width = file.shape[-2:]
    cut = np.clip(corners, 0, [height, width, height, width])
    seen = (cut[:, 2:] > cut[:, :2]).all(axis=1)
    return [Boxes(cut[seen & (plane == number)], (height, width)) for number in range(len(file.planes))]


def write_boxes(path: Path, planes: Sequence[FoundBoxes]) -> None:
    """Write `y0,x0,y1,x1,score,role`, and `plane` before them where there are several planes.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    several = len(planes) > 1
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["plane"] * several + [*CORNERS, "score", "role"])
        for number, found in enumerate(planes):
            for corners, score, role in zip(found.corners, found.scores, found.roles, strict=True):
                numbers = [f"{corner:.2f}" for corner in corners]
                writer.writerow([number] * several + [*numbers, f"{score:.4f}", BoxRole(role).name.lower()])


def _of_rows(table: Table) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the planes (N, axes) and the boxes (N, 4) of a table with a row each."""
    if not table.has(*CORNERS):
        raise InputError(
            f"Expected columns {','.join(CORNERS)} (or those of a Shapes layer that napari saves) in {table.path}, "
            f"but got {', '.join(table.columns) or 'none'}."
        )
    rows = [row for row in table.rows if table.word(row, "role") != BoxRole.DROPPED.name.lower()]
    return table.numbers(rows, ["plane"] if table.has("plane") else []), table.numbers(rows, CORNERS)


def _of_shapes(table: Table) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the planes (N, axes) and the bounding boxes (N, 4) of a table with a row for each vertex."""
    vertices = table.numbers(table.rows, table.numbered("axis-"))
    shape = table.numbers(table.rows, ["index"])[:, 0]
    found = [vertices[shape == number] for number in np.unique(shape)]
    index = np.array([one[0, :-2] for one in found]).reshape(len(found), -1 if found else vertices.shape[1] - 2)
    # in napari the middle of the first pixel is 0, 0
    corners = [(*one[:, -2:].min(axis=0) + 0.5, *one[:, -2:].max(axis=0) + 0.5) for one in found]
    return index, np.array(corners, float).reshape(-1, 4)
