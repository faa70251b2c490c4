"""Average precision of boxes: a hand-worked case, and what any evaluator must say."""

import numpy as np
import pytest
import torch
from torchvision.ops import box_iou

from napari_labelfix.metrics import boxes
from napari_labelfix.metrics.boxes import box_scores
from napari_labelfix.metrics.overlap import iou_of_boxes

TRUTH = np.array([[0, 0, 10, 10], [20, 20, 30, 40], [50, 5, 60, 20], [70, 70, 90, 90]], float)


def test_what_is_right_is_right():
    assert box_scores([(TRUTH, np.ones(4))], [TRUTH]) == (1, 1, 1, 1)


def test_nothing_found_is_nothing():
    assert box_scores([(np.zeros((0, 4)), np.zeros(0))], [TRUTH]) == (0, 0, 0, 0)


def test_a_hand_worked_case():
    """Right, wrong, right: precision 1, 1/2, 2/3 at recall 1/4, 1/4, 1/2, with 26 and 25 of 101 recall points."""
    found = np.array([[0, 0, 10, 10], [40, 60, 50, 70], [20, 20, 30, 40]], float)
    scores = box_scores([(found, np.array([0.9, 0.8, 0.7]))], [TRUTH])
    assert scores.ap50 == pytest.approx((26 * 1 + 25 * 2 / 3) / 101)
    assert scores.ar == pytest.approx(0.5)


def test_an_imprecise_box_counts_at_low_overlaps_only():
    found = TRUTH.copy()
    found[:, 2] -= 0.3 * (found[:, 2] - found[:, 0])  # IoU 0.7
    scores = box_scores([(found, np.ones(4))], [TRUTH])
    assert (scores.ap50, scores.ap75) == (1, 0)
    assert scores.ap == pytest.approx(0.5)  # at 0.5, 0.55, 0.6, 0.65 and 0.7
    assert scores.ar == pytest.approx(0.5)


def test_scores_are_compared_over_all_images():
    wrong_but_sure = (np.array([[5, 50, 15, 60.0]]), np.array([0.99]))
    scores = box_scores([(TRUTH, np.full(4, 0.5)), wrong_but_sure], [TRUTH, TRUTH[:1]])
    assert scores.ap50 < 0.7
    assert scores.ar == pytest.approx(0.8)


def test_more_than_a_hundred_boxes_count():
    grid = np.array([(y, x, y + 8, x + 8) for y in range(0, 200, 10) for x in range(0, 100, 10)], float)
    assert box_scores([(grid, np.ones(200))], [grid]).ar == 1


def test_every_box_counts_however_many_there_are():
    grid = np.array([(y, x, y + 8, x + 8) for y in range(0, 300, 10) for x in range(0, 200, 10)], float)
    assert box_scores([(grid, np.linspace(1, 0.1, 600))], [grid]) == (1, 1, 1, 1)
    assert box_scores([(grid, np.ones(600)), (TRUTH, np.ones(4))], [grid, TRUTH]).ar == 1


def test_many_boxes_are_compared_in_parts_with_the_same_result(monkeypatch):
    rng = np.random.default_rng(0)
    low = rng.uniform(0, 250, (520, 2))
    truth = np.hstack([low, low + rng.uniform(8, 30, (520, 2))])
    found = np.concatenate([truth[:400] + rng.normal(0, 1.5, (400, 4)), truth[100:300] + rng.normal(0, 3, (200, 4))])
    images = [(found, rng.permutation(600) / 600), (TRUTH, np.full(4, 0.95) - np.arange(4) / 1e4)], [truth, TRUTH]
    in_parts = box_scores(*images)
    monkeypatch.setattr(boxes, "MOST", 10_000)
    assert in_parts == pytest.approx(box_scores(*images))
    assert 0.1 < in_parts.ap < 0.9


def test_images_must_go_together_and_have_boxes():
    with pytest.raises(ValueError, match="as many images, but got 1 and 2"):
        box_scores([(TRUTH, np.ones(4))], [TRUTH, TRUTH])
    with pytest.raises(ValueError, match="at least one true box"):
        box_scores([(TRUTH, np.ones(4))], [np.zeros((0, 4))])


def test_overlaps_are_torchvisions():
    rng = np.random.default_rng(0)
    one, other = (
        np.concatenate([low := rng.uniform(0, 50, (n, 2)), low + rng.uniform(1, 30, (n, 2))], axis=1) for n in (30, 20)
    )
    theirs = box_iou(torch.from_numpy(one), torch.from_numpy(other)).numpy()
    assert iou_of_boxes(one, other) == pytest.approx(theirs)
    assert iou_of_boxes(one[:0], other).shape == (0, 20)
    assert (iou_of_boxes(np.array([[5.0, 5, 5, 9]]), other) == 0).all()
