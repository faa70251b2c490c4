"""From points to masks: a marker-controlled watershed over the foreground or over the heatmap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from skimage.segmentation import watershed

from napari_labelfix.snapshots import PointRole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from napari_labelfix.methods.p_classification.params import Masks

# where a mask ends, by what it grows in: a heatmap's Gaussian falls to 0.1 at 0.9 radii; the other is a probability
EDGES = {"heatmap": 0.1, "foreground": 0.5}
WIDEST = 2.0  # radii; a mask reaches no farther from its point


def asked_for_masks(
    kind: Masks,
    reliefs: Mapping[str, Callable[[], NDArray[np.float32]]],
    positions: NDArray[np.floating],
    roles: NDArray[np.uint8],
    radius: float,
) -> NDArray[np.int32] | None:
    """Grow masks in the relief (Y, X) that was asked for, which is worked out here; None if none were asked for."""
    return None if kind == "none" else grow_masks(reliefs[kind](), EDGES[kind], positions, roles, radius)


def grow_masks(
    relief: NDArray[np.float32],
    edge: float,
    positions: NDArray[np.floating],
    roles: NDArray[np.uint8],
    radius: float,
) -> NDArray[np.int32]:
    """Grow a mask from each point that is a cell.

    Parameters
    ----------
    relief
        (Y, X) high inside of cells: a heatmap, or the probability of the foreground.
    edge
        Masks end where the relief falls below it.
    positions, roles
        (N, 2) row, column in pixels, and (N,) of `PointRole`.
    radius
        Of a cell, in pixels.

    Returns
    -------
    NDArray[np.int32]
        (Y, X) one more than the number of the point, 0 = background.
    """
    cells = np.flatnonzero(roles != PointRole.PSEUDO_NEGATIVE)
    rows, columns = np.round(positions[cells]).astype(int).T
    markers = np.zeros(relief.shape, np.int32)
    markers[rows, columns] = cells + 1
    if not len(cells):
        return markers
    distance = cv2.distanceTransform((markers == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    inside = (relief >= edge) & (distance <= WIDEST * radius) | (markers > 0)
    return np.asarray(watershed(-relief, markers, mask=inside), np.int32)
