import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from napari_labelfix.methods.p_classification.evidence import LIKENESS, places_among, tell_apart, weigh


def test_like_samples_score_higher_even_from_three_positives():
    rng = np.random.default_rng(0)
    unlabelled = np.concatenate([rng.normal(2, 1, (20, 8)), rng.normal(0, 1, (80, 8))])
    _, scores = tell_apart(rng.normal(2, 1, (3, 8)), unlabelled, seed=0)
    assert roc_auc_score(np.arange(100) < 20, scores) > 0.9


def test_no_sample_is_judged_by_a_model_that_has_learned_from_it():
    """Where there is nothing to tell apart, the positives must not come out on top, however many features there are."""
    rng = np.random.default_rng(0)
    positive, unlabelled = tell_apart(rng.normal(size=(20, 200)), rng.normal(size=(100, 200)), seed=0)
    assert np.mean(positive) == pytest.approx(np.mean(unlabelled), abs=unlabelled.std())


def test_a_place_is_the_share_of_the_others_below_and_a_tie_counts_half():
    assert places_among(np.array([0.0, 2.0, 9.0]), np.array([1.0, 2.0, 3.0, 4.0])) == pytest.approx([0, 3 / 8, 1])


def test_heights_and_likeness_are_weighed():
    assert weigh(np.array([1.0, 1.0, 0.0]), np.array([1.0, 0.0, 1.0])) == pytest.approx(
        [1, 1 / (1 + LIKENESS), LIKENESS / (1 + LIKENESS)]
    )
