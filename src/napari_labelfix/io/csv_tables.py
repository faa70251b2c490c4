"""Tables for spreadsheets, pandas and napari: a row per object and plane."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.io.boxes_csv import CORNERS
from napari_labelfix.io.files import write_errors
from napari_labelfix.io.grid import PIXEL, short_unit
from napari_labelfix.io.label_image import LabelImage
from napari_labelfix.io.measures import measure_objects, measure_shapes
from napari_labelfix.io.tables import CELL, NO_CELL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_labelfix.io.label_image import Index
    from napari_labelfix.io.marked_image import MarkedImage

    Row = dict[str, Any]

_CENTRES, _MARKS = ("label", "class", "radius"), ("kind", "radius")  # what is said of a point, beside its place


def write_points(folder: Path, images: Sequence[LabelImage | MarkedImage]) -> list[str]:
    """Write `<name>_points.csv`: points, or the centres of objects, in pixels, in the columns that napari reads.

    Returns
    -------
    list[str]
        The names of the files.
    """
    names = []
    for image in images:
        names.append(f"{image.name}_points.csv")
        known, rows = (_CENTRES, _centres(image)) if isinstance(image, LabelImage) else (_MARKS, _points(image))
        columns = ["index", *(f"axis-{axis}" for axis in range(len(image.shape))), *known]
        _write(folder / names[-1], columns, rows)
    return names


def write_boxes(folder: Path, images: Sequence[MarkedImage]) -> list[str]:
    """Write `<name>_boxes.csv`: the corners of each box in pixels, and what it is around; return the names.

    `plane` is the number of the plane in a stack, counted over all axes.
    """
    names = []
    for image in images:
        names.append(f"{image.name}_boxes.csv")
        several = ["plane"] * (len(image.shape) > 2)
        _write(folder / names[-1], [*several, *CORNERS, "kind"], _boxes(image))
    return names


def write_objects(folder: Path, images: Sequence[LabelImage]) -> list[str]:
    """Write `<name>_objects.csv`: where each object is, how large and of which shape; return the names.

    Lengths are in pixels. Where the pixels' size is known and Y and X have one unit, the area and the centre come in
    that unit too.
    """
    names = []
    for image in images:
        names.append(f"{image.name}_objects.csv")
        rows = [row for index, plane in image.planes for row in _measured(image, index, plane)]
        columns = list(rows[0]) if rows else ["label", "class", "area_px"]
        _write(folder / names[-1], columns, iter(rows))
    return names


def _points(image: MarkedImage) -> Iterator[Row]:
    for index, place, cell in zip(image.planes, image.places, image.cells, strict=True):
        position = {f"axis-{axis}": at for axis, at in enumerate((*index.tolist(), *place.round(3).tolist()))}
        yield position | _kind(cell) | {"radius": round(image.diameter / 2, 3)}


def _boxes(image: MarkedImage) -> Iterator[Row]:
    leading = image.shape[:-2]
    for index, corners, cell in zip(image.planes, image.places, image.cells, strict=True):
        plane = {"plane": int(np.ravel_multi_index(index, leading))} if leading else {}
        yield plane | dict(zip(CORNERS, corners.round(3).tolist(), strict=True)) | _kind(cell)


def _kind(cell: bool) -> Row:
    return {"kind": CELL if cell else NO_CELL}


def _centres(image: LabelImage) -> Iterator[Row]:
    for index, plane in image.planes:
        found = measure_objects(plane)
        radii = np.sqrt(found.areas / np.pi).round(3).tolist()
        for number, centre, radius in zip(found.numbers.tolist(), found.centres.round(3).tolist(), radii, strict=True):
            place = {f"axis-{axis}": at for axis, at in enumerate((*index, *centre))}
            yield {**place, "label": number, "class": image.class_of(number), "radius": radius}


def _measured(image: LabelImage, index: Index, plane: NDArray[Any]) -> Iterator[Row]:
    found = measure_objects(plane)
    shapes = measure_shapes(found)
    at_border = (found.boxes[:, :2] == 0).any(axis=1) | (found.boxes[:, 2:] == plane.shape).any(axis=1)
    columns = (found.numbers, found.areas, found.centres, found.boxes, *shapes, at_border)
    for number, area, (row, column), box, perimeter, eccentricity, pieces, holes, cut in zip(
        *(column.tolist() for column in columns), strict=True
    ):
        yield {
            "label": number,
            **dict(zip(image.grid.axes[:-2], index, strict=True)),
            "class": image.class_of(number),
            "class_name": image.class_names[image.class_of(number) - 1],
            "area_px": area,
            "centre_y_px": round(row, 3),
            "centre_x_px": round(column, 3),
            **dict(zip(("y0", "x0", "y1", "x1"), box, strict=True)),
            "perimeter_px": round(perimeter, 3),
            "eccentricity": round(eccentricity, 4),
            "holes": holes,
            "pieces": pieces,
            "at_border": int(cut),
            **_in_units(image, area, (row, column)),
        }


def _in_units(image: LabelImage, area: int, centre: tuple[float, float]) -> Row:
    """Return area and centre in the image's unit; the middle of the first pixel is 0, 0, as in napari."""
    (unit, other), (down, across) = image.grid.units[-2:], image.grid.scale[-2:]
    if unit != other or unit == PIXEL:
        return {}
    short = short_unit(unit)
    return {
        f"area_{short}2": round(area * down * across, 6),
        f"centre_y_{short}": round(centre[0] * down, 6),
        f"centre_x_{short}": round(centre[1] * across, 6),
    }


def _write(path: Path, columns: Sequence[str], rows: Iterator[Row]) -> None:
    with write_errors(path), path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows({"index": number} | row if "index" in columns else row for number, row in enumerate(rows))
