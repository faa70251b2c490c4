import tracemalloc
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from napari_labelfix.metrics.detection import DetectionCounts, count_detections, match_points

NONE = np.zeros((0, 2))
few_points = arrays(float, st.tuples(st.integers(0, 4), st.just(2)), elements=st.integers(0, 12).map(float))


def brute_force(found, truth, radius):
    """Try every one-to-one assignment: the most pairs within the radius, and of these the least sum of distances."""
    if len(found) > len(truth):
        return brute_force(truth, found, radius)
    best = (0, 0.0)
    for chosen in permutations(range(len(truth)), len(found)):
        distances = np.linalg.norm(found - truth[list(chosen)], axis=1)
        near = distances[distances <= radius]
        best = min(best, (-len(near), near.sum()))
    return -best[0], best[1]


@given(few_points, few_points, st.sampled_from([1.0, 3.0, 5.0]))
def test_it_is_the_best_of_all_assignments(found, truth, radius):
    pairs = match_points(found, truth, radius)
    distances = np.linalg.norm(found[pairs[:, 0]] - truth[pairs[:, 1]], axis=1)
    assert (len(pairs), pytest.approx(distances.sum())) == brute_force(found, truth, radius)
    assert len(set(pairs[:, 0])) == len(set(pairs[:, 1])) == len(pairs)


def test_the_nearest_partner_is_left_to_another_if_more_points_get_one():
    """A greedy match would give (0, 4) to (0, 3) and leave (0, 0) and (0, 8) without a partner."""
    found, truth = np.array([[0.0, 4.0], [0.0, 0.0]]), np.array([[0.0, 3.0], [0.0, 8.0]])
    assert count_detections(found, truth, radius=4) == DetectionCounts(matched=2, found=2, true=2)


def test_two_detections_of_one_cell_are_one_too_many():
    counts = count_detections(np.array([[5.0, 5.0], [5.0, 6.0]]), np.array([[5.0, 5.0]]), radius=3)
    assert (counts.precision, counts.recall) == (0.5, 1.0)
    assert counts.f1 == pytest.approx(2 / 3)


def test_counts_of_several_images_add_up():
    total = DetectionCounts(1, 2, 4) + DetectionCounts(2, 2, 2)
    assert (total.precision, total.recall, total.f1) == (3 / 4, 3 / 6, 6 / 10)


@pytest.mark.parametrize(
    ("found", "truth", "expected"),
    [(0, 0, (1, 1, 1)), (0, 2, (1, 0, 0)), (2, 0, (0, 1, 0))],
    ids=["nothing to find", "nothing found", "nothing there"],
)
def test_empty_sides(found, truth, expected):
    counts = count_detections(np.ones((found, 2)), np.ones((truth, 2)), radius=1)
    assert (counts.precision, counts.recall, counts.f1) == expected


def test_what_are_no_points_is_refused():
    with pytest.raises(ValueError, match=r"shape \(N, 2\), but got \(3, 3\)"):
        count_detections(np.zeros((3, 3)), NONE, radius=1)
    with pytest.raises(ValueError, match="above 0 px, but got 0"):
        count_detections(NONE, NONE, radius=0)


def all_at_once(found, truth, radius):
    """Match as `match_points` does, with the distances of all points to all others."""
    distances = cdist(found, truth)
    dear = np.where(distances > radius, radius * (min(distances.shape) + 1), distances)
    rows, columns = linear_sum_assignment(dear)
    near = distances[rows, columns] <= radius
    return np.stack([rows[near], columns[near]], axis=1)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("radius", [1.0, 4.0, 25.0])
def test_groups_of_near_points_are_matched_as_all_at_once(seed, radius):
    rng = np.random.default_rng(seed)
    found, truth = (rng.uniform(0, 100, (count, 2)) for count in rng.integers(20, 120, 2))
    found[:10] = truth[:10] + rng.normal(0, 1, (10, 2))
    assert np.array_equal(match_points(found, truth, radius), all_at_once(found, truth, radius))


@given(st.integers(0, 2**16), st.sampled_from([1.0, np.sqrt(2), 2.0, np.sqrt(5), 3.0]))
def test_points_on_a_grid_with_ties_get_as_many_partners_as_all_at_once(seed, radius):
    rng = np.random.default_rng(seed)
    found, truth = (rng.integers(0, 9, (count, 2)).astype(float) for count in rng.integers(1, 25, 2))
    pairs, expected = match_points(found, truth, radius), all_at_once(found, truth, radius)
    assert len(pairs) == len(expected)
    assert len(np.unique(pairs[:, 0])) == len(np.unique(pairs[:, 1])) == len(pairs)
    one, other = (np.linalg.norm(found[of[:, 0]] - truth[of[:, 1]], axis=1).sum() for of in (pairs, expected))
    assert one == pytest.approx(other)


def test_many_points_need_little_memory():
    rng = np.random.default_rng(0)
    truth = rng.uniform(0, 5000, (8000, 2))
    tracemalloc.start()
    pairs = match_points(truth + rng.normal(0, 1, truth.shape), truth, 10.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(pairs) > 7900
    assert peak < 50e6, "the distances of all to all would be 512 MB"


def test_points_that_all_hang_together_need_little_memory():
    """Confluent cells: the next one is nearer than two radii."""
    rng = np.random.default_rng(0)
    truth = np.argwhere(np.ones((70, 70))) * 8.0
    tracemalloc.start()
    pairs = match_points(truth + rng.normal(0, 2, truth.shape), truth, 8.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(pairs) > 4850
    assert peak < 20e6, "the distances of all to all would be 192 MB"
