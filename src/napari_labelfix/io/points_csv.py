"""Points in CSV files: read from napari or any spreadsheet, written with score and role.

Columns are found by their names, in any order and any case. Positions are `y`, `x`, or `axis-0`, `axis-1` as napari
writes them; in a stack `plane`, `y`, `x`, or one `axis-` column more for each axis of the stack. Columns that may come
with them: `radius`, in pixels, and `role`, where `negative` is a place without a cell, or `kind`, where `not a cell`
is one, as in the layer of the dock.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.annotations import Points
from napari_labelfix.data.cell_size import estimate_diameter
from napari_labelfix.errors import InputError
from napari_labelfix.io.files import replacing
from napari_labelfix.snapshots import Role

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_labelfix.io.read import ImageFile
    from napari_labelfix.snapshots import Detections

_NEGATIVE = {"role": "negative", "kind": "not a cell"}
_LEFT_OUT = {"pseudo-positive", "detected", "pseudo-negative"}  # what a method believed is not what a person said
_DELIMITERS = ",;\t"


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


def read_points(path: Path) -> PointTable:
    """Read a file of points.

    Raises
    ------
    InputError
        If it cannot be read, lacks the columns, or holds something else than numbers.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The points {path} cannot be read ({getattr(error, 'strerror', 'not UTF-8')}).") from None
    lines = text.splitlines()
    delimiter = max(_DELIMITERS, key=lines[0].count) if lines else ","
    try:
        rows = list(csv.DictReader(lines, delimiter=delimiter, skipinitialspace=True))
        header = next(csv.reader(lines[:1], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error as error:
        raise InputError(f"{path} is not a table that can be read ({error}). Save it as CSV again.") from None
    names = {name.strip().lower(): name for name in header}
    axes = _axes(names, path)
    kept = [row for row in rows if _word(row, names, "role") not in _LEFT_OUT]
    positions = [[_number(row[names[axis]], path) for axis in axes] for row in kept]
    negative = [any(_word(row, names, column) == word for column, word in _NEGATIVE.items()) for row in kept]
    radii = [_number(row[names["radius"]], path) for row in kept] if "radius" in names else []
    return PointTable(
        np.array(positions, float).reshape(-1, len(axes)),
        np.array(negative, bool),
        float(np.median(radii)) if radii else None,
    )


def points_of_planes(path: Path, file: ImageFile) -> list[Points]:
    """Read the points of an image, one record for each plane; without a radius, it is estimated from the image.

    Raises
    ------
    InputError
        As `read_points`, and if the points have more or fewer axes than the image, or lie in no plane of it.
    """
    table = read_points(path)
    leading = file.shape[:-2]
    axes = table.positions.shape[1]
    if axes == 3 and not leading:
        leading = (1,)
    if axes != len(leading) + 2:
        raise InputError(
            f"{file.path} has {len(file.shape)} axes, but {path} has positions on {axes}. "
            "A stack needs a column for the plane: plane, y, x."
        )
    index = np.round(table.positions[:, :-2]).astype(int)
    if ((index < 0) | (index >= leading)).any():
        raise InputError(f"{path} has points in planes that {file.path} does not have. Count planes from 0.")
    plane = np.ravel_multi_index(tuple(index.T), leading) if leading else np.zeros(len(index), int)
    found = []
    for number, image in enumerate(file.planes):
        here, spot = plane == number, table.positions[:, -2:]
        cells = spot[here & ~table.negative]
        inside = cells[((cells >= 0) & (cells <= np.subtract(file.shape[-2:], 1))).all(axis=1)]
        radius = table.radius or estimate_diameter(image, inside) / 2
        height, width = file.shape[-2:]
        found.append(Points(cells, (height, width), radius, spot[here & table.negative]))
    return found


def write_points(path: Path, planes: Sequence[Detections]) -> None:
    """Write `y,x,score,role`, and `plane` before them where there are several planes.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    several = len(planes) > 1
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["plane"] * several + ["y", "x", "score", "role"])
        for number, found in enumerate(planes):
            for (y, x), score, role in zip(found.positions, found.scores, found.roles, strict=True):
                word = Role(role).name.lower().replace("_", "-")
                writer.writerow([number] * several + [f"{y:.2f}", f"{x:.2f}", f"{score:.4f}", word])


def _axes(names: dict[str, str], path: Path) -> list[str]:
    """Return the names of the columns of positions, the row and the column of the image last."""
    if {"y", "x"} <= names.keys():
        return ["plane", "y", "x"] if "plane" in names else ["y", "x"]
    numbered = sorted(name for name in names if name.startswith("axis-"))
    if len(numbered) >= 2:
        return numbered
    raise InputError(
        f"Expected columns y,x (or napari's axis-0,axis-1) in {path}, but got {', '.join(names) or 'none'}."
    )


def _word(row: dict[str, str], names: dict[str, str], column: str) -> str:
    return (row[names[column]] or "").strip().lower() if column in names else ""


def _number(text: str | None, path: Path) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise InputError(f"Expected a number in {path}, but got {text!r}. Use a point for decimals.")
    return value
