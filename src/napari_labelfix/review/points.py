"""Which detected points a person has already, and which one is meant by a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def near_any(
    points: NDArray[np.floating], known: NDArray[np.floating], distance: NDArray[np.floating] | float
) -> NDArray[np.bool_]:
    """Return (N,) which points have a known one within a distance.

    Parameters
    ----------
    points, known
        (N, D) and (M, D) in pixels; D is 2 in an image, 3 in a stack, whose planes must be integers: points of other
        planes are never near.
    distance
        In pixels, one or (N,).
    """
    if not len(points) or not len(known):
        return np.zeros(len(points), bool)
    from scipy.spatial import cKDTree  # slow to import: docks open without it

    largest = float(np.max(distance))
    found, _ = cKDTree(_spread(known, largest)).query(_spread(points, largest))
    return np.asarray(found <= distance)


def nearest(points: NDArray[np.floating], place: NDArray[np.floating], distance: NDArray[np.floating]) -> int | None:
    """Return the index of the point (N, D) nearest to a place (D,) if that is within its distance (N,); else None."""
    if not len(points):
        return None
    same_plane = (np.round(points[:, :-2]) == np.round(place[:-2])).all(axis=1)
    away = np.where(same_plane, np.hypot(*(points[:, -2:] - place[-2:]).T), np.inf)
    index = int(np.argmin(away))
    return index if away[index] <= distance[index] else None


def _spread(points: NDArray[np.floating], distance: float) -> NDArray[np.floating]:
    """Move planes further apart than the distance."""
    moved = points.astype(float)
    moved[:, :-2] = np.round(moved[:, :-2]) * (2 * distance + 1)
    return moved
