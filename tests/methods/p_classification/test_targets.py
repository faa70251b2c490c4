import numpy as np
import pytest
from scipy.spatial.distance import cdist

from napari_labelfix.methods.p_classification.targets import REACH, SIGMA, heatmap_target

SHAPE = (40, 50)
NONE = np.zeros((0, 2))


def test_the_target_is_a_gaussian_at_each_cell_and_known_within_two_sigmas():
    positives, negatives = np.array([[10.0, 12.0], [14.0, 12.0]]), np.array([[30.0, 40.0]])
    heatmap, mask = heatmap_target(SHAPE, positives, negatives, radius=5.0)
    pixels = np.argwhere(np.ones(SHAPE))
    nearest, to_negative = cdist(pixels, positives).min(axis=1), cdist(pixels, negatives)[:, 0]
    sigma = SIGMA * 5
    assert heatmap.ravel() == pytest.approx(np.exp(-(nearest**2) / (2 * sigma**2)), abs=1e-4)
    assert np.array_equal(mask.ravel() > 0, np.minimum(nearest, to_negative) <= REACH * sigma)
    assert heatmap[30, 40] == pytest.approx(0, abs=1e-6)


def test_nothing_is_known_where_nothing_is_marked():
    heatmap, mask = heatmap_target(SHAPE, NONE, NONE, radius=5.0)
    assert not heatmap.any()
    assert not mask.any()


def test_as_if_every_cell_were_known():
    heatmap, mask = heatmap_target(SHAPE, np.array([[10.0, 12.0]]), NONE, radius=5.0, everywhere=True)
    assert mask.all()
    assert heatmap.max() == 1


def test_a_cell_at_the_border_has_the_part_that_is_inside():
    heatmap, mask = heatmap_target(SHAPE, np.array([[0.0, 49.0]]), NONE, radius=5.0)
    assert heatmap[0, 49] == mask[0, 49] == 1
    assert 0 < mask.sum() < np.pi * (REACH * SIGMA * 5) ** 2 / 2
