import pytest
import torch

from napari_labelfix.methods.scribble2label.trust import (
    ALIKE,
    BOASTFUL,
    FEW,
    GOOD,
    OTHER,
    PLAUSIBLE,
    SAME,
    UNLIKE,
    USELESS,
    Trust,
    agreement,
    difference_of,
    difference_of_masks,
    foreground,
    heard,
    surplus_over,
)


def trust(now, first=None):
    trust = Trust()
    note(trust, 0, now, now if first is None else first)
    return trust


def note(trust, index, now, first):
    trust.note(index, now)
    trust.note_first(index, first)


def test_before_the_network_has_said_anything_the_instant_proposal_counts_alone():
    assert Trust().vote(1) == Trust().credit(1) == 0


def test_a_network_that_knows_nothing_has_no_vote():
    assert trust(USELESS).vote(1) == 0


def test_one_that_agrees_with_the_scribbles_has_as_much_of_a_vote_as_the_instant_proposal():
    assert trust(0.97).vote(1) == 1


def test_one_that_half_agrees_counts_less():
    assert trust((GOOD + USELESS) / 2).vote(1) == pytest.approx(0.5)


def test_the_first_look_of_one_that_learns_only_later_has_no_credit():
    late = trust(0.97, first=USELESS)
    assert (late.vote(1), late.credit(1)) == (1, 0)


def test_new_scribbles_that_the_network_contradicts_take_its_vote():
    seen = trust(0.97)
    note(seen, 0, USELESS + 0.01, USELESS + 0.01)
    assert seen.vote(1) == seen.credit(1) == pytest.approx(0.05)


def test_planes_count_alike():
    both = Trust()
    note(both, 0, 0.9, 0.9)
    note(both, 1, 0.7, 0.7)
    assert both.vote(1) == pytest.approx((0.8 - USELESS) / (GOOD - USELESS))


def test_a_plane_whose_scribbles_were_erased_counts_no_more():
    seen = Trust()
    note(seen, 0, GOOD, GOOD)
    note(seen, 1, 0.0, 0.0)
    seen.forget(1)
    assert seen.vote(1) == seen.credit(1) == 1
    seen.forget(0)
    assert seen.vote(1) == seen.credit(1) == 0


def test_one_that_finds_something_else_does_not_count_although_it_agrees_with_the_scribbles():
    assert trust(0.97).vote(OTHER) == trust(0.97).credit(OTHER) == 0
    assert trust(0.97).vote(ALIKE) == 1
    assert trust(0.97).vote((ALIKE + OTHER) / 2) == pytest.approx(0.5)


def test_a_network_that_has_not_seen_the_strokes_confirms_a_guide_that_finds_the_same():
    assert trust(0.97).backing(SAME) == 1
    assert trust(0.97).backing((SAME + UNLIKE) / 2) == pytest.approx(0.5)
    assert trust(0.97).backing(UNLIKE) == 0


def test_one_whose_first_look_the_strokes_contradict_confirms_nothing():
    assert trust(0.97, first=USELESS).backing(1) == Trust().backing(1) == 0


def test_a_guide_that_finds_far_more_than_the_forest_is_not_heard():
    assert (heard(PLAUSIBLE), heard((PLAUSIBLE + BOASTFUL) / 2), heard(BOASTFUL)) == (1, pytest.approx(0.5), 0)
    assert heard(PLAUSIBLE, 1.0) == 0


def test_agreement_is_the_mean_probability_of_what_is_drawn_of_the_class_that_is_known_least():
    foreground = torch.tensor([[0.9, 0.6, 0.2, 0.4, 0.0]])
    marked = torch.tensor([[1, 1, 0, -1, -1]])
    both = torch.stack([1 - foreground, foreground])
    assert agreement(both, marked) == pytest.approx(0.75)
    assert agreement(both, torch.where(marked == 1, -1, marked)) == pytest.approx(0.8)


def test_a_network_that_knows_no_class_that_is_drawn_agrees_with_nothing():
    assert agreement(torch.full((2, 1, 3), 0.5), torch.tensor([[-1, 2, 2]])) == 0


def both_of(foreground):
    foreground = torch.as_tensor(foreground, dtype=torch.float32)
    return torch.stack([1 - foreground, foreground])


def test_surplus_is_how_many_times_as_many_pixels_a_network_takes_for_foreground():
    reference, network = torch.zeros(20, 20), torch.zeros(20, 20)
    reference[:5], network[:8] = 0.9, 0.6
    network[8:] = 0.4
    assert surplus_over(both_of(reference), both_of(network)) == pytest.approx(1.6)
    assert surplus_over(both_of(reference), both_of(reference)) == 1


def test_where_the_reference_finds_hardly_anything_the_surplus_is_what_it_is_over_a_few_pixels():
    nothing, something = torch.zeros(20, 20), torch.ones(20, 20)
    assert surplus_over(both_of(nothing), both_of(something)) == 400 / FEW


def test_the_difference_is_how_many_times_as_many_pixels_either_takes_for_foreground_as_both():
    one, other = torch.zeros(20, 20), torch.zeros(20, 20)
    one[:6], other[2:8] = 0.9, 0.6  # four rows of eight
    assert difference_of(both_of(one), both_of(other)) == difference_of(both_of(other), both_of(one)) == 2
    assert difference_of_masks(foreground(both_of(one)), other > 0) == 2
    assert difference_of(both_of(one), both_of(one)) == 1
    assert difference_of(both_of(torch.zeros(20, 20)), both_of(torch.zeros(20, 20))) == 1


def test_of_several_classes_the_one_in_which_two_differ_most_decides():
    drawn = torch.zeros(40, 40, dtype=torch.long)
    drawn[:20], drawn[20:30] = 1, 2
    confused = drawn.clone()
    confused[24:30] = 1  # the same foreground, but six rows of ten are taken for the other class
    one, other = (torch.eye(3)[classes].permute(2, 0, 1) for classes in (drawn, confused))
    assert difference_of_masks(foreground(one), foreground(other)) == 1
    assert difference_of(one, other) == difference_of(other, one) == 2.5
    assert difference_of(one, one) == 1


def test_one_that_finds_as_much_elsewhere_does_not_count():
    left, right = torch.zeros(20, 20), torch.zeros(20, 20)
    left[:, :10], right[:, 10:] = 0.9, 0.9
    assert surplus_over(both_of(left), both_of(right)) == 1
    assert trust(0.97).vote(difference_of(both_of(left), both_of(right))) == 0
