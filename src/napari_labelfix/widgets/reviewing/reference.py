"""What labels are compared with: other labels of the same size, or points, one for each cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from napari.layers import Labels, Points

from napari_labelfix.project.records import NO_OBJECTS
from napari_labelfix.widgets.annotating.points import are_cells
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.coordinates import map_points
from napari_labelfix.widgets.viewer.label_layers import are_kept, holds_objects

if TYPE_CHECKING:
    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_labelfix.review.differences import Differences
    from napari_labelfix.review.in_parts import GoOn

Reference: TypeAlias = Labels | Points
Comparison: TypeAlias = Callable[["NDArray[np.integer]", "GoOn"], "Differences"]  # of labels, in any thread


def fits(layer: Layer | None, labels: Layer | None) -> bool:
    """Return whether a layer is one that labels can be compared with."""
    if layer is None or labels is None or layer is labels:
        return False
    if isinstance(layer, Points):
        return layer.ndim == labels.ndim and layers.role_of(layer) not in NO_OBJECTS
    return holds_objects(layer) and not layer.multiscale and tuple(layer.data.shape) == tuple(labels.data.shape)


def comparison_with(reference: Reference, labels: Labels) -> Comparison:
    """Return what compares labels with a layer as it is now: a person goes on with it meanwhile."""
    # slow to import: docks open without them
    if isinstance(reference, Points):
        points = points_on(reference, labels)

        def compare(pixels: NDArray[np.integer], go_on: GoOn) -> Differences:
            from napari_labelfix.review.miscounts import find_miscounts

            return find_miscounts(points, pixels, go_on)
    else:
        before = np.array(reference.data)

        def compare(pixels: NDArray[np.integer], go_on: GoOn) -> Differences:
            from napari_labelfix.review.differences import find_differences

            return find_differences(before, pixels, go_on)

    return compare


def points_on(points: Points, labels: Labels) -> NDArray[np.float64]:
    """Return the points (N, ndim) of a layer in pixels of labels; not finite where one marks no cell."""
    counts = are_cells(points) & are_kept(points)
    return np.where(counts[:, None], map_points(points.data, points, labels), np.nan)
