"""The boxes and points of a project, as an export wants them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.io.boxes import AREAS, bounds_of_shapes
from napari_labelfix.io.label_image import name_for_files
from napari_labelfix.io.marked_image import MarkedImage
from napari_labelfix.io.tables import DROPPED, NO_CELL
from napari_labelfix.project.database import sense_of
from napari_labelfix.project.placement import grid_of, magnification, map_points, way_between

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_labelfix.project.records import ImageRecord, LayerRecord
    from napari_labelfix.project.store import Project


@dataclass(frozen=True, eq=False)
class Marks:
    """Points, or shapes, of a layer.

    Parameters
    ----------
    vertices
        (V, axes) in pixels of the layer, of all marks, one after the other; of points the points.
    starts
        (N + 1,) where each mark begins; the last is V.
    shapes
        (N,) what napari calls them; () for points.
    sizes
        (N,) of points.
    kinds, roles
        (N,) what each marks, and what a method took it for; "" where nobody has said.
    """

    vertices: NDArray[np.float64]
    starts: NDArray[np.intp]
    shapes: Sequence[str]
    sizes: Sequence[float]
    kinds: NDArray[np.str_]
    roles: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def cells(self) -> NDArray[np.bool_]:
        """(N,) which mark a cell, and not what is none."""
        return np.asarray(self.kinds != NO_CELL)

    @property
    def kept(self) -> NDArray[np.bool_]:
        """(N,) which can be exported: shapes that enclose something, and not what a method has dropped."""
        kept = ~np.isin(self.roles, DROPPED)
        return kept & np.isin(self.shapes, AREAS) if len(self.shapes) else kept


def read_marks(project: Project, layer: LayerRecord) -> Marks:
    """Return the points or shapes of a layer. Raises `ProjectError` if they make no sense."""
    content, axes = project.geometry(layer.id), layer.shape[1]
    with sense_of(project.path):
        told = json.loads(content) if content is not None else {"data": []}
        data = [np.array(one, float).reshape(-1, axes) for one in told["data"]]
        columns = told.get("features", {})
        return Marks(
            np.concatenate([np.zeros((0, axes)), *data]),
            np.cumsum([0, *map(len, data)]),
            told.get("shape_type", ()),
            told.get("size", ()),
            *(_words(columns, name, len(data)) for name in ("kind", "role")),
        )


def marked_image(project: Project, layer: LayerRecord, image: ImageRecord, below: LayerRecord | None) -> MarkedImage:
    """Return the boxes or points of a layer that can be seen in its image.

    Parameters
    ----------
    project
        The project.
    layer
        Points or shapes.
    image, below
        The image, and its layer; where that was closed, the marks are taken to lie on it.

    Raises
    ------
    ProjectError
        If they make no sense.
    """
    marks, axes = read_marks(project, layer), layer.shape[1]
    placed = (below or layer).placement
    with sense_of(project.path):
        if axes > len(image.shape):
            raise ValueError(f"“{layer.name}” has more axes than its image")
        way = way_between(layer.placement, placed, axes)
        vertices, first = map_points(marks.vertices, way), marks.starts[:-1]
        if layer.kind == "shapes":
            places, diameter = bounds_of_shapes(vertices[:, -2:], marks.starts, marks.shapes), 0.0
        else:
            usual = np.median(marks.sizes) if len(marks.sizes) else layer.look.get("current_size", 0)
            places, diameter = vertices[:, -2:], float(usual) * magnification(way)
        # what is not finite lies in no plane
        planes = np.nan_to_num(np.round(vertices[first, :-2]), nan=-1).astype(np.intp)
        return MarkedImage(
            name_for_files(image.name),
            image.shape[:axes],  # without colours
            grid_of(placed, axes),
            places[marks.kept],
            planes[marks.kept],
            marks.cells[marks.kept],
            diameter,
            Path(image.path).name,
            f"layer “{layer.name}” of {project.path.name}",
        ).seen()


def _words(columns: Mapping[str, Any], name: str, count: int) -> NDArray[np.str_]:
    values = columns[name]["values"] if name in columns else [""] * count
    return np.array(["" if value is None else str(value) for value in values], str).reshape(count)
