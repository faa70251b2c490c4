"""What is believed of a plane: the instant proposal, and the network, at first sight and as it has learned."""

import numpy as np
import pytest
import torch

from napari_labelfix.annotations import BACKGROUND, FIRST_CLASS, Plane, Scribbles, Task
from napari_labelfix.methods.scribble2label.guide import Guide
from napari_labelfix.methods.scribble2label.params import Scribble2LabelParams
from napari_labelfix.methods.scribble2label.run import train
from napari_labelfix.methods.scribble2label.session import Session
from napari_labelfix.metrics.overlap import iou

TRUTH = np.zeros((64, 64), bool)
TRUTH[8:24, 8:24] = TRUTH[40:56, 40:56] = True
PARAMS = Scribble2LabelParams(device="cpu", seed=0)


def task(more=()):
    """Two bright squares, a stroke in one of them and one beside it, and more strokes: (class, window)."""
    image = np.where(TRUTH, 200, 20).astype(np.uint8)
    marks = np.zeros(TRUTH.shape, np.uint8)
    marks[12:20, 16] = FIRST_CLASS
    marks[28:36, 4:60] = BACKGROUND
    for value, window in more:
        marks[window] = value
    return Task((Plane("squares", image, Scribbles(marks)),))


def opinion(foreground):
    found = torch.from_numpy(np.asarray(foreground, np.float32) * 0.98 + 0.01)
    return torch.stack([1 - found, found])


def session_that_has_seen(foreground):
    session = Session(task(), PARAMS)
    list(session.instant_beliefs())
    session.look_first(0, opinion(foreground))
    return session


def found(session):
    return session.proposal(0).classes > 0


def test_where_a_good_first_look_and_the_instant_proposal_contradict_each_other_nothing_is_learned():
    missed = TRUTH.copy()
    missed[44:, 44:] = False
    session = session_that_has_seen(missed)
    assert session.credit() == 1
    proposal = session.proposal(0)
    assert proposal.ignored[46:54, 46:54].all()
    assert not proposal.ignored[10:22, 10:22].any()
    assert (proposal.classes[10:22, 10:22] == 1).all()


def test_one_that_finds_far_more_than_the_classifier_is_not_although_no_stroke_contradicts_it():
    boastful = np.ones_like(TRUTH)
    boastful[26:38] = False
    session = session_that_has_seen(boastful)
    assert session.credit() < 0.3
    assert iou(found(session), TRUTH) > 0.75
    assert iou(boastful, TRUTH) < 0.2


def test_new_strokes_that_contradict_the_first_look_end_its_credit_at_once():
    wrong = TRUTH.copy()
    wrong[8:24, 40:52] = True
    session = session_that_has_seen(wrong)
    assert session.credit() > 0.9
    assert session.proposal(0).ignored[8:24, 40:52].all()
    session.annotate(task(more=[(BACKGROUND, np.s_[8:24, 40:52])]))
    list(session.instant_beliefs())
    assert session.credit() < 0.5
    assert not found(session)[8:24, 40:52].any()


def test_a_guide_that_finds_far_more_than_the_forest_is_not_believed(monkeypatch):
    everything = opinion(np.ones_like(TRUTH))
    monkeypatch.setattr(Guide, "read", lambda *_: everything)
    session = Session(task(), PARAMS)
    list(session.instant_beliefs())
    assert iou(found(session), TRUTH) > 0.75


MUCH = np.zeros_like(TRUTH)
MUCH[6:26, 6:58] = MUCH[38:58, 6:58] = True  # four times as much as the forest finds, and no stroke contradicts it


@pytest.fixture
def guide_finds_much(monkeypatch):
    monkeypatch.setattr(Guide, "read", lambda _self, _canvas, _guess, tile: opinion(MUCH)[:, *tile.keep])


