import pytest
import torch

from napari_labelfix.methods.scribble2label.trust import HALVED_EVERY, SHARE, Trust, agreement


def trust(*agreements):
    trust = Trust()
    for value in agreements:
        trust.note(0, value)
    return trust


def test_before_the_network_has_said_anything_the_instant_classifier_counts_alone():
    assert Trust().instant_weight(0) == 1


def test_a_network_that_finds_nothing_does_not_count():
    assert trust(0.5).instant_weight(0) == 1


def test_one_that_agrees_with_the_scribbles_counts_as_much():
    assert trust(0.97).instant_weight(0) == SHARE


def test_one_that_half_agrees_counts_less():
    assert SHARE < trust(0.7).instant_weight(0) < 1


def test_the_instant_classifier_fades():
    assert trust(0.97).instant_weight(HALVED_EVERY) == pytest.approx(SHARE / 2)


def test_a_network_that_agrees_with_the_scribbles_teaches_itself():
    assert trust(0.97).doubt() == 0


def test_one_that_does_not_is_taught_by_the_instant_classifier():
    assert trust(0.5).doubt() == 1
    assert Trust().doubt() == 1


def test_new_scribbles_that_the_network_contradicts_bring_it_back():
    assert trust(0.97, 0.62).instant_weight(500) > 0.9


def test_planes_count_alike():
    both = Trust()
    both.note(0, 1.0)
    both.note(1, 0.5)
    assert both.instant_weight(0) == pytest.approx((0.9 - 0.75) / (0.9 - 0.6))


def test_agreement_is_the_mean_probability_of_what_is_drawn_each_class_alike():
    foreground = torch.tensor([[0.9, 0.6, 0.2, 0.4, 0.0]])
    marked = torch.tensor([[1, 1, 0, -1, -1]])
    assert agreement(torch.stack([1 - foreground, foreground]), marked) == pytest.approx((0.75 + 0.8) / 2)
