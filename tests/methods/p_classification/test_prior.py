import numpy as np
import pytest

from napari_labelfix.methods.p_classification.prior import HIGHEST, LOWEST, estimate_prior


def mixture(rng, share, count=2000):
    cells = rng.random(count) < share
    return np.where(cells, rng.normal(2, 1, count), rng.normal(-2, 1, count))


@pytest.mark.parametrize("share", [0.08, 0.3, 0.6, 0.9])
@pytest.mark.parametrize(("known", "within"), [(200, 0.1), (6, 0.35)])
def test_the_share_of_positives_is_recovered_where_they_can_be_told_apart(share, known, within):
    """From six positives no one can know much; it must not be wrong on the whole, and a small share must stay small."""
    rng = np.random.default_rng(0)
    found = [estimate_prior(rng.normal(2, 1, known), mixture(rng, share)) for _ in range(40)]
    assert np.median(found) == pytest.approx(share, rel=within)


def test_a_hand_worked_case():
    """Above the third of four positives lie 3 / 5 of those to come, and 6 of 20 unlabelled samples."""
    positive = np.array([9.0, 7.0, 5.0, 0.0])
    unlabelled = np.array([9.5] * 4 + [8.0] + [6.0] + [1.0] * 14)
    bounds = [4 / 20 / (1 / 5), 5 / 20 / (2 / 5), 6 / 20 / (3 / 5), 1 / (4 / 5)]
    assert estimate_prior(positive, unlabelled) == pytest.approx(min(bounds))


def test_it_stays_in_a_sensible_range():
    rng = np.random.default_rng(0)
    for shift in (-9.0, 0.0, 9.0):
        found = estimate_prior(rng.normal(shift, 1, 3), rng.normal(0, 1, 40))
        assert LOWEST <= found <= HIGHEST
