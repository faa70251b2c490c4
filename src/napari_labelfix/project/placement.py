"""Where the layers of a project lie on one another, as napari places them, and without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.io.grid import Grid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


def grid_of(placed: Mapping[str, Any], ndim: int) -> Grid:
    """Return the grid of a layer of so many axes; in pixels where nothing is known, {}.

    Raises
    ------
    ValueError
        If what is known is of more or fewer axes.
    """
    grid = Grid.of(placed["axis_labels"], placed["scale"], placed["units"]) if placed else Grid.in_pixels(ndim)
    if {len(grid.axes), len(grid.scale), len(grid.units)} != {ndim}:
        raise ValueError(f"expected names, scales and units of {ndim} axes, but got {grid}")
    return grid


def way_between(source: Mapping[str, Any], target: Mapping[str, Any], ndim: int) -> NDArray[np.float64]:
    """Return the matrix (ndim + 1, ndim + 1) from the pixels of a layer to those of another one.

    Parameters
    ----------
    source, target
        Scale, translate, rotate, shear and affine of both; of one of which nothing is known, {}: it lies on the other.
    ndim
        How many axes both have.
    """
    if source == target or not (source and target):
        return np.eye(ndim + 1)
    return np.asarray(np.linalg.solve(_to_world(target), _to_world(source)))


def map_points(points: NDArray[np.float64], way: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points (N, ndim) of a layer as points of another one."""
    return np.asarray(points @ way[:-1, :-1].T + way[:-1, -1])


def magnification(way: NDArray[np.float64]) -> float:
    """Return how many pixels of the other layer a pixel is wide, within a plane."""
    return float(np.sqrt(abs(np.linalg.det(way[-3:-1, -3:-1]))))


def _to_world(placed: Mapping[str, Any]) -> NDArray[np.float64]:
    matrix = np.eye(len(placed["scale"]) + 1)
    rotate, shear = np.array(placed["rotate"], float), _shear(np.array(placed["shear"], float), len(placed["scale"]))
    matrix[:-1, :-1] = rotate @ shear @ np.diag(placed["scale"])
    matrix[:-1, -1] = placed["translate"]
    return np.asarray(np.array(placed["affine"], float) @ matrix)


def _shear(told: NDArray[np.float64], ndim: int) -> NDArray[np.float64]:
    """Return the matrix of a shear, of which napari tells the whole, or what stands above its diagonal."""
    if told.ndim == 2:
        return told
    matrix = np.eye(ndim)
    matrix[np.triu_indices(ndim, 1)] = told
    return matrix
