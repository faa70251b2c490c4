"""Points in CSV files: read from napari or any spreadsheet, written with score and role.

Columns are found by their names, in any order and any case. Positions are `y`, `x`, or `axis-0`, `axis-1` as napari
writes them; in a stack `plane`, `y`, `x`, or one `axis-` column more for each axis of the stack. Columns that may come
with them: `radius`, in pixels, and `role`, where `negative` is a place without a cell, or `kind`, where `not a cell`
is one, as in the layer of the dock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.annotations import Points, onto_pixels
from napari_labelfix.data.cell_size import estimate_diameter
from napari_labelfix.errors import InputError
from napari_labelfix.io.tables import DROPPED, numbers_of_planes, read_table, write_table
from napari_labelfix.snapshots import PointRole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_labelfix.io.read import ImageFile
    from napari_labelfix.io.tables import Table
    from napari_labelfix.snapshots import Detections

_BELIEVED = {"pseudo-positive", "detected"}  # by a method, which is not what a person said


@dataclass(frozen=True, eq=False)
class PointTable:
    """The rows of a file of points.

    Parameters
    ----------
    positions
        (N, D) row and column in pixels, after the index of the plane on each axis of a stack.
    negative
        (N,) which are places without a cell.
    radius
        The median of the column of that name; None without one.
    """

    positions: NDArray[np.float64]
    negative: NDArray[np.bool_]
    radius: float | None


def read_points(path: Path, *, believed: bool = False) -> PointTable:
    """Read a file of points; of those that a method has found only if also what it `believed` is wanted.

    Raises
    ------
    InputError
        If it cannot be read, lacks the columns, or holds something else than numbers.
    """
    table = read_table(path, "points")
    axes = _axes(table)
    left_out = {*DROPPED} if believed else {*DROPPED} | _BELIEVED
    kept = [row for row in table.rows if table.word(row, "role") not in left_out]
    negative = [table.says_no_cell(row) for row in kept]
    radii = table.numbers(kept, ["radius"]) if table.has("radius") else np.zeros(0)
    return PointTable(
        table.numbers(kept, axes), np.array(negative, bool), float(np.median(radii)) if radii.size else None
    )


def points_of_planes(path: Path, file: ImageFile, *, believed: bool = False) -> list[Points]:
    """Read the points of an image, one record for each plane; without a radius, it is estimated from the image.

    What a method has found counts only if also what it `believed` is wanted.

    Raises
    ------
    InputError
        As `read_points`, and if the points have more or fewer axes than the image, or lie in no plane of it.
    """
    table = read_points(path, believed=believed)
    plane = numbers_of_planes(table.positions[:, :-2], path, file, "points")
    found = []
    for number, image in enumerate(file.planes):
        height, width = file.shape[-2:]
        here, spot = plane == number, onto_pixels(table.positions[:, -2:], (height, width))
        cells = spot[here & ~table.negative]
        inside = cells[((cells >= 0) & (cells <= np.subtract(file.shape[-2:], 1))).all(axis=1)]
        radius = table.radius or estimate_diameter(image, inside) / 2
        found.append(Points(cells, (height, width), radius, spot[here & table.negative]))
    return found


def write_points(path: Path, planes: Sequence[Detections]) -> None:
    """Write `y,x,score,role`, and `plane` before them where there are several planes.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    write_table(path, ("y", "x", "score", "role"), [_rows(found) for found in planes])


def _rows(found: Detections) -> Iterator[list[str]]:
    for (y, x), score, role in zip(found.positions, found.scores, found.roles, strict=True):
        yield [f"{y:.2f}", f"{x:.2f}", f"{score:.4f}", PointRole(role).name.lower().replace("_", "-")]


def _axes(table: Table) -> list[str]:
    """Return the names of the columns of positions, the row and the column of the image last."""
    if table.has("y", "x"):
        return ["plane", "y", "x"] if table.has("plane") else ["y", "x"]
    numbered = table.numbered("axis-")
    if len(numbered) >= 2:
        return numbered
    raise InputError(
        f"Expected columns y,x (or napari's axis-0,axis-1) in {table.path}, but got "
        f"{', '.join(table.columns) or 'none'}."
    )
