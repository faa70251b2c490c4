import numpy as np
import pytest

from napari_labelfix.methods.hovernet_stpp.reliability import most_reliable, stability

THREE = np.zeros((30, 30), np.int32)
THREE[2:8, 2:8], THREE[2:8, 20:26], THREE[20:26, 2:8] = 1, 2, 3
ONE = np.where(THREE == 1, 1, 0)


def test_one_that_never_wavers_is_reliable():
    assert stability([THREE, THREE * 7, THREE]) == 1


def test_the_mean_agreement_with_the_last_answer():
    """2 * 1 / (1 + 3) with one of three objects, and 1 with all."""
    assert stability([ONE, THREE, THREE]) == pytest.approx((0.5 + 1) / 2)


def test_where_nothing_is_found_there_is_nothing_to_rely_on():
    assert stability([THREE * 0, THREE * 0]) == 0


def test_one_answer_agrees_with_itself():
    assert stability([THREE]) == 1


@pytest.mark.parametrize(("share", "chosen"), [(0.5, [3, 1]), (0.1, [3]), (1, [3, 1, 0, 2])])
def test_the_best_share_is_chosen(share, chosen):
    assert most_reliable({0: 0.4, 1: 0.8, 2: 0.1, 3: 0.9}, share) == chosen


def test_of_none_none_is_chosen():
    assert most_reliable({}, 0.5) == []