def test_a_guide_that_finds_far_more_is_believed_if_a_network_that_has_not_seen_the_strokes_finds_the_same(
    guide_finds_much,
):
    session = Session(task(), PARAMS)
    list(session.instant_beliefs())
    assert iou(found(session), MUCH) < 0.4
    session.look_first(0, opinion(MUCH))
    assert iou(found(session), MUCH) > 0.95
    assert not session.proposal(0).ignored[8:24, 28:36].any(), "both say so"


def test_it_is_not_if_that_finds_something_else(guide_finds_much):
    session = Session(task(), PARAMS)
    list(session.instant_beliefs())
    before = found(session)
    half = MUCH & (np.arange(64) < 34)
    session.look_first(0, opinion(half))
    assert iou(half, MUCH) == pytest.approx(0.54, abs=0.01)
    assert np.array_equal(found(session), before)
    assert session.overdue == []


def test_strokes_that_contradict_both_hold_the_guide_back_again(guide_finds_much):
    session = Session(task(), PARAMS)
    list(session.instant_beliefs())
    session.look_first(0, opinion(MUCH))
    session.annotate(task(more=[(BACKGROUND, np.s_[6:26, 26:58])]))
    list(session.instant_beliefs())
    assert iou(found(session), TRUTH) > 0.75


def test_on_another_plane_without_strokes_the_network_confirms_the_guide_too(guide_finds_much):
    session = Session(stack((), None), PARAMS)
    list(session.instant_beliefs())
    for index in (0, 1):
        session.look_first(index, opinion(MUCH))
    assert iou(session.proposal(1).classes > 0, MUCH) > 0.95


def test_without_trained_weights_the_forest_is_the_instant_proposal(monkeypatch):
    monkeypatch.setattr(Guide, "read", lambda *_: pytest.fail("it was asked"))
    session = Session(task(), PARAMS.replace(pretrained=False))
    list(session.instant_beliefs())
    assert iou(found(session), TRUTH) > 0.75


def test_a_new_class_makes_the_first_look_useless_but_not_the_weights():
    session = session_that_has_seen(TRUTH)
    session.annotate(task(more=[(FIRST_CLASS + 1, np.s_[44:52, 44:52])]))
    list(session.instant_beliefs())
    assert 2 in session.proposal(0).classes
    assert session.credit() == pytest.approx(1)


def test_background_that_is_drawn_inside_a_cell_is_background_however_little():
    session = session_that_has_seen(TRUTH)
    session.annotate(task(more=[(BACKGROUND, np.s_[45:48, 45:48])]))
    list(session.instant_beliefs())
    proposal = session.proposal(0)
    assert not proposal.labels[45:48, 45:48].any()
    assert not proposal.classes[45:48, 45:48].any()
    assert np.array_equal(proposal.labels > 0, proposal.classes > 0)


def with_accepted(accepted, more=(), classes=()):
    (plane,) = task(more).planes
    known = np.array(classes, np.int64).reshape(-1, 2)
    return Task((Plane(plane.name, plane.image, Scribbles(plane.annotation.marks, accepted, known)),))


def test_the_network_learns_from_what_is_accepted_until_it_is_taken_back():
    session = session_that_has_seen(TRUTH)
    before = session.canvases[0].marked.clone()
    accepted = np.zeros(TRUTH.shape, np.int32)
    accepted[40:56, 40:56] = 5
    session.annotate(with_accepted(accepted))
    assert (session.canvases[0].taught[46:50, 46:50] == 1).all()
    assert torch.equal(session.canvases[0].marked, before)
    assert not session.redrawn, "it is what is proposed: no news to the instant proposal"
    session.annotate(task())
    assert torch.equal(session.canvases[0].taught, before)


def test_of_several_classes_nobody_has_said_which_an_accepted_object_has():
    session = session_that_has_seen(TRUTH)
    accepted = np.zeros(TRUTH.shape, np.int32)
    accepted[40:56, 40:56] = 5
    session.annotate(with_accepted(accepted))
    session.annotate(with_accepted(accepted, more=[(FIRST_CLASS + 1, np.s_[10:12, 10:12])]))
    assert not (session.canvases[0].taught[46:50, 46:50] == 1).any()
    session.annotate(with_accepted(accepted))  # the second was a slip
    assert (session.canvases[0].taught[46:50, 46:50] == 1).all()


