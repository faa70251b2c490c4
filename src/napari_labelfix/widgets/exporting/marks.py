"""From a layer of boxes or points to what is exported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Shapes

from napari_labelfix.io.label_image import name_for_files
from napari_labelfix.io.marked_image import MarkedImage
from napari_labelfix.widgets.annotating.boxes import all_boxes_on
from napari_labelfix.widgets.annotating.points import are_cells, diameter_on
from napari_labelfix.widgets.viewer import image_planes
from napari_labelfix.widgets.viewer.coordinates import map_points
from napari_labelfix.widgets.viewer.label_layers import are_kept

if TYPE_CHECKING:
    from napari.layers import Layer, Points

    from napari_labelfix.io.grid import Grid


def marked_image_of(layer: Points | Shapes, image: Layer, grid: Grid, file_name: str) -> MarkedImage:
    """Return the boxes or points of a layer that can be seen in its image, as they are now.

    Parameters
    ----------
    layer
        Of a person, or what a method has found.
    image, grid, file_name
        The image, its grid, and the name of its file; "" where there is none.
    """
    if isinstance(layer, Shapes):
        places, planes, cells, shapes = all_boxes_on(layer, image)
        kept, diameter = are_kept(layer)[shapes], 0.0
    else:
        points = map_points(layer.data, layer, image)
        places, planes, cells = points[:, -2:], np.round(points[:, :-2]).astype(np.intp), are_cells(layer)
        kept, diameter = are_kept(layer), diameter_on(layer, image)
    return MarkedImage(
        name_for_files(image.name),
        image_planes.spatial_shape(image),
        grid,
        np.array(places[kept]),
        np.array(planes[kept]),
        np.array(cells[kept]),
        diameter,
        file_name,
        f"layer “{layer.name}”",
    ).seen()
