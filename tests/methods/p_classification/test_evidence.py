import tracemalloc

import numpy as np
import pytest
from scipy.stats import percentileofscore
from sklearn.metrics import roc_auc_score

from napari_labelfix.methods.p_classification.evidence import LIKENESS, Evidence, Seen, places_among, tell_apart


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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_places_are_those_of_scipy_to_the_last_bit_and_take_little_memory(dtype):
    rng = np.random.default_rng(0)
    for count in (2, 3, 77, 500):
        scores, others = (rng.integers(0, 100, size).astype(dtype) / 7 for size in (count, count + 1))
        expected = percentileofscore(others, scores.astype(np.float64), kind="mean") / 100
        assert np.array_equal(places_among(scores.astype(np.float64), others), expected)
    many = rng.random(15_000)
    tracemalloc.start()
    places_among(many, many)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10e6


def gather(marked_heights, heights, apart=3.0):
    """Candidates of which the first half look like the marked cells."""
    rng = np.random.default_rng(0)
    count = len(heights) // 2
    features = np.concatenate([rng.normal(apart, 1, (count, 8)), rng.normal(0, 1, (len(heights) - count, 8))])
    marked = Seen(rng.normal(apart, 1, (len(marked_heights), 8)), np.array(marked_heights))
    return Evidence(marked, Seen(features, np.array(heights)), seed=0)


def test_where_heights_say_nothing_likeness_decides():
    evidence = gather([1.0] * 10, [1.0] * 40)
    assert roc_auc_score(np.arange(40) < 20, evidence.candidates) > 0.95
    assert evidence.marked.mean() > np.median(evidence.candidates)


def test_where_all_look_alike_heights_decide():
    heights = np.linspace(1, 0, 40)
    assert roc_auc_score(heights > 0.5, gather([1.0] * 10, heights, apart=0.0).candidates) > 0.9


def test_heights_and_likeness_are_weighed():
    evidence = gather([0.0, 1.0], [0.0, 1.0, 0.0, 1.0])
    both = evidence.beside_heights(np.array([5.0, 5.0, -5.0, -5.0]))
    assert both == pytest.approx(np.array([0.25 + LIKENESS * 0.75, 0.75 * (1 + LIKENESS), 0.25 * (1 + LIKENESS),
                                           0.75 + LIKENESS * 0.25]) / (1 + LIKENESS))  # fmt: skip


def test_nothing_is_background_that_speaks_more_for_a_cell_than_most_marked_cells_do():
    evidence = gather([0.2, *[0.8] * 9], np.linspace(1, 0, 40), apart=0.0)
    found = evidence.surely_background(prior=0.01, risk=0.1)
    assert found.any()
    assert evidence.candidates[found].max() < np.quantile(evidence.marked, 0.1)
    assert evidence.surely_background(prior=0.01, risk=1.0).all()


def test_where_most_candidates_are_cells_little_or_nothing_is_background():
    evidence = gather([0.2, *[0.8] * 9], np.linspace(1, 0, 40), apart=0.0)
    counts = [evidence.surely_background(prior, risk=0.1).sum() for prior in (0.1, 0.3, 0.95)]
    assert counts[0] >= counts[1] > counts[2]


def test_the_share_of_cells_in_what_is_taken_for_background_is_kept():
    """Heights overlap, and half of all are cells: of what is taken, about the risk are, on the mean."""
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(20):
        cells = rng.normal(1.5, 1, 100)
        others = rng.normal(0, 1, 100)
        looks = rng.normal(size=(225, 4))
        marked = Seen(looks[:25], rng.normal(1.5, 1, 25))
        evidence = Evidence(marked, Seen(looks[25:], np.concatenate([cells, others])), seed=0)
        taken = evidence.surely_background(prior=0.5, risk=0.2)
        shares.append(taken[:100].sum() / max(taken.sum(), 1))
    assert 0 < np.mean(shares) < 0.25
