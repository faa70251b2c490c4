"""It is said when what is proposed has settled, and never while any plane still changes."""

import weakref
from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from napari_labelfix.review.steadiness import APART, Steadiness, changed_share, compared
from napari_labelfix.snapshots import BoxRole, Detections, FoundBoxes, PointRole, Proposal, Snapshot

_steps = count(50, 10)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def proposal(*rows, shape=(10, 100)):
    """Objects over whole rows."""
    labels = np.zeros(shape, np.int32)
    for row in rows:
        labels[row] = row + 1
    return Proposal(labels, (labels > 0).astype(np.uint8), np.ones(shape, np.float32), np.zeros(shape, bool))


def moment(proposals, step=None):
    """A tenth of a run after the one before, if the step is not given."""
    return Snapshot("training", next(_steps) if step is None else step, 100, proposals=proposals)


def detections(*positions, roles=None):
    count = len(positions)
    roles = [PointRole.DETECTED] * count if roles is None else roles
    return Detections(
        np.array(positions, np.float32).reshape(-1, 2), np.ones(count, np.float32), np.array(roles, np.uint8), 3.0,
        np.zeros((9, 9), np.float32),
    )  # fmt: skip


def boxes(*corners, roles=None):
    roles = [BoxRole.ADDED] * len(corners) if roles is None else roles
    return FoundBoxes(
        np.array(corners, np.float32).reshape(-1, 4), np.ones(len(corners), np.float32), np.array(roles, np.uint8)
    )


CELL = detections([1, 1])


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [
        (proposal(1, 2), proposal(1, 2), None),
        (proposal(1, 2), proposal(2, 3), 2 / 3),
        (proposal(), proposal(), None),
        (proposal(), proposal(4), 1),
        (detections([1, 1], [5, 5]), detections([2, 1], [8, 9]), 0.5),
        (detections(), detections(), None),
        (boxes(), boxes(), None),
        (detections([1, 1]), detections([1, 1], [8, 8], roles=[PointRole.GIVEN, PointRole.PSEUDO_NEGATIVE]), 0),
        (boxes([0, 0, 10, 10], [20, 20, 30, 30]), boxes([0, 1, 10, 11]), 1 / 3),
        (boxes([0, 0, 10, 10]), boxes([0, 0, 10, 10], [5, 5, 9, 9], roles=[BoxRole.ADDED, BoxRole.DROPPED]), 0),
    ],
)
def test_what_differs_is_counted(before, after, share):
    assert changed_share(compared(before), after) == pytest.approx(share)
    assert changed_share(compared(after), before) == pytest.approx(share)


def test_another_class_is_a_change():
    one, other = proposal(1), proposal(1)
    other.classes[1] = 2
    assert changed_share(compared(one), other) == 1


def test_what_does_not_change_any_more_is_said_after_a_while(clock):
    steadiness = Steadiness(clock)
    for clock.now in np.arange(0, APART, 1.0):
        steadiness.note(moment({0: CELL}))
        assert steadiness.sentence == ""
    clock.now = APART
    steadiness.note(moment({0: CELL}))
    assert steadiness.sentence == "Hardly anything changes any more (0.0% in 15 s)."
    clock.now = 2 * APART
    steadiness.note(moment({0: detections([1, 1], [8, 8])}))
    assert steadiness.sentence == ""


def test_slow_changes_add_up(clock):
    """Each second so little that no one look differs much from the last."""
    steadiness = Steadiness(clock)
    labels = proposal(1, 2).labels
    for clock.now in range(40):
        moved = np.roll(labels, int(clock.now), axis=1) * (np.arange(100) < 95 - clock.now)
        steadiness.note(moment({0: Proposal(moved, (moved > 0).astype(np.uint8), moved, moved > 0)}))
        assert steadiness.sentence == ""


def test_all_planes_must_have_settled(clock):
    steadiness = Steadiness(clock)
    for clock.now in (0, APART):
        steadiness.note(moment({0: CELL}))
    steadiness.note(moment({1: CELL}))
    assert steadiness.sentence == ""
    clock.now = 2 * APART
    steadiness.note(moment({1: CELL}))
    assert steadiness.sentence
    steadiness.begin()
    assert steadiness.sentence == ""


def test_neither_the_beginning_of_a_run_counts_nor_that_nothing_changes_where_it_has_hardly_gone_on(clock):
    steadiness = Steadiness(clock)
    for step in (8, 9, 10, 12, 14, 19):
        clock.now += APART
        steadiness.note(moment({0: CELL}, step))
        assert steadiness.sentence == ""
    steadiness.note(moment({0: CELL}, step=20))
    assert steadiness.sentence == "Hardly anything changes any more (0.0% in 45 s)."


def test_a_look_at_a_part_of_a_plane_is_none(clock):
    steadiness = Steadiness(clock)
    steadiness.note(moment({0: replace(CELL, partial=True)}))
    for clock.now in (APART, 2 * APART):
        assert steadiness.sentence == ""
        steadiness.note(moment({0: CELL}))
    assert steadiness.sentence


def test_nothing_that_stays_nothing_is_not_settled(clock):
    steadiness = Steadiness(clock)
    for clock.now in (0, APART):
        steadiness.note(moment({0: proposal(), 1: detections(), 2: boxes()}))
    assert steadiness.sentence == ""


def test_a_network_that_is_not_heard_yet_has_not_settled(clock):
    """Then each pixel is as before: it says nothing, or the strokes and the first look have the say."""
    steadiness, moved = Steadiness(clock), proposal(*range(5))
    moved.classes[0, 0] = 0
    for clock.now in (0, APART, 2 * APART):
        steadiness.note(moment({0: proposal(*range(5))}))
        assert steadiness.sentence == ""
    clock.now = 3 * APART
    steadiness.note(moment({0: moved}))
    assert steadiness.sentence == "Hardly anything changes any more (0.2% in 15 s)."


def test_the_time_between_two_looks_is_told(clock):
    steadiness = Steadiness(clock)
    for clock.now in (0, 120):
        steadiness.note(moment({0: CELL}))
    assert steadiness.sentence.endswith("(0.0% in 120 s).")


def test_of_what_was_proposed_a_while_before_only_what_is_compared_is_held(clock):
    """Planes may be many, and labels and confidence are most of a proposal."""
    steadiness, belief = Steadiness(clock), proposal(1)
    steadiness.note(moment({0: belief}))
    held = weakref.ref(belief.labels)
    del belief
    assert held() is None
