import numpy as np
import pytest
import torch

from napari_labelfix.methods.scribble2label.instant_proposal import InstantProposal
from napari_labelfix.methods.scribble2label.trust import Trust

PIECE = (slice(0, 8), slice(0, 16))
HALF = torch.from_numpy(np.arange(256).reshape(16, 16) < 128)
ALL = torch.ones(16, 16, dtype=torch.bool)


def said(foreground=HALF):
    found = foreground.float() * 0.8 + 0.1
    return torch.stack([1 - found, found])


def states(proposal):
    return proposal.is_complete, proposal.is_current


@pytest.fixture
def trust():
    """The first look of the network agrees with the scribbles."""
    knows = Trust()
    knows.note_first(0, 1.0)
    return knows


@pytest.fixture
def proposal():
    return InstantProposal()


def test_at_first_nothing_is_said(proposal):
    assert proposal.says is None
    assert states(proposal) == (False, False)


def test_it_is_complete_and_current_when_a_reading_has_come_to_its_end_and_not_before(proposal):
    proposal.read_on(said(), [PIECE])
    assert proposal.says is not None
    assert states(proposal) == (False, False)
    proposal.read_to_the_end(said(), None)
    assert states(proposal) == (True, True)


def test_what_is_outdated_is_complete_and_current_after_the_next_reading(proposal):
    proposal.read_to_the_end(said(), None)
    proposal.outdate()
    assert states(proposal) == (True, False)
    proposal.read_on(said(), [PIECE])
    assert states(proposal) == (True, False)
    proposal.read_to_the_end(said(), None)
    assert states(proposal) == (True, True)


def test_what_was_never_read_to_its_end_does_not_become_complete_by_being_outdated(proposal):
    proposal.outdate()
    assert states(proposal) == (False, False)


def test_in_the_middle_of_a_reading_it_is_known_where_something_is_new_and_at_its_end_that_may_be_anywhere(proposal):
    proposal.read_on(said(), [PIECE])
    assert proposal.pieces == [PIECE]
    proposal.read_on(said(), [])
    assert proposal.pieces == []
    proposal.read_to_the_end(said(), None)
    assert proposal.pieces is None


@pytest.mark.parametrize(("held_back", "outdated"), [(HALF, True), (ALL, False), (None, False)])
def test_a_first_look_that_confirms_the_guide_that_was_held_back_outdates_it(proposal, trust, held_back, outdated):
    proposal.read_to_the_end(said(), held_back)
    proposal.confirm(said(HALF), trust)
    assert proposal.is_current is not outdated


def test_a_first_look_that_disagrees_with_the_scribbles_confirms_nothing(proposal):
    proposal.read_to_the_end(said(), HALF)
    proposal.confirm(said(HALF), Trust())
    assert proposal.is_current
