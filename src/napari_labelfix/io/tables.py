"""Tables in CSV files, from napari or any spreadsheet: columns by their names, in any order and any case."""

from __future__ import annotations

import codecs
import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.errors import InputError
from napari_labelfix.io.files import replacing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_labelfix.io.read import ImageFile

    Row = Mapping[str, str | None]

_DELIMITERS = ",;\t"
CELL, NO_CELL = "cell", "not a cell"  # what a point or a box marks
DROPPED = ("dropped", "pseudo-negative")  # the roles of what a method does not take for a cell
_NO_CELL = {"role": "negative", "kind": NO_CELL}  # by column: as the command line, and the layers of docks, say it


@dataclass(frozen=True, eq=False)
class Table:
    """The rows of a file, the lines they stand in, and its columns by their names in small letters."""

    path: Path
    columns: Mapping[str, str]
    rows: Sequence[Row]
    lines: Sequence[int]  # of the file, in which each row stands

    def has(self, *columns: str) -> bool:
        """Whether there are all these columns."""
        return set(columns) <= self.columns.keys()

    def numbered(self, prefix: str) -> list[str]:
        """Return the columns whose names begin so, in order."""
        return sorted(name for name in self.columns if name.startswith(prefix))

    def word(self, row: Row, column: str) -> str:
        """Return what stands in a column, in small letters; "" where there is no such column."""
        return (row[self.columns[column]] or "").strip().lower() if column in self.columns else ""

    def says_no_cell(self, row: Row) -> bool:
        """Whether a row is about what could be taken for a cell and is none."""
        return any(self.word(row, column) == word for column, word in _NO_CELL.items())

    def number(self, row: Row, column: str) -> float:
        """Return the number in a column that is there.

        Raises
        ------
        InputError
            If it is none.
        """
        text = row[self.columns[column]]
        try:
            value = float(text or "")
        except ValueError:
            value = np.nan
        if not np.isfinite(value):
            line = self.lines[self.rows.index(row)]
            got = "nothing" if not (text or "").strip() else repr(text)
            raise InputError(
                f"Expected a number under {column} in line {line} of {self.path}, but got {got}. "
                "Use a point for decimals."
            )
        return value

    def numbers(self, rows: Sequence[Row], columns: Sequence[str]) -> NDArray[np.float64]:
        """Return (rows, columns) numbers. Raises `InputError` as `number`."""
        found = [[self.number(row, column) for column in columns] for row in rows]
        return np.array(found, float).reshape(len(rows), len(columns))


def read_table(path: Path, what: str) -> Table:
    """Read a table.

    Parameters
    ----------
    path
        The file.
    what
        What is in it, for the sentence.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    try:
        text = _decoded(path.read_bytes())
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The {what} {path} cannot be read ({getattr(error, 'strerror', 'no text')}).") from None
    lines = text.splitlines()
    delimiter = max(_DELIMITERS, key=lines[0].count) if lines else ","
    try:
        reader = csv.DictReader(lines, delimiter=delimiter, skipinitialspace=True)
        found = [(reader.line_num, row) for row in reader if _says_anything(row)]
        header = next(csv.reader(lines[:1], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error as error:
        raise InputError(f"{path} is not a table that can be read ({error}). Save it as CSV again.") from None
    numbers, rows = [line for line, _ in found], [row for _, row in found]
    return Table(path, {name.strip().lower(): name for name in header}, rows, numbers)


def _decoded(content: bytes) -> str:
    """Return text in any encoding of spreadsheets: names of columns and numbers have the same letters in all others."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _says_anything(row: Mapping[str | None, Any]) -> bool:
    """Whether something stands in a row; spreadsheets leave empty ones at the end."""
    return any(cell if isinstance(cell, list) else (cell or "").strip() for cell in row.values())


def write_table(path: Path, columns: Sequence[str], planes: Sequence[Iterable[Sequence[str]]]) -> None:
    """Write the rows of each plane of an image, after its number in a column `plane` where there are several planes.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    several = len(planes) > 1
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["plane"] * several + [*columns])
        for number, rows in enumerate(planes):
            writer.writerows([number] * several + [*row] for row in rows)


def numbers_of_planes(index: NDArray[np.floating], path: Path, file: ImageFile, what: str) -> NDArray[np.intp]:
    """Return (N,) which plane of an image each row of a table is in.

    Parameters
    ----------
    index
        (N, axes) where the row says that it lies on each axis of a stack; or (N, 1) the plane, counted in order, and
        (N, 0) where there is one only: in this way we write them.
    path, file
        The table and the image.
    what
        What is in it, for the sentence.

    Raises
    ------
    InputError
        If the rows have more or fewer axes than the image, or lie in no plane of it.
    """
    leading, axes = file.shape[:-2], index.shape[1]
    count = len(file.planes)
    if axes == 1:
        leading = (count,)
    elif axes == 0 and count == 1:
        leading = ()
    if axes != len(leading):
        raise InputError(
            f"{file.path} has {len(file.shape)} axes, but {path} has positions on {axes + 2}. "
            "A stack needs a column for the plane: plane, y, x."
        )
    places = np.round(index)
    if ((places < 0) | (places >= leading)).any():
        raise InputError(f"{path} has {what} in planes that {file.path} does not have. Count planes from 0.")
    return np.ravel_multi_index(tuple(places.T.astype(int)), leading) if leading else np.zeros(len(places), np.intp)