def test_of_several_classes_an_accepted_object_teaches_its_own_as_soon_as_that_is_known():
    session = session_that_has_seen(TRUTH)
    accepted, other = np.zeros(TRUTH.shape, np.int32), [(FIRST_CLASS + 1, np.s_[10:12, 10:12])]
    accepted[40:56, 40:56] = 5
    session.annotate(with_accepted(accepted, other))
    session.annotate(with_accepted(accepted, other, classes=[(5, 2)]))
    assert (session.canvases[0].taught[46:50, 46:50] == 2).all()


def test_a_new_class_may_be_drawn_on_one_of_several_planes_while_it_trains():
    (first,) = task().planes
    second, third = (Plane(name, first.image) for name in ("second", "third"))
    training = train(Task((first, second, third)), PARAMS.replace(epochs=12))
    while next(training).stage != "self-labelling":
        pass
    marks = np.zeros(TRUTH.shape, np.uint8)
    marks[44:52, 44:52] = FIRST_CLASS + 1
    changed = Task((first, Plane("second", first.image, Scribbles(marks)), third))
    snapshots = [training.send(changed), *training]
    assert snapshots[-1].stage == "finished"
    assert any(2 in found.classes for snapshot in snapshots for found in snapshot.proposals.values())


def stack(*strokes):
    """Planes of squares, each with the strokes of `task` or, where they are None, without any."""
    (first,) = task().planes
    made = [None if more is None else task(more).planes[0].annotation for more in strokes]
    return Task(tuple(Plane(f"z{z}", first.image, drawn) for z, drawn in enumerate(made)))


NEW_STROKE = [(BACKGROUND, np.s_[60:62, 4:60])]


def test_a_stroke_is_shown_on_its_own_plane_first_and_other_planes_wait_for_their_turn():
    session = Session(stack((), (), None, ()), PARAMS)
    assert list(session.instant_beliefs()) == [0, 1, 3, 2]
    session.annotate(stack((), (), None, NEW_STROKE))
    assert session.redrawn
    assert list(session.instant_beliefs()) == [3]
    assert not session.redrawn
    assert session.overdue == [0, 1, 3, 2]
    session.believe(0, opinion(TRUTH))
    assert session.overdue == [1, 3, 2]


def test_scribbles_that_are_sent_again_unchanged_are_no_news():
    session = Session(stack((), None), PARAMS)
    list(session.instant_beliefs())
    session.annotate(stack((), None))
    assert not session.redrawn
    assert list(session.instant_beliefs()) == []


def test_a_stroke_that_comes_during_the_first_pass_is_next_and_no_plane_is_shown_twice():
    session = Session(stack((), (), (), None, None), PARAMS)
    told = session.instant_beliefs()
    assert [next(told), next(told)] == [0, 1]
    session.annotate(stack((), (), (), None, NEW_STROKE))
    assert list(told) == [4, 2, 3]


def test_the_newest_of_several_strokes_is_shown_first():
    session = Session(stack((), (), None), PARAMS)
    list(session.instant_beliefs())
    session.annotate(stack((), NEW_STROKE, None))
    session.annotate(stack(NEW_STROKE, NEW_STROKE, None))
    assert list(session.instant_beliefs()) == [0, 1]


def test_what_is_sure_is_told_of_the_beliefs_of_now():
    session = Session(stack((), None), PARAMS)
    assert session.confident_share() == 0
    for _ in range(2):
        list(session.instant_beliefs())
        shares = [(canvas.belief.amax(dim=0) > PARAMS.threshold).float().mean().item() for canvas in session.canvases]
        assert session.confident_share() == pytest.approx(np.mean(shares), abs=1e-12)
        session.annotate(stack(NEW_STROKE, None))
