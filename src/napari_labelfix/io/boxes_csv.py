"""Boxes in CSV files: read from napari or any spreadsheet, written with score and role.

Columns are `y0`, `x0`, `y1`, `x1` in pixels, counted from the edge of the image, and `plane` in a stack; the planes are
counted in order, over all axes. `ymin`, `xmin`, `ymax`, `xmax` are understood, too, and `bbox-0` to `bbox-3`, as in
scikit-image's tables. Where a column `kind` says `not a cell`, or `role` says `negative`, a box is around what is none.
Or they are those that napari writes for a Shapes layer: `index`, `vertex-index`, `axis-0`, `axis-1`; what the shapes
enclose counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.errors import InputError
from napari_labelfix.io.boxes import AREAS, bounds_of_shapes, boxes_in_planes
from napari_labelfix.io.tables import DROPPED, numbers_of_planes, read_table, write_table
from napari_labelfix.snapshots import BoxRole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_labelfix.annotations import Boxes
    from napari_labelfix.io.read import ImageFile
    from napari_labelfix.io.tables import Table
    from napari_labelfix.snapshots import FoundBoxes

CORNERS = ("y0", "x0", "y1", "x1")
_OF_OTHERS = ("ymin", "xmin", "ymax", "xmax")
_OF_REGIONS = ("bbox-0", "bbox-1", "bbox-2", "bbox-3")  # followed by bbox-4 in three dimensions, where a depth is first
_OF_SHAPES = ("index", "vertex-index", "axis-0", "axis-1")


def holds_boxes(path: Path) -> bool:
    """Whether a table has the columns of boxes. Raises `InputError` if it cannot be read."""
    table = read_table(path, "table")
    return _headings(table) is not None or table.has(*_OF_SHAPES)


def boxes_of_planes(path: Path, file: ImageFile) -> list[Boxes]:
    """Read the boxes of an image, one record for each plane; what reaches beyond the image is cut off.

    Boxes that a run has dropped are left out, and lines among shapes.

    Raises
    ------
    InputError
        If the file cannot be read, lacks the columns, holds something else than numbers, or is of another image.
    """
    table = read_table(path, "boxes")
    index, corners, cells = _of_shapes(table) if table.has(*_OF_SHAPES) else _of_rows(table)
    return boxes_in_planes(corners, numbers_of_planes(index, path, file, "boxes"), file, str(path), cells)


def write_boxes(path: Path, planes: Sequence[FoundBoxes]) -> None:
    """Write `y0,x0,y1,x1,score,role`, and `plane` before them where there are several planes.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    write_table(path, (*CORNERS, "score", "role"), [_rows(found) for found in planes])


def _rows(found: FoundBoxes) -> Iterator[list[str]]:
    for corners, score, role in zip(found.corners, found.scores, found.roles, strict=True):
        yield [*(f"{corner:.2f}" for corner in corners), f"{score:.4f}", BoxRole(role).name.lower()]


def _of_rows(table: Table) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return the planes (N, axes) and the boxes (N, 4) of a table with a row each, and which are of cells (N,)."""
    headings = _headings(table)
    if headings is None:
        raise InputError(
            f"Expected columns {','.join(CORNERS)} (or those of a Shapes layer that napari saves) in {table.path}, "
            f"but got {', '.join(table.columns) or 'none'}."
        )
    rows = [row for row in table.rows if table.word(row, "role") not in DROPPED]
    cells = np.array([not table.says_no_cell(row) for row in rows], bool)
    return table.numbers(rows, ["plane"] if table.has("plane") else []), table.numbers(rows, headings), cells


def _headings(table: Table) -> tuple[str, ...] | None:
    """Return which columns hold the corners of boxes in a plane; None if there are none."""
    known = (CORNERS, _OF_OTHERS) if table.has("bbox-4") else (CORNERS, _OF_OTHERS, _OF_REGIONS)
    return next((names for names in known if table.has(*names)), None)


def _of_shapes(table: Table) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return the planes (N, axes) and the bounding boxes (N, 4) of a table with a row for each vertex: all of cells."""
    rows = [row for row in table.rows if table.word(row, "shape-type") in ("", *AREAS)]
    shape = table.numbers(rows, ["index"])[:, 0]
    rows = [rows[at] for at in np.argsort(shape, kind="stable")]
    vertices = table.numbers(rows, table.numbered("axis-"))
    _, first = np.unique(np.sort(shape), return_index=True)
    kinds = [table.word(rows[at], "shape-type") for at in first]
    bounds = bounds_of_shapes(vertices[:, -2:], np.append(first, len(rows)), kinds)
    return vertices[first, :-2], bounds, np.ones(len(first), bool)
