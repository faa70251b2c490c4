import pytest
import torch

from napari_labelfix.methods.scribble2label.trust import GOOD, HALVED_EVERY, USELESS, Trust, agreement


def trust(*agreements):
    trust = Trust()
    for value in agreements:
        trust.note(0, value)
    return trust


def test_before_the_network_has_said_anything_the_instant_classifier_counts_alone():
    assert Trust().votes(0) == (1, 0, 0)
    assert Trust().doubt() == 1


def test_a_network_that_finds_nothing_has_no_vote_and_is_taught_by_the_classifier():
    assert trust(0.5).votes(0) == (1, 0, 0)
    assert trust(0.5).doubt() == 1


def test_one_that_agrees_with_the_scribbles_has_two_of_three_votes_and_teaches_itself():
    assert trust(0.97).votes(0) == (1, 1, 1)
    assert trust(0.97).doubt() == 0


def test_one_that_half_agrees_counts_less():
    votes = trust((GOOD + USELESS) / 2).votes(0)
    assert votes.first_look == votes.network == pytest.approx(0.5)


def test_of_one_that_learns_only_later_the_first_look_does_not_count():
    assert trust(0.5, 0.97).votes(0) == (1, 0, 1)


def test_what_was_said_at_first_fades():
    votes = trust(0.97).votes(HALVED_EVERY)
    assert votes == pytest.approx((0.5, 0.5, 1))


def test_new_scribbles_that_the_network_contradicts_take_its_vote():
    assert trust(0.97, 0.51).votes(0).network < 0.1


def test_planes_count_alike():
    both = Trust()
    both.note(0, 0.7)
    both.note(1, 0.5)
    assert both.doubt() == pytest.approx((GOOD - 0.6) / (GOOD - USELESS))


def test_agreement_is_the_mean_probability_of_what_is_drawn_each_class_alike():
    foreground = torch.tensor([[0.9, 0.6, 0.2, 0.4, 0.0]])
    marked = torch.tensor([[1, 1, 0, -1, -1]])
    assert agreement(torch.stack([1 - foreground, foreground]), marked) == pytest.approx((0.75 + 0.8) / 2)
