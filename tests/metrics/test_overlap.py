import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import f1_score as sklearn_dice
from sklearn.metrics import jaccard_score

from napari_labelfix.metrics.overlap import dice, iou

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
