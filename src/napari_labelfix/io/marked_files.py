"""Boxes and points from files, as an export wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from napari_labelfix.annotations import Boxes, Points
from napari_labelfix.io.annotation_files import read_annotations
from napari_labelfix.io.label_image import name_for_files
from napari_labelfix.io.marked_image import MarkedImage
from napari_labelfix.io.pairing import TABLES
from napari_labelfix.io.points_csv import points_of_planes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_labelfix.io.grid import Grid
    from napari_labelfix.io.read import ImageFile


def read_marks(paths: Sequence[Path], file: ImageFile, grid: Grid, kind: type[Boxes | Points]) -> MarkedImage:
    """Read the boxes or points of an image; of what a run has found, all but what it has dropped.

    Parameters
    ----------
    paths
        The files of one image.
    file, grid
        The image.
    kind
        What is in them.

    Raises
    ------
    InputError
        If a file cannot be read, or is of another image.
    """
    indices = list(np.ndindex(file.shape[:-2]))
    places, planes, cells, diameters = [], [], [], []
    for index, found in zip(indices, _planes(paths, file, kind), strict=True):
        if isinstance(found, Boxes):
            here, none = found.corners, found.negatives
        else:
            here, none = found.positions, found.negatives
            diameters.append(2 * found.radius)
        places += [here, none]
        cells += [np.ones(len(here), bool), np.zeros(len(none), bool)]
        planes.append(np.broadcast_to(np.array(index, np.intp), (len(here) + len(none), len(index))))
    return MarkedImage(
        name_for_files(file.stem),
        file.shape,
        grid,
        np.concatenate(places),
        np.concatenate(planes),
        np.concatenate(cells),
        float(np.median(diameters)) if diameters else 0.0,
        file.path.name,
        str(paths[0]),
    ).seen()


def _planes(paths: Sequence[Path], file: ImageFile, kind: type[Boxes | Points]) -> Sequence[Boxes | Points]:
    if kind is Points and paths[0].suffix.lower() == TABLES:
        return points_of_planes(paths[0], file, believed=True)
    return cast("Sequence[Boxes | Points]", read_annotations(paths, file, kind))
