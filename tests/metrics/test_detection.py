from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

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
