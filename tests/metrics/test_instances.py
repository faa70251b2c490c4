import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linear_sum_assignment

from napari_labelfix.data.label_images import fill_label_holes
from napari_labelfix.metrics.instances import (
    aggregated_jaccard,
    average_precision,
    count_overlaps,
    f1_score,
    mean_dice,
    panoptic_quality,
)

label_images = arrays(np.int32, (7, 8), elements=st.sampled_from([0, 0, 1, 2, 5, 2_000_000_000]))


def brute_force_mean_dice(predicted, truth):
    """The definition as two loops over objects."""
    scores = []
    for true_id in set(truth.flat) - {0}:
        of_true = truth == true_id
        shares = [((predicted == i) & of_true).sum() for i in sorted(set(predicted.flat) - {0})]
        partner = sorted(set(predicted.flat) - {0})[int(np.argmax(shares))] if any(shares) else None
        found = predicted == partner if partner is not None else np.zeros_like(of_true)
        scores.append(2 * (found & of_true).sum() / (found.sum() + of_true.sum()))
    return np.mean(scores) if scores else float(not predicted.any())


def brute_force_f1(predicted, truth, threshold):
    """IoU of every pair, then the optimal assignment."""
    true_ids, predicted_ids = sorted(set(truth.flat) - {0}), sorted(set(predicted.flat) - {0})
    if not true_ids and not predicted_ids:
        return 1.0
    good = np.zeros((len(true_ids), len(predicted_ids)))
    for row, true_id in enumerate(true_ids):
        for column, predicted_id in enumerate(predicted_ids):
            a, b = truth == true_id, predicted == predicted_id
            good[row, column] = (a & b).sum() / (a | b).sum() >= threshold
    matched = good[linear_sum_assignment(-good)].sum()
    return 2 * matched / (len(true_ids) + len(predicted_ids))


@given(label_images, label_images)
def test_mean_dice_is_that_of_the_loops(predicted, truth):
    assert mean_dice(fill_label_holes(predicted), truth, minimum_size=0) == pytest.approx(
        brute_force_mean_dice(fill_label_holes(predicted), truth)
    )


@given(label_images, label_images, st.sampled_from([0.1, 0.3, 0.5, 0.75, 1.0]))
def test_f1_is_that_of_the_optimal_assignment(predicted, truth, threshold):
    assert f1_score(predicted, truth, threshold) == pytest.approx(brute_force_f1(predicted, truth, threshold))


def test_mean_dice_of_a_case_worked_by_hand():
    truth = np.array([[1, 1, 1, 1, 0, 2, 2, 0, 3, 3]])
    predicted = np.array([[4, 4, 5, 0, 5, 7, 7, 7, 0, 0]])
    # 1: object 4 covers 2 px of it, 2*2/(4+2); 2: object 7 covers it, 2*2/(2+3); 3: nothing does.
    assert mean_dice(predicted, truth, minimum_size=0) == pytest.approx((2 / 3 + 4 / 5 + 0) / 3)


def test_two_true_objects_may_share_a_partner():
    truth = np.array([[1, 1, 2, 2]])
    assert mean_dice(np.array([[9, 9, 9, 9]]), truth, minimum_size=0) == pytest.approx(2 * 2 / (2 + 4))


def test_of_two_equal_partners_the_lower_id_is_taken():
    truth = np.array([[1, 1, 0, 0]])
    predicted = np.array([[8, 3, 3, 3]])  # both cover one pixel; 3 has three, 8 has one
    assert mean_dice(predicted, truth, minimum_size=0) == pytest.approx(2 * 1 / (2 + 3))


def test_small_predicted_objects_do_not_count_and_small_true_ones_do():
    truth = np.zeros((20, 20), int)
    truth[:8, :8] = 1  # 64 px
    truth[12:15, 12:15] = 2  # 9 px
    assert mean_dice(truth, truth) == 0.5
    assert mean_dice(truth, truth, minimum_size=9) == 1.0


def test_holes_are_filled_before_the_comparison_and_specks_in_them_are_dropped():
    truth = np.zeros((20, 20), int)
    truth[2:18, 2:18] = 1
    predicted = truth.copy()
    predicted[6:12, 6:12] = 0
    predicted[8, 8] = 2
    assert mean_dice(predicted, truth) == 1.0


def test_f1_of_a_case_worked_by_hand():
    truth = np.array([[1, 1, 1, 1, 0, 2, 2, 0, 3, 3]])
    predicted = np.array([[4, 4, 4, 0, 0, 7, 7, 7, 0, 8]])
    # IoU 3/4, 2/3 and 1/2: all three at 0.5, two at 0.6, one at 0.7; an extra object costs.
    assert f1_score(predicted, truth) == 1.0
    assert f1_score(predicted, truth, iou=0.6) == pytest.approx(2 / 3)
    assert f1_score(predicted, truth, iou=0.7) == pytest.approx(1 / 3)
    predicted[0, 4] = 9
    assert f1_score(predicted, truth) == pytest.approx(6 / 7)


def test_a_true_object_is_found_once_even_if_two_halves_reach_the_threshold():
    assert f1_score(np.array([[1, 1, 2, 2]]), np.array([[1, 1, 1, 1]])) == pytest.approx(2 / 3)


def test_the_most_pairs_are_found_where_greed_would_lose_one():
    truth = np.array([[1, 1, 1, 1, 2]])
    predicted = np.array([[0, 0, 1, 1, 1]])  # IoU 2/5 with the first, 1/3 with the second
    predicted_and_more = np.array([[3, 3, 1, 1, 1]])  # 3 has IoU 1/2 with the first
    assert f1_score(predicted, truth, iou=0.3) == pytest.approx(2 / 3)
    assert f1_score(predicted_and_more, truth, iou=0.3) == 1.0


