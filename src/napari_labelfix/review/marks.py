"""Which detected points or boxes a person has already, and which one is meant by a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.metrics import overlap

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAME_BOX = 0.5  # IoU


def near_any(
    points: NDArray[np.floating], known: NDArray[np.floating], distance: NDArray[np.floating] | float
) -> NDArray[np.bool_]:
    """Return (N,) which points have a known one within a distance.

    Parameters
    ----------
    points, known
        (N, D) and (M, D) in pixels; D is 2 in an image, 3 in a stack, whose planes must be integers: points of other
        planes are never near, nor is one that lies nowhere, as a table of positions may have it.
    distance
        In pixels, one or (N,).
    """
    known, somewhere = known[np.isfinite(known).all(axis=1)], np.isfinite(points).all(axis=1)
    if not somewhere.any() or not len(known):
        return np.zeros(len(points), bool)
    from scipy.spatial import cKDTree  # slow to import: docks open without it

    largest = float(np.max(distance))
    found, _ = cKDTree(_spread(known, largest)).query(_spread(np.where(somewhere[:, None], points, 0), largest))
    return np.asarray(somewhere & (found <= distance))


def nearest(points: NDArray[np.floating], place: NDArray[np.floating], distance: NDArray[np.floating]) -> int | None:
    """Return the index of the point (N, D) nearest to a place (D,) if that is within its distance (N,); else None."""
    if not len(points):
        return None
    same_plane = (np.round(points[:, :-2]) == np.round(place[:-2])).all(axis=1)
    away = np.where(same_plane & np.isfinite(points).all(axis=1), np.hypot(*(points[:, -2:] - place[-2:]).T), np.inf)
    index = int(np.argmin(away))
    return index if away[index] <= distance[index] else None


def overlapping_any(
    boxes: NDArray[np.floating],
    planes: NDArray[np.integer],
    known: NDArray[np.floating],
    known_planes: NDArray[np.integer],
    least: float = SAME_BOX,
) -> NDArray[np.bool_]:
    """Return (N,) which boxes are about the same as a known one of the same plane.

    Parameters
    ----------
    boxes, known
        (N, 4) and (M, 4) y0, x0, y1, x1 in pixels.
    planes, known_planes
        (N, axes) and (M, axes) their planes; no axes in a 2D image.
    least
        IoU from which they are.
    """
    found = np.zeros(len(boxes), bool)
    for plane in np.unique(planes, axis=0):
        here = (planes == plane).all(axis=1)
        there = known[(known_planes == plane).all(axis=1)]
        found[here] = overlap.overlapping_any(boxes[here], there, least)
    return found


def boxes_at(boxes: NDArray[np.floating], planes: NDArray[np.integer], place: NDArray[np.floating]) -> int | None:
    """Return the index of the smallest box (N, 4) of its plane (N, axes) in which a place lies; None if in none."""
    y, x = place[-2:] + 0.5  # a box counts from the edges of pixels, a place from their middles
    inside = (planes == np.round(place[:-2])).all(axis=1)
    inside &= (boxes[:, :2] <= (y, x)).all(axis=1) & (boxes[:, 2:] >= (y, x)).all(axis=1)
    if not inside.any():
        return None
    return int(np.argmin(np.where(inside, (boxes[:, 2:] - boxes[:, :2]).prod(axis=1), np.inf)))


def _spread(points: NDArray[np.floating], distance: float) -> NDArray[np.floating]:
    """Move planes further apart than the distance."""
    moved = points.astype(float)
    moved[:, :-2] = np.round(moved[:, :-2]) * (2 * distance + 1)
    return moved
