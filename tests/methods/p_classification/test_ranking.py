import numpy as np
import pytest
from scipy.optimize import check_grad, minimize
from sklearn.metrics import roc_auc_score

from napari_labelfix.methods.p_classification import ranking
from napari_labelfix.methods.p_classification.ranking import DECAY, Samples, learn_ranking


def samples(seed=0, count=60, features=5, apart=1.0):
    rng = np.random.default_rng(seed)
    top = rng.normal(apart, 1, (count, features))
    return top, rng.normal(0, 1, (3 * count, features))


def learn(top, rest, power):
    """Rank samples that all count alike."""
    return learn_ranking(*(Samples(x, np.ones(len(x))) for x in (top, rest)), power)


def paper_loss(x, top, rest, scale, power):
    """Equation 2, with exp(p f) in the second sum, written out."""
    weights, bias = x[:-1], x[-1]
    f_top, f_rest = top / scale @ weights + bias, rest / scale @ weights + bias
    return np.exp(-f_top).mean() + np.exp(power * f_rest).mean() / power + DECAY / 2 * (weights**2).sum()


@pytest.mark.parametrize("power", [1.0, 4.0, 16.0])
def test_it_is_the_optimum_that_another_solver_finds(power):
    top, rest = samples()
    found = learn(top, rest, power)
    start = np.zeros(top.shape[1] + 1)
    other = minimize(
        paper_loss, start, (top, rest, found.scale, power), method="BFGS", options={"gtol": 1e-9, "maxiter": 2000}
    )
    assert np.append(found.weights, found.bias) == pytest.approx(other.x, abs=1e-4)


def test_the_residual_is_the_gradient_and_practically_0():
    top, rest = samples()
    found = learn(top, rest, 4.0)
    x = np.append(found.weights, found.bias)
    step = 1e-6 * np.eye(len(x))
    slopes = [
        (paper_loss(x + d, top, rest, found.scale, 4.0) - paper_loss(x - d, top, rest, found.scale, 4.0)) / 2e-6
        for d in step
    ]
    assert found.residual < 1e-6
    assert np.abs(slopes).max() == pytest.approx(found.residual, abs=1e-6)


def test_the_slope_of_the_exponential_is_right_on_both_sides_of_its_bend():
    for x in (0.3, ranking.STEEPEST - 1, ranking.STEEPEST + 1):
        value = np.array([x])
        error = check_grad(
            lambda v: ranking._exponential(v)[0][0], lambda v: ranking._exponential(v)[1], value, epsilon=1e-6
        )
        assert error <= 1e-4 * ranking._exponential(value)[1][0]


def test_samples_that_can_be_parted_are_ranked_without_error():
    top, rest = samples(apart=20.0)
    found = learn(top, rest, 4.0)
    assert found.score(top).min() > found.score(rest).max()
    assert found.residual < 1e-6


def test_a_larger_power_cares_more_for_the_top():
    """One feature orders all samples well, another only keeps the rest from the very top: p decides which counts."""
    rng = np.random.default_rng(0)
    top = np.column_stack([rng.normal(1, 1, 400), rng.binomial(1, 0.3, 400)])
    rest = np.column_stack([rng.normal(0, 1, 400), np.zeros(400)])
    weights = [learn(top, rest, power).weights for power in (1.0, 16.0)]
    assert weights[1][1] / weights[1][0] > 2 * weights[0][1] / weights[0][0]


def test_features_that_are_always_0_and_huge_ones_do_no_harm():
    top, rest = samples()
    top, rest = (np.column_stack([x, np.zeros(len(x)), 1e6 * x[:, 0]]) for x in (top, rest))
    found = learn(top, rest, 4.0)
    assert found.weights[5] == 0
    scores = np.concatenate([found.score(top), found.score(rest)])
    assert roc_auc_score(np.arange(len(scores)) < len(top), scores) > 0.9


def test_a_sample_of_weight_2_counts_like_two_and_one_of_0_like_none():
    top, rest = samples()
    weights = np.ones(len(rest))
    weights[0], weights[1] = 2, 0
    weighted = learn_ranking(Samples(top, np.ones(len(top))), Samples(rest, weights), 4.0)
    repeated = learn(top, np.concatenate([rest[:1], rest[:1], rest[2:]]), 4.0)
    # the one of weight 0 may still set the scale: what is compared are the scores
    assert weighted.score(rest) == pytest.approx(repeated.score(rest), abs=0.05)
