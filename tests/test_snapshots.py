import pickle
from dataclasses import replace

import numpy as np
import pytest

from napari_labelfix import snapshots
from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.snapshots import (
    BoxRole,
    Change,
    Clock,
    Detections,
    FoundBoxes,
    PointRole,
    Proposal,
    Snapshot,
    run_to_end,
)


class FakeTime:
    """Stands in for the time module: it passes only when told."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock_time(monkeypatch):
    fake = FakeTime()
    monkeypatch.setattr(snapshots, "time", fake)
    return fake


def model(name):
    return TrainedModel(name, {}, {}, b"", versions={})


def proposal(value):
    whole = np.full((2, 3), value)
    return Proposal(whole.astype(np.int32), whole.astype(np.uint8), whole.astype(np.float32), whole > 1)


def steps(yielded, result=None, closed=None):
    """A training that yields what it is told to."""
    try:
        yield from yielded
    except GeneratorExit:
        closed.append(True)
        raise
    return result


def test_the_numbers_of_changes_that_projects_hold_mean_what_they_meant():
    named = ["none", "added", "removed", "reshaped", "split", "merged"]
    assert {change.name.lower(): change.value for change in Change} == {name: n for n, name in enumerate(named)}


def test_what_is_taken_for_no_object_is_not_counted():
    roles = np.array(
        [PointRole.GIVEN, PointRole.PSEUDO_NEGATIVE, PointRole.PSEUDO_POSITIVE, PointRole.DETECTED], np.uint8
    )
    assert Detections(np.zeros((4, 2)), np.ones(4), roles, 3, np.zeros((9, 9))).count == 3
    roles = np.array([BoxRole.DROPPED, *(role for role in BoxRole if role != BoxRole.DROPPED)], np.uint8)
    assert FoundBoxes(np.zeros((len(roles), 4)), np.ones(len(roles)), roles).count == len(BoxRole) - 1


def test_something_is_due_at_once_and_then_after_each_interval(clock_time):
    clock = Clock(2.0)
    assert clock.due()
    assert not clock.due()
    clock_time.now += 1.9
    assert not clock.due()
    clock_time.now += 0.1
    assert clock.due()
    assert not clock.due()


def test_a_late_question_does_not_make_two_things_due(clock_time):
    clock = Clock(2.0)
    clock.due()
    clock_time.now += 100
    assert clock.due()
    assert not clock.due()


def test_the_first_time_can_come_later_than_at_once(clock_time):
    clock = Clock(3.0, first=1.0)
    assert not clock.due()
    clock_time.now += 1.0
    assert clock.due()
    clock_time.now += 2.9
    assert not clock.due()


def test_a_pause_begins_when_what_was_due_is_done(clock_time):
    clock = Clock(2.0)
    assert clock.due()
    clock_time.now += 0.5
    clock.done()
    clock_time.now += 1.9
    assert not clock.due()
    clock_time.now += 0.1
    assert clock.due()


def test_what_takes_long_is_paused_from_four_times_as_long(clock_time):
    clock = Clock(2.0, first=1.0)
    clock_time.now += 7.0
    assert clock.due()
    clock_time.now += 5.0
    clock.done()
    clock_time.now += 19.9
    assert not clock.due()
    clock_time.now += 0.1
    assert clock.due()
    clock_time.now += 0.1
    clock.done()
    clock_time.now += 2.0
    assert clock.due(), "what it took once does not count for ever"


def test_an_interval_of_zero_is_always_due(clock_time):
    clock = Clock(0)
    assert clock.due()
    assert clock.due()


def test_run_to_end_returns_each_planes_last_proposal_and_the_final_model():
    first, second, third = proposal(0), proposal(1), proposal(2)
    final = model("final")
    training = steps(
        [
            Snapshot("a", 0, 3, proposals={0: first, 1: second}),
            Snapshot("a", 1, 3),
            Snapshot("b", 2, 3, proposals={1: third}, model=model("early")),
        ],
        result=final,
    )
    proposals, best = run_to_end(training)
    assert proposals == {0: first, 1: third}
    assert best is final


def test_run_to_end_shows_every_snapshot():
    shown = []
    run_to_end(steps([Snapshot("a", step, 3) for step in range(3)]), on_snapshot=shown.append)
    assert [snapshot.step for snapshot in shown] == [0, 1, 2]


def test_run_to_end_closes_the_training_when_the_time_is_over_and_keeps_the_last_model(clock_time):
    closed = []
    early, late = model("early"), model("late")
    taken = []

    def spend_time(snapshot):
        taken.append(snapshot.step)
        clock_time.now += 4

    training = steps(
        [
            Snapshot("a", 0, 9, model=early),
            Snapshot("a", 1, 9, model=late),
            Snapshot("a", 2, 9, proposals={0: proposal(2)}),
            Snapshot("a", 3, 9, model=model("too late")),
        ],
        closed=closed,
    )
    proposals, best = run_to_end(training, seconds=10, on_snapshot=spend_time)
    assert taken == [0, 1, 2]
    assert closed == [True]
    assert list(proposals) == [0]
    assert best is late


def test_run_to_end_lets_the_trainings_error_through():
    def failing():
        yield Snapshot("a", 0, 1)
        raise ValueError("no good")

    with pytest.raises(ValueError, match="no good"):
        run_to_end(failing())


def test_snapshots_pickle():
    sent = Snapshot("warm-up", 3, 10, {"loss": 0.5}, {0: proposal(1)}, model("best"), "Halved the batch.")
    received = pickle.loads(pickle.dumps(sent))
    assert (received.stage, received.step, received.total, received.message) == ("warm-up", 3, 10, "Halved the batch.")
    assert received.metrics == {"loss": 0.5}
    assert received.model.method == "best"
    assert np.array_equal(received.proposals[0].labels, proposal(1).labels)
    assert received.proposals[0].probabilities is None


def test_a_plane_of_which_a_part_was_looked_at_is_no_result(clock_time):
    parts = [replace(proposal(1), partial=True), replace(proposal(2), partial=True), proposal(3)]

    def told():
        for step, found in enumerate(parts):
            clock_time.now += 5
            yield Snapshot("going on", step, 3, proposals={0: found}, model=model(str(step)))
        raise AssertionError("the time is over")

    results, last = run_to_end(told(), seconds=1)
    assert results[0] is parts[-1]
    assert last.method == "2"
    assert [Snapshot("", 0, 1, proposals={0: found}).results for found in parts] == [{}, {}, {0: parts[-1]}]


def test_points_and_boxes_of_a_part_are_no_result_either():
    none, image = np.zeros(0, np.float32), np.zeros((4, 5), np.float32)
    points = Detections(none.reshape(0, 2), none, none.astype(np.uint8), 3.0, image)
    boxes = FoundBoxes(none.reshape(0, 4), none, none.astype(np.uint8))
    found = {0: points, 1: replace(points, partial=True), 2: boxes, 3: replace(boxes, partial=True)}
    assert list(Snapshot("", 0, 1, proposals=found).results) == [0, 2]
