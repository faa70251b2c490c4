"""Accepted objects make labels right where they are, and a little around."""

import tracemalloc

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from napari_labelfix.review.trust import trust_accepted


def canvas(*boxes):
    labels = np.zeros((30, 30), np.int32)
    for y0, y1, x0, x1, label in boxes:
        labels[y0:y1, x0:x1] = label
    return labels


def test_an_accepted_object_takes_the_place_of_the_one_it_corrects():
    labels = canvas((2, 8, 2, 8, 1), (20, 26, 20, 26, 5))
    accepted = canvas((2, 7, 2, 9, 3))
    merged, trusted = trust_accepted(labels, accepted, margin=2)
    assert (merged[2:7, 2:9] == 8).all(), "after the largest id, 5, comes accepted 3"
    assert not merged[7, 2:8].any(), "the rest of the object that was corrected is gone"
    assert (merged[20:26, 20:26] == 5).all()
    assert trusted[2:7, 2:9].all()
    assert trusted[8, 5] and trusted[0, 5]
    assert not trusted[9, 5]
    assert not trusted[20:26, 20:26].any()


def test_what_another_object_has_in_the_margin_is_not_known_to_be_right():
    labels = canvas((5, 15, 12, 25, 1))
    accepted = canvas((5, 15, 2, 10, 1))
    merged, trusted = trust_accepted(labels, accepted, margin=4)
    assert (merged[5:15, 12:25] == 1).all()
    assert trusted[10, 11]
    assert not trusted[labels > 0].any()


@pytest.mark.parametrize("margin", [0, 1, 1.5, 4, 5.7])
def test_the_margin_reaches_to_its_exact_distance_and_not_around_the_border(margin):
    accepted = np.zeros((40, 50), np.int32)
    accepted[np.random.default_rng(0).random(accepted.shape) < 0.005] = 3
    accepted[0, 20], accepted[39, 49] = 1, 2
    _, trusted = trust_accepted(np.zeros_like(accepted), accepted, margin)
    np.testing.assert_array_equal(trusted, distance_transform_edt(accepted == 0) <= margin)


def test_nothing_accepted_is_nothing_trusted():
    labels = canvas((2, 8, 2, 8, 7))
    merged, trusted = trust_accepted(labels, np.zeros_like(labels))
    np.testing.assert_array_equal(merged, labels)
    assert not trusted.any()


def test_ids_may_be_high_without_costing_memory():
    high = 20_000_000
    labels = canvas((2, 8, 2, 8, high), (20, 26, 20, 26, 5))
    tracemalloc.start()
    merged, _ = trust_accepted(labels, canvas((2, 7, 2, 9, 3)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert set(np.unique(merged)) == {0, 5, high + 3}
    assert peak < high


@pytest.mark.parametrize(("highest", "accepted_id"), [(2**31 - 2, 5), (2**32 - 1, 1), (7, 3_000_000_000)])
def test_ids_that_are_too_high_for_32_bits_stay_above_0(highest, accepted_id):
    labels, accepted = np.zeros((2, 30, 30), np.uint32)
    labels[20:26, 20:26] = highest
    accepted[2:7, 2:9] = accepted_id
    merged, _ = trust_accepted(labels, accepted)
    assert set(np.unique(merged).tolist()) == {0, highest, highest + accepted_id}