@pytest.mark.parametrize("measure", [mean_dice, f1_score])
def test_images_without_objects_agree_only_with_each_other(measure):
    empty, full = np.zeros((9, 9), np.uint16), np.ones((9, 9), np.uint16)
    assert measure(empty, empty) == 1.0
    assert measure(empty, full) == 0.0
    assert measure(full, empty) == 0.0
    assert measure(full, full) == 1.0


@pytest.mark.parametrize("measure", [mean_dice, f1_score])
@pytest.mark.parametrize(
    ("predicted", "truth", "sentence"),
    [
        (np.zeros((3, 4), int), np.zeros((3, 5), int), r"one shape, but got \(3, 4\) and \(3, 5\)"),
        (np.zeros((2, 3, 4), int), np.zeros((2, 3, 4), int), r"\(Y, X\) label images"),
        (np.zeros((3, 4)), np.zeros((3, 4), int), "whole numbers as labels, but got float64"),
        (np.zeros((3, 4), int), np.full((3, 4), -2), "labels from 0 up, but got -2"),
    ],
)
def test_what_is_no_pair_of_label_images_is_refused(measure, predicted, truth, sentence):
    with pytest.raises(ValueError, match=sentence):
        measure(predicted, truth)


@pytest.mark.parametrize("threshold", [0, -0.5, 1.1, float("nan")])
def test_an_iou_threshold_out_of_range_is_refused(threshold):
    with pytest.raises(ValueError, match="iou in"):
        f1_score(np.ones((3, 3), int), np.ones((3, 3), int), iou=threshold)


def test_overlaps_are_counted_by_rank_of_the_ids():
    overlaps = count_overlaps(np.array([[0, 7, 7, 3]]), np.array([[4, 4, 9, 9]]))
    assert overlaps.shared.toarray().tolist() == [[0, 1], [1, 1]]
    assert overlaps.true.sizes.tolist() == [2, 2]
    assert overlaps.predicted.sizes.tolist() == [1, 2]


def test_huge_ids_count_like_small_ones():
    labels = np.array([[0, 1, 1, 2]], np.int64)
    huge = np.array([[0, 10**12, 10**12, 10**15]], np.int64)
    assert f1_score(huge, labels, iou=1.0) == 1.0


def test_ten_thousand_objects_are_compared_within_seconds():
    side = 12
    truth = np.kron(np.arange(1, 10_001, dtype=np.int32).reshape(100, 100), np.ones((side, side), np.int32))
    truth[:: side // 2] = 0
    predicted = np.roll(truth, 1, axis=1)
    started = time.perf_counter()
    assert mean_dice(predicted, truth, minimum_size=8) > 0.8
    assert f1_score(predicted, truth) > 0.9
    assert time.perf_counter() - started < 3


def test_a_mask_is_one_object():
    mask = np.zeros((20, 20), bool)
    mask[3:17, 3:17] = True
    assert f1_score(mask, mask) == mean_dice(mask, mask) == 1


def brute(predicted, truth):
    """IoU of every pair, by masks."""
    true_ids, predicted_ids = (np.unique(labels[labels > 0]) for labels in (truth, predicted))
    masks = [[(truth == i, predicted == j) for j in predicted_ids] for i in true_ids]
    return np.array([[(a & b).sum() / (a | b).sum() for a, b in row] for row in masks]).reshape(
        len(true_ids), len(predicted_ids)
    )


@given(label_images, label_images)
def test_average_precision_panoptic_quality_and_aggregated_jaccard_as_by_masks(predicted, truth):
    table = brute(predicted, truth)
    objects = sum(table.shape)
    good = np.where(table > 0.5, table, 0)
    assert panoptic_quality(predicted, truth) == pytest.approx(good.sum() / (objects / 2) if objects else 1)
    matched = np.count_nonzero(table >= 0.6)
    assert average_precision(predicted, truth, 0.6) == pytest.approx(matched / (objects - matched) if objects else 1)
    if not table.size:
        assert aggregated_jaccard(predicted, truth) == (objects == 0)
        return
    shared, union, used = 0, 0, set()
    for i, row in zip(np.unique(truth[truth > 0]), table, strict=True):
        mask = truth == i
        if row.max() == 0:
            union += mask.sum()
            continue
        j = np.unique(predicted[predicted > 0])[row.argmax()]
        used.add(j)
        shared, union = shared + (mask & (predicted == j)).sum(), union + (mask | (predicted == j)).sum()
    union += sum((predicted == j).sum() for j in np.unique(predicted[predicted > 0]) if j not in used)
    assert aggregated_jaccard(predicted, truth) == pytest.approx(shared / union)


def test_two_of_three_by_hand():
    """One object is found whole, one by two thirds, one not at all, and one is made up."""
    truth, predicted = np.zeros((2, 4, 12), int)
    truth[0, :6], truth[1, :6], truth[2, :6] = 1, 2, 3
    predicted[0, :6], predicted[1, :4], predicted[3, :2] = 9, 8, 7
    assert average_precision(predicted, truth) == pytest.approx(2 / 4)
    assert panoptic_quality(predicted, truth) == pytest.approx((1 + 2 / 3) / 3)
    assert aggregated_jaccard(predicted, truth) == pytest.approx((6 + 4) / (6 + 6 + 6 + 2))
