import numpy as np
import pytest

from napari_labelfix.sample_data.imperfect import some_centres


@pytest.mark.parametrize(
    ("count", "share", "chosen"), [(0, 0.5, 0), (1, 0.5, 1), (2, 0.5, 2), (4, 0.1, 3), (8, 0.5, 4)]
)
def test_a_share_of_the_centres_is_chosen_three_at_least_if_there_are_so_many(count, share, chosen):
    labels = np.zeros((10, 40), np.int32)
    for number in range(count):
        labels[4:7, 5 * number : 5 * number + 3] = number + 1
    centres = some_centres(labels, share, seed=0)
    assert centres.shape == (chosen, 2)
    assert set(map(tuple, centres)) <= {(5.0, 5.0 * number + 1) for number in range(count)}
