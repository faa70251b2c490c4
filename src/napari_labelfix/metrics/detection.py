"""How well objects are found, where only their places count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


@dataclass(frozen=True)
class DetectionCounts:
    """What was found, what was there, and how much of either has a partner; counts of several images add up.

    Parameters
    ----------
    matched
        Pairs of a found and a true point.
    found, true
        Points found, and points that are there.
    """

    matched: int
    found: int
    true: int

    def __add__(self, other: Self) -> DetectionCounts:
        return DetectionCounts(self.matched + other.matched, self.found + other.found, self.true + other.true)

    @property
    def precision(self) -> float:
        """The share of what was found that is there; 1 if nothing was found."""
        return self.matched / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """The share of what is there that was found; 1 if nothing is there."""
        return self.matched / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        """2 TP / (found + true); 1 if nothing was found and nothing is there."""
        total = self.found + self.true
        return 2 * self.matched / total if total else 1.0


def count_detections(found: NDArray[np.floating], truth: NDArray[np.floating], radius: float) -> DetectionCounts:
    """Match found and true points one to one within a radius, and count.

    Parameters
    ----------
    found, truth
        (N, 2), (M, 2) row, column in pixels.
    radius
        The farthest that partners may be apart, in pixels.

    Raises
    ------
    ValueError
        If the points are not of two coordinates, or the radius is not above 0.
    """
    return DetectionCounts(len(match_points(found, truth, radius)), len(found), len(truth))


def match_points(found: NDArray[np.floating], truth: NDArray[np.floating], radius: float) -> NDArray[np.intp]:
    """Return the pairs (K, 2) of indices into `found` and `truth`, as `count_detections` matches them.

    Of all assignments that leave the fewest points without a partner, it is the one whose distances have the least sum.
    Only points that are near each other compete, so that many far apart take little time and memory.
    """
    for points in (found, truth):
        if points.ndim != 2 or points.shape[1] != 2:
            raise ValueError(f"Expected points of shape (N, 2), but got {points.shape}.")
    if not radius > 0:
        raise ValueError(f"Expected a radius above 0 px, but got {radius}.")
    near = cKDTree(found).sparse_distance_matrix(cKDTree(truth), np.nextafter(radius, np.inf), output_type="ndarray")
    near = near[near["v"] <= radius]
    rows, columns = near["i"], near["j"]
    alone = (np.bincount(rows)[rows] == 1) & (np.bincount(columns)[columns] == 1)  # nothing to choose from
    pairs = [_assign(found, truth, radius, *group) for group in _groups(rows[~alone], columns[~alone])]
    joined = np.concatenate([np.stack([rows[alone], columns[alone]], axis=1), *pairs])
    return joined[np.argsort(joined[:, 0])]


def _groups(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield the found and the true points that are near each other, directly or through others of them.

    Parameters
    ----------
    rows, columns
        (K,) the pairs that are near each other.
    """
    if not len(rows):
        return
    beyond = rows.max() + 1
    points = beyond + columns.max() + 1
    graph = coo_array((np.ones(len(rows), bool), (rows, columns + beyond)), shape=(points, points))
    _, group = connected_components(graph, directed=False)
    order = np.argsort(group[rows], kind="stable")
    for part in np.split(order, np.flatnonzero(np.diff(group[rows[order]])) + 1):
        yield np.unique(rows[part]), np.unique(columns[part])


def _assign(
    found: NDArray[np.floating],
    truth: NDArray[np.floating],
    radius: float,
    of_found: NDArray[np.intp],
    of_truth: NDArray[np.intp],
) -> NDArray[np.intp]:
    """Return the best pairs (K, 2) among some of the points."""
    distances = cdist(found[of_found], truth[of_truth])
    too_far = distances > radius
    impossible = radius * (min(distances.shape, default=0) + 1)  # dearer than all partners together
    rows, columns = linear_sum_assignment(np.where(too_far, impossible, distances))
    near = ~too_far[rows, columns]
    return np.stack([of_found[rows[near]], of_truth[columns[near]]], axis=1)
