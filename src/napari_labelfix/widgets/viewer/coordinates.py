"""From the pixels of one layer to those of another one that lies elsewhere: a layer that a person added may."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari.layers import Layer
    from numpy.typing import NDArray

_ELSEWHERE = 0.5  # pixels
_NOTHING = 1e-6  # pixels: by so little the way through the world moves what lies in the same place


def map_points(points: NDArray[np.floating], source: Layer, target: Layer) -> NDArray[np.floating]:
    """Return points (N, dimensions) of a layer as points of another one with as many dimensions."""
    matrix, offset = _map(source, target)
    if np.abs(matrix - np.eye(len(offset))).max() < _NOTHING and np.abs(offset).max() < _NOTHING:
        return points
    return np.asarray(points @ matrix + offset)


def magnification(source: Layer, target: Layer) -> float:
    """Return how many pixels of another layer a pixel of a layer is wide, within a plane."""
    matrix, _ = _map(source, target)
    return float(np.sqrt(abs(np.linalg.det(matrix[-2:, -2:]))))


def seen_at(layer: Layer, plane: tuple[int, ...], positions: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return where positions (N, 2) in the pixels of a plane are seen: the layer may be scaled, moved and turned."""
    at = np.array([(*plane, *corner) for corner in ((0, 0), (1, 0), (0, 1))], float)  # they say all of an affine map
    origin, row, column = (np.array(layer.data_to_world(point))[-2:] for point in at)
    return np.asarray(origin + positions[:, :1] * (row - origin) + positions[:, 1:] * (column - origin))


def lies_on(shape: tuple[int, ...], source: Layer, target: Layer) -> bool:
    """Return whether the pixels of a layer of a shape lie on those of another one, to half a pixel."""
    corners = np.array([np.zeros(source.ndim), np.array(shape) - 1.0])
    return bool(np.abs(map_points(corners, source, target) - corners).max() <= _ELSEWHERE)


def other_size(layer: Layer, image: Layer, or_else: str) -> str:
    """Return what to do about a layer that has got another size than its image."""
    return (
        f"“{layer.name}” has another size than “{image.name}” now. Give it the size of the image again, or {or_else}."
    )


def _map(source: Layer, target: Layer) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what an affine map adds along each axis, and where it takes the origin."""
    corners = np.vstack([np.zeros(source.ndim), np.eye(source.ndim)])
    mapped = np.array([target.world_to_data(source.data_to_world(corner)) for corner in corners])
    return mapped[1:] - mapped[0], mapped[0]
