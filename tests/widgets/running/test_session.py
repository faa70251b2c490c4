"""What comes from a run is told; large proposals are told at most so often that the window is free most of the time."""

from dataclasses import replace

import numpy as np
import pytest
from fakes import FakeTrainer, proposal_above, snapshot

from napari_labelfix.annotations import Plane, Task
from napari_labelfix.errors import TrainingError
from napari_labelfix.methods.table import METHODS
from napari_labelfix.snapshots import FoundBoxes, Proposal
from napari_labelfix.widgets.running import session as module
from napari_labelfix.widgets.running.session import Session

SMALL, LARGE = (60, 80), (1100, 1000)
COST = 2.0  # seconds that showing takes on the test's clock


def _number_of(belief):
    return float(belief.confidence[0, 0]) if isinstance(belief, Proposal) else len(belief.scores)


class Heard(Session):
    """Notes what it tells, and the planes and steps of proposals; a proposal takes time to show."""

    def __init__(self, clock):
        super().__init__(FakeTrainer())
        self.clock, self.shown, self.told = clock, [], []
        self.snapshotsReceived.connect(self.hear)

    def hear(self, snapshots):
        self.told += snapshots
        newest = {plane: belief for each in snapshots for plane, belief in each.proposals.items()}
        if newest:
            self.shown.append({plane: _number_of(belief) for plane, belief in newest.items()})
            self.clock.now += COST

    @property
    def run(self):
        return self.trainer.runs[-1]

    def begin(self, shape, planes=2):
        image = np.zeros(shape, np.float32)
        self.image = image
        task = Task(tuple(Plane(f"plane {number}", image) for number in range(planes)))
        self.start(METHODS["scribble2label"], task, METHODS["scribble2label"].params())
        self._timer.stop = lambda: None  # polled by hand
        return self.run

    def come(self, step, plane=0):
        """Let the run propose something, which is known again by its confidence."""
        self.run.waiting.append(snapshot(step, {plane: proposal_above(self.image, 9, step)}))

    def look_in(self, seconds):
        self.clock.now += seconds
        self._poll()


class Clock:
    now = 100.0

    def monotonic(self):
        return self.now


@pytest.fixture
def session(qtbot, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    session = Heard(clock)
    yield session
    session.close()


def test_small_proposals_are_told_as_they_come(session):
    session.begin(SMALL)
    for step in range(1, 5):
        session.come(step)
        session.look_in(0.01)
    assert session.shown == [{0: step} for step in range(1, 5)]


def test_large_ones_wait_four_times_as_long_as_showing_takes_and_the_newest_is_told(session):
    session.begin(LARGE)
    session.come(1)
    session.look_in(0.01)
    assert session.shown == [{0: 1}], "the first one at once"
    for step in range(2, 6):
        session.come(step)
        session.look_in(1)
    assert session.shown == [{0: 1}]
    session.look_in(4.5)
    assert session.shown == [{0: 1}, {0: 5}]
    session.come(6)
    session.look_in(8.5)
    assert session.shown[-1] == {0: 6}, "after a pause nothing waits"


def test_many_boxes_are_held_back_as_large_proposals_are_and_a_few_are_not(session):
    for count, shown in ((10, 2), (300, 1)):
        run = session.begin(SMALL)
        boxes = FoundBoxes(np.zeros((count, 4), np.float32), np.ones(count, np.float32), np.zeros(count, np.uint8))
        session.shown.clear()
        for step in (1, 2):
            run.waiting.append(snapshot(step, {0: boxes}))
            session.look_in(0.01)
        assert len(session.shown) == shown


def test_what_is_held_back_of_several_planes_is_told_together(session):
    session.begin(LARGE)
    session.come(1)
    session.look_in(0.01)
    session.come(2, plane=1)
    session.look_in(1)
    session.come(3, plane=0)
    session.look_in(1)
    session.look_in(8)
    assert session.shown[1:] == [{0: 3, 1: 2}]


def test_all_else_that_a_snapshot_says_is_told_once_and_does_not_wait(session):
    session.begin(LARGE)
    for step in range(1, 5):
        session.come(step)
        session.run.waiting[-1] = replace(session.run.waiting[-1], message=f"{step}", model=f"model {step}")
        session.look_in(1)
    said = [(each.step, each.message, each.model) for each in session.told]
    assert said == [(step, f"{step}", f"model {step}") for step in range(1, 5)]
    assert session.shown == [{0: 1}]
    session.look_in(8)
    assert session.shown == [{0: 1}, {0: 4}]
    late = session.told[-1]
    assert (late.stage, late.step, late.total) == ("warm-up", 4, 10)
    assert not (late.message or late.model or late.metrics or late.ranking)
    session.look_in(20)
    assert len(session.told) == 5


def test_small_proposals_do_not_wait_for_large_ones(session):
    session.begin(LARGE)
    session.come(1)
    session.look_in(0.01)
    session.come(2)
    session.look_in(0.01)
    session.run.waiting.append(snapshot(3, {1: proposal_above(np.zeros(SMALL, np.float32), 9, 3)}))
    session.look_in(0.01)
    assert session.shown == [{0: 1}, {1: 3}]
    session.look_in(8)
    assert session.shown == [{0: 1}, {1: 3}, {0: 2}]


def test_a_few_boxes_are_not_written_over_by_many_that_were_held_back_before(session):
    run = session.begin(SMALL)
    for count in (300, 400, 10):
        found = FoundBoxes(np.zeros((count, 4), np.float32), np.ones(count, np.float32), np.zeros(count, np.uint8))
        run.waiting.append(snapshot(count, {0: found}))
        session.look_in(0.01)
    session.look_in(20)
    assert session.shown == [{0: 300}, {0: 10}]


@pytest.mark.parametrize("how", ["finished", "stopped", "failed"])
def test_the_last_ones_of_a_run_are_told_when_it_ends(session, how):
    told = []
    session.failed.connect(lambda _sentence: told.append("failed"))
    session.ended.connect(told.append)
    session.snapshotsReceived.connect(lambda _snapshots: told.append("proposal"))
    session.begin(LARGE)
    session.come(1)
    session.look_in(0.01)
    session.come(2)
    session.look_in(0.01)
    del session._timer.stop
    told.clear()
    if how == "stopped":
        session.stop(listen=True)
    elif how == "failed":
        session.run.error = TrainingError("It failed.")
        session.look_in(0.01)
    else:
        session.run.state = "finished"
        session.look_in(0.01)
    assert session.shown == [{0: 1}, {0: 2}]
    assert told == ["proposal", *(["failed"] if how == "failed" else []), how]


def test_another_run_begins_without_what_an_earlier_one_has_held_back(session):
    session.begin(LARGE)
    for step in (1, 2):
        session.come(step)
        session.look_in(0.01)
    del session._timer.stop
    session.stop()
    session.begin(LARGE)
    session.come(7)
    session.look_in(0.01)
    assert session.shown == [{0: 1}, {0: 7}]


def test_what_answers_a_stroke_does_not_wait(session):
    session.begin(LARGE)
    session.come(1)
    session.look_in(0.01)
    session.come(2, plane=1)
    session.look_in(0.01)
    session.run.waiting.append(replace(snapshot(3, {0: proposal_above(session.image, 9, 3)}), answers=True))
    session.look_in(0.01)
    assert session.shown == [{0: 1}, {1: 2, 0: 3}], "and what was held back is told with it"
