"""Boxes and points from files, as an export wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from napari_labelfix.annotations import Boxes, Points
from napari_labelfix.io.label_image import name_for_files
from napari_labelfix.io.marked_image import MarkedImage

if TYPE_CHECKING:
    from napari_labelfix.io.annotation_files import AnnotationFiles
    from napari_labelfix.io.grid import Grid


def read_marks(given: AnnotationFiles, grid: Grid, kind: type[Boxes | Points]) -> MarkedImage:
    """Read the boxes or points of an image; of what a run has found, all but what it has dropped.

    Parameters
    ----------
    given
        The files of the image.
    grid
        That of the image.
    kind
        What is in them.

    Raises
    ------
    InputError
        If a file cannot be read, or is of another image.
    """
    file = given.file
    places, planes, cells, diameters = [], [], [], []
    for index, found in zip(np.ndindex(file.shape[:-2]), given.read(kind, believed=True), strict=True):
        marks = cast("Boxes | Points", found)
        here, none = marks.corners if isinstance(marks, Boxes) else marks.positions, marks.negatives
        if isinstance(marks, Points):
            diameters.append(2 * marks.radius)
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
        str(given.paths[0]),
    ).seen()
