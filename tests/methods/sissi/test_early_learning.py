import numpy as np
import pytest

from napari_labelfix.methods.sissi.early_learning import Curve, fit, slowdown


@pytest.mark.parametrize("curve", [Curve(0.8, 0.9, 4.0), Curve(0.5, 0.6, 2.0), Curve(0.9, 1.0, 10.0)])
def test_a_curve_is_found_again_from_its_values(curve):
    x = np.arange(1, 15, dtype=float)
    found = fit(curve.value(x))
    assert found.value(x) == pytest.approx(curve.value(x), abs=1e-3)


def test_the_slope_is_the_derivative():
    curve, x = Curve(0.8, 0.7, 3.0), 2.5
    difference = (curve.value(np.array([x + 1e-6])) - curve.value(np.array([x - 1e-6]))) / 2e-6
    assert curve.slope(x) == pytest.approx(difference[0], rel=1e-5)


def test_a_hand_worked_slowdown():
    """With b = 1 the slope falls as exp(-x / c): by 1 - exp(-3 / 2) from epoch 1 to 4 with c = 2."""
    agreement = 0.7 * (1 - np.exp(-np.arange(1, 5) / 2))
    assert slowdown(agreement.tolist()) == pytest.approx(1 - np.exp(-1.5), abs=0.02)


def test_it_rises_while_learning_slows_down():
    agreement = (0.8 * (1 - np.exp(-np.arange(1, 16) / 3))).tolist()
    slow = [slowdown(agreement[:n]) for n in range(3, 16)]
    assert (np.diff(slow) > -0.02).all()
    assert 0 < slow[0] < 0.6
    assert slow[-1] > 0.9


def test_later_epochs_weigh_more():
    early_wrong = fit([0.6, 0.3, 0.4, 0.5, 0.58, 0.64, 0.68, 0.7])
    late_wrong = fit([0.3, 0.3, 0.4, 0.5, 0.58, 0.64, 0.68, 0.4])
    assert abs(early_wrong.value(np.array([8.0]))[0] - 0.7) < abs(late_wrong.value(np.array([8.0]))[0] - 0.7)


@pytest.mark.parametrize("agreement", [[], [0.5], [0.5, 0.6]])
def test_too_few_epochs_say_nothing(agreement):
    assert slowdown(agreement) == 0


@pytest.mark.parametrize("agreement", [[0.0, 0.0, 0.0], [0.9, 0.9, 0.9, 0.9], [1.0, 1.0, 1.0], [0.9, 0.6, 0.5]])
def test_any_agreement_gives_a_share(agreement):
    assert 0 <= slowdown(agreement) <= 1


def test_what_is_known_from_the_start_is_slow_at_once():
    assert slowdown([0.9, 0.9, 0.9, 0.9]) > 0.9
