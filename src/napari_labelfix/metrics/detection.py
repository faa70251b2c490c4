"""How well objects are found, where only their places count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching
from scipy.spatial import cKDTree

if TYPE_CHECKING:
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
    joined = np.concatenate([np.stack([rows[alone], columns[alone]], axis=1), _assign(near[~alone], radius)])
    return joined[np.argsort(joined[:, 0])]


def _assign(near: NDArray[np.void], radius: float) -> NDArray[np.intp]:
    """Return the best pairs (K, 2) among those that are near each other: `i` of one, `j` of the other, `v` apart.

    Only these are in the graph, since dense cells can all be near each other, through others of them.
    """
    if not len(near):
        return np.zeros((0, 2), np.intp)
    (found, row), (true, column) = (np.unique(near[side], return_inverse=True) for side in "ij")
    nobody = np.arange(len(found))  # in whose place a point may have none; dearer than all partners together
    dear = np.full(len(found), 2 * radius * (min(len(found), len(true)) + 1))
    costs = np.concatenate([near["v"] + radius, dear])  # above 0, or it would be no edge; the same for each partner
    edges = np.append(row, nobody), np.append(column, len(true) + nobody)
    graph = csr_array((costs, edges), shape=(len(found), len(true) + len(found)))
    rows, columns = min_weight_full_bipartite_matching(graph)
    paired = columns < len(true)
    return np.stack([found[rows[paired]], true[columns[paired]]], axis=1).astype(np.intp)
