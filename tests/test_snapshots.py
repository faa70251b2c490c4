import pickle

import numpy as np
import pytest

from napari_labelfix import snapshots
from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.snapshots import Clock, Proposal, Snapshot, run_to_end, tell


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


def test_the_first_proposals_after_something_new_was_drawn_answer_it():
    def story():
        for step in range(6):
            yield Snapshot(
                "going on", step, 6, proposals={0: proposal(1)} if step in {0, 3, 4, 5} else {}, model=model("a")
            )

    heard = []
    told = tell(story(), heard.append)
    answers = [next(told).answers, told.send("a stroke").answers]
    answers += [snapshot.answers for snapshot in told]
    assert heard == ["a stroke"]
    assert answers == [False, False, False, True, False, False]
