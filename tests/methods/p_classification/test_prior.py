import numpy as np
import pytest

from napari_labelfix.methods.p_classification.prior import HIGHEST, LOWEST, estimate_prior


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_the_share_of_positives_is_recovered_where_they_can_be_told_apart(share):
    rng = np.random.default_rng(0)
    count = 2000
    positives = rng.normal(2, 1, (round(share * count) + 200, 3))
    unlabelled = np.concatenate([positives[200:], rng.normal(-2, 1, (count - round(share * count), 3))])
    assert estimate_prior(positives[:200], unlabelled, seed=0) == pytest.approx(share, abs=0.1)


def test_it_stays_in_a_sensible_range_and_serves_three_points():
    rng = np.random.default_rng(0)
    for shift in (0.0, 9.0):
        found = estimate_prior(rng.normal(shift, 1, (3, 5)), rng.normal(0, 1, (40, 5)), seed=0)
        assert LOWEST <= found <= HIGHEST
