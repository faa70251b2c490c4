import numpy as np
import pytest

from napari_labelfix.annotations import FinishedInstances, Instances, Plane, Points, Scribbles, Task
from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.methods.telling import tell_and_listen
from napari_labelfix.snapshots import Detections, PointRole, Proposal, Snapshot

MODEL = TrainedModel("toy", {}, {}, b"")
NOTHING = Proposal(
    np.zeros((2, 3), np.int32), np.zeros((2, 3), np.uint8), np.zeros((2, 3), np.float32), np.zeros((2, 3), bool)
)


def plane(name, value=1):
    return Plane(name, np.zeros((2, 3)), Scribbles(np.full((2, 3), value, np.uint8)))


def test_the_first_proposal_of_a_plane_after_something_was_drawn_there_answers_it():
    shown = [{0: NOTHING}, {}, {1: NOTHING}, {0: NOTHING}, {0: NOTHING}]
    story = (Snapshot("going on", step, 5, proposals=found, model=MODEL) for step, found in enumerate(shown))
    begun = Task((plane("a"), plane("b")))
    heard = []
    told = tell_and_listen(story, begun, heard.append)
    changed = Task((plane("a", 2), begun.planes[1]))
    answers = [next(told).answers, told.send(changed).answers]
    answers += [snapshot.answers for snapshot in told]
    assert heard == [changed]
    assert answers == [False, False, False, True, False]


def in_a_gap(annotation):
    return Task((Plane("stitched", np.full((8, 9), np.nan), annotation),))


@pytest.mark.parametrize(
    ("said", "more"),
    [
        (lambda known: Scribbles(np.where(known, 2, 0)), lambda known: Scribbles(np.where(known, 1, 0))),
        (lambda known: Instances(np.ones((8, 9), int), known),) * 2,
        (lambda known: FinishedInstances(np.ones((8, 9), int), known),) * 2,
    ],
)
def test_where_an_image_has_no_numbers_only_what_a_person_has_said_is_proposed(said, more):
    columns = np.indices((8, 9))[1]
    labels = np.ones((8, 9), np.int32)
    found = Proposal(labels, labels.astype(np.uint8), np.ones((8, 9), np.float32), labels < 0)
    story = (Snapshot("going on", step, 4, proposals={0: found}, model=MODEL) for step in range(4))
    told = tell_and_listen(story, in_a_gap(said(columns < 2)), refuse_nothing)
    assert np.array_equal(next(told).proposals[0].labels > 0, columns < 2)
    assert np.array_equal(told.send(in_a_gap(more(columns < 5))).proposals[0].labels > 0, columns < 5)
    nothing = told.send(in_a_gap(None)).proposals[0]
    assert np.array_equal(nothing.labels > 0, columns < 0)
    assert nothing.ignored.dtype == bool


def test_where_an_image_has_no_numbers_no_cell_is_detected_but_a_given_one():
    image = np.zeros((8, 9))
    image[:, 4:] = np.nan
    positions = np.array([[2, 1], [3, 7], [5, 6], [6, 2]], np.float32)
    roles = np.array([PointRole.DETECTED, PointRole.DETECTED, PointRole.GIVEN, PointRole.GIVEN], np.uint8)
    found = Detections(positions, np.ones(4, np.float32), roles, 3.0, np.ones((8, 9), np.float32))
    task = Task((Plane("stitched", image, Points(positions[2:], (8, 9), radius=3.0)),))
    story = iter([Snapshot("going on", 0, 1, proposals={0: found}, model=MODEL)])
    told = next(tell_and_listen(story, task, refuse_nothing)).proposals[0]
    assert told.positions.tolist() == positions[[0, 2, 3]].tolist()
    assert told.roles.tolist() == roles[[0, 2, 3]].tolist()


def refuse_nothing(_task):
    """Take up whatever is sent in."""
