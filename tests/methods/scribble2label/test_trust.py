import pytest
import torch

from napari_labelfix.methods.scribble2label.trust import (
    BOASTFUL,
    GOOD,
    HALVED_EVERY,
    LEAST,
    PLAUSIBLE,
    USELESS,
    Trust,
    agreement,
    surplus_over,
)


def trust(now, first=None):
    trust = Trust()
    trust.note(0, now, now if first is None else first)
    return trust


def test_before_the_network_has_said_anything_the_instant_classifier_counts_alone():
    assert Trust().votes(0, 1, 1) == (1, 0, 0)
    assert Trust().doubt() == 1


def test_a_network_that_finds_nothing_has_no_vote_and_is_taught_by_the_classifier():
    assert trust(USELESS).votes(0, 1, 1) == (1, 0, 0)
    assert trust(USELESS).doubt() == 1


def test_one_that_agrees_with_the_scribbles_has_two_of_three_votes_and_teaches_itself():
    assert trust(0.97).votes(0, 1, 1) == (1, 1, 1)
    assert trust(0.97).doubt() == 0


def test_one_that_half_agrees_counts_less():
    votes = trust((GOOD + USELESS) / 2).votes(0, 1, 1)
    assert votes.first_look == votes.network == pytest.approx(0.5)


def test_of_one_that_learns_only_later_the_first_look_does_not_count():
    assert trust(0.97, first=USELESS).votes(0, 1, 1) == (1, 0, 1)


def test_what_was_said_at_first_fades():
    votes = trust(0.97).votes(HALVED_EVERY, 1, 1)
    assert votes == pytest.approx((0.5, 0.5, 1))


def test_new_scribbles_that_the_network_contradicts_take_its_vote():
    assert trust(USELESS + 0.01, first=USELESS + 0.01).votes(0, 1, 1) == pytest.approx((1, 0.05, 0.05))


def test_planes_count_alike():
    both = Trust()
    both.note(0, 0.9, 0.9)
    both.note(1, 0.7, 0.7)
    assert both.doubt() == pytest.approx((GOOD - 0.8) / (GOOD - USELESS))


def test_one_that_finds_far_more_than_the_classifier_counts_least_although_it_agrees_with_the_scribbles():
    assert trust(0.97).votes(0, BOASTFUL, BOASTFUL) == (1, LEAST, LEAST)
    assert trust(0.97).votes(0, BOASTFUL, PLAUSIBLE) == (1, LEAST, 1)
    assert trust(0.97).votes(0, 1, (PLAUSIBLE + BOASTFUL) / 2) == pytest.approx((1, 1, (1 + LEAST) / 2))


def test_agreement_is_the_mean_probability_of_what_is_drawn_of_the_class_that_is_known_least():
    foreground = torch.tensor([[0.9, 0.6, 0.2, 0.4, 0.0]])
    marked = torch.tensor([[1, 1, 0, -1, -1]])
    both = torch.stack([1 - foreground, foreground])
    assert agreement(both, marked) == pytest.approx(0.75)
    assert agreement(both, torch.where(marked == 1, -1, marked)) == pytest.approx(0.8)


def test_a_network_that_knows_no_class_that_is_drawn_agrees_with_nothing():
    assert agreement(torch.full((2, 1, 3), 0.5), torch.tensor([[-1, 2, 2]])) == 0


def test_surplus_is_how_many_times_as_much_foreground_a_network_finds():
    one, other = torch.tensor([[1.0, 1.0, 0.0, 0.0]]), torch.tensor([[1.0, 1.0, 1.0, 0.5]])
    assert surplus_over(torch.stack([1 - one, one]), torch.stack([1 - other, other])) == pytest.approx(1.75)
    assert surplus_over(torch.stack([1 - one, one]), torch.stack([1 - one, one])) == 1


def test_a_classifier_that_finds_nothing_leaves_a_surplus_that_can_be_told():
    one, nothing = torch.tensor([[1.0, 1.0, 1.0, 1.0]]), torch.zeros(1, 4)
    assert surplus_over(torch.stack([1 - nothing, nothing]), torch.stack([1 - one, one])) == 4
