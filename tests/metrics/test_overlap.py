import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import f1_score as sklearn_dice
from sklearn.metrics import jaccard_score

from napari_labelfix.metrics import overlap
from napari_labelfix.metrics.overlap import dice, iou, iou_of_boxes, overlapping_any, overlapping_pairs

EMPTY = np.zeros((4, 5), bool)
FULL = np.ones((4, 5), bool)
pairs_of_masks = st.tuples(*[arrays(bool, (6, 7))] * 2).filter(lambda pair: (pair[0] | pair[1]).any())


@given(pairs_of_masks)
def test_iou_is_scikit_learns_jaccard_score(pair):
    predicted, truth = pair
    assert iou(predicted, truth) == pytest.approx(jaccard_score(truth.ravel(), predicted.ravel()))


@given(pairs_of_masks)
def test_dice_is_scikit_learns_f1_score_of_pixels(pair):
    predicted, truth = pair
    assert dice(predicted, truth) == pytest.approx(sklearn_dice(truth.ravel(), predicted.ravel()))


@pytest.mark.parametrize("measure", [iou, dice])
@pytest.mark.parametrize(
    ("predicted", "truth", "expected"), [(EMPTY, EMPTY, 1.0), (EMPTY, FULL, 0.0), (FULL, EMPTY, 0.0), (FULL, FULL, 1.0)]
)
def test_empty_masks_agree_only_with_each_other(measure, predicted, truth, expected):
    assert measure(predicted, truth) == expected


def test_every_value_but_zero_is_foreground():
    assert iou(np.array([0, 2, -1, 7]), np.array([5, 1, 3, 0])) == 0.5


@pytest.mark.parametrize("measure", [iou, dice])
def test_masks_of_different_shapes_are_refused_rather_than_broadcast(measure):
    with pytest.raises(ValueError, match=r"one shape, but got \(4, 5\) and \(4, 1\)"):
        measure(FULL, FULL[:, :1])


some_boxes = st.lists(
    st.tuples(*[st.integers(0, 20)] * 2, *[st.sampled_from([0, 1, 3, 4, 7, 30])] * 2), max_size=12
).map(lambda rows: np.array([(y, x, y + h, x + w) for y, x, h, w in rows], np.float32).reshape(-1, 4))


@given(some_boxes, some_boxes, st.sampled_from([0.01, 0.3, 0.5]), st.sampled_from([1, 7, 2**20]))
def test_pairs_are_those_of_the_whole_table(one, other, least, at_once):
    table = iou_of_boxes(one, other) >= least
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overlap, "_AT_ONCE", at_once)
        mine, theirs = overlapping_pairs(one, other, least)
    assert sorted(zip(mine, theirs, strict=True)) == list(zip(*np.nonzero(table), strict=True))
    assert np.array_equal(overlapping_any(one, other, least), table.any(axis=1))


def test_few_of_thousands_of_boxes_are_compared():
    """Though one is as tall as all of the image."""
    low = np.stack(np.meshgrid(np.arange(60), np.arange(60)), axis=-1).reshape(-1, 2) * 25.0
    boxes = np.concatenate([np.hstack([low, low + 24]), [[0, 0, 1500, 24]]])
    looked_at = sum(len(mine) for mine, _ in overlap._side_by_side(boxes, boxes))
    assert looked_at < 0.06 * len(boxes) ** 2
    mine, theirs = overlapping_pairs(boxes, boxes, 0.5)
    assert np.array_equal(mine[np.argsort(mine)], np.arange(len(boxes)))
    assert np.array_equal(mine, theirs)


def test_boxes_that_lie_in_others_are_found_as_pair_by_pair():
    rng = np.random.default_rng(3)
    for _ in range(50):
        boxes, others = (_random_boxes(rng, count) for count in (30, 20))
        shared = _shared_with_each(boxes, others)
        areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
        expected = (shared > 0.5 * areas[:, None]).any(axis=1)
        np.testing.assert_array_equal(overlap.lying_in_any(boxes, others, 0.5), expected)
    assert not overlap.lying_in_any(boxes, others[:0], 0.5).any()


def test_of_many_boxes_in_one_place_no_more_pairs_are_held_than_are_looked_at_together(monkeypatch):
    monkeypatch.setattr(overlap, "_AT_ONCE", 1000)
    boxes = np.tile([[0.0, 0, 50, 50]], (300, 1))
    parts = [len(mine) for mine, _ in overlap._overlapping(boxes, boxes, 0.5)]
    assert sum(parts) == 300**2
    assert max(parts) <= 1000 + 300
    assert overlap.overlapping_any(boxes, boxes, 0.5).all()
    assert overlap.lying_in_any(boxes, boxes, 0.5).all()


def _random_boxes(rng, count):
    low = rng.integers(0, 30, (count, 2))
    return np.hstack([low, low + rng.integers(0, 15, (count, 2))]).astype(np.float32)


def _shared_with_each(boxes, others):
    low = np.maximum(boxes[:, None, :2], others[:, :2])
    return np.clip(np.minimum(boxes[:, None, 2:], others[:, 2:]) - low, 0, None).prod(axis=2)
