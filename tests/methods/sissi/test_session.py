"""What is told of a run, and when what is drawn meanwhile is shown."""

from functools import partial
from itertools import islice

import numpy as np
import pytest
import torch

from napari_labelfix.annotations import Boxes, FinishedInstances, Plane, Task
from napari_labelfix.data.label_images import boxes_of_labels
from napari_labelfix.methods.sissi import learner, pages, views
from napari_labelfix.methods.sissi import session as session_module
from napari_labelfix.methods.sissi.params import SissiParams
from napari_labelfix.methods.sissi.run import train
from napari_labelfix.methods.sissi.session import LATE, Session
from napari_labelfix.metrics.boxes import box_scores
from napari_labelfix.networks.faster_rcnn import Found
from napari_labelfix.sample_data.synthetic import fluorescence
from napari_labelfix.snapshots import BoxRole, Snapshot, run_to_end

IMAGE, LABELS = fluorescence(1, (96, 112))
TRUTH = boxes_of_labels(LABELS)
FINISHED = Plane("finished", IMAGE, FinishedInstances(LABELS))
TO_LABEL = Plane("to label", IMAGE)
CORNER = np.array([[3.0, 3, 40, 20]])
NOTHING_FOUND = Found(torch.zeros(0, 4), torch.zeros(0))


@pytest.fixture(autouse=True, scope="module")
def quicker():
    """Look once at an image, and take few steps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(views, "SCALES", (1.0,))
        patch.setattr(views, "FLIPS", ((False, False),))
        patch.setattr(learner, "FEWEST_CROPS", 2)
        patch.setattr(pages, "_SOURCE_PLANES", 2)
        patch.setattr(pages, "_SOURCE_SIDE", 128)
        yield


def quick(**changes):
    return SissiParams(**({"epochs": 2, "crop": 64, "batch_size": 4, "device": "cpu"} | changes))


def task_with(*planes):
    return Task(planes)


def boxed(corners=TRUTH, name="boxed"):
    return Plane(name, IMAGE, Boxes(corners, IMAGE.shape))


def test_finished_planes_are_enough_where_no_boxes_are_to_be_found():
    snapshots = []
    task = task_with(FINISHED, TO_LABEL)
    proposals, _ = run_to_end(train(task, quick(weak_boxes="none", epochs=3)), on_snapshot=snapshots.append)
    found = proposals[1]
    assert (found.roles == BoxRole.ADDED).all()
    assert box_scores([(found.corners, found.scores)], [TRUTH]).ap50 > 0.8
    assert snapshots[0].message.endswith(
        "No boxes were given: cells of finished images are learned from to begin with."
    )


def test_where_none_are_found_finished_planes_are_learned_from():
    flat = Plane("flat", np.random.default_rng(0).integers(0, 9, IMAGE.shape).astype(np.uint8))
    first = next(train(task_with(FINISHED, flat), quick(weak_boxes="circles", sensitivity=0)))
    assert "none were found by circles: cells of finished images are learned from to begin with." in first.message


@pytest.mark.parametrize("way", ["watershed", "circles"])
def test_the_first_snapshot_says_that_boxes_were_found_and_how_many(way):
    session = Session(task_with(TO_LABEL), quick(weak_boxes=way))
    count = len(session.pages[0].given)
    told = list(session.story())
    assert told[0].message == (
        "Started from the detector weights of the package. "
        f"No boxes were given: {count} were found by {way} to begin with."
    )
    assert not any(snapshot.message for snapshot in told[1:])


def test_drawn_boxes_are_not_said_to_be_found():
    assert next(train(task_with(boxed()), quick())).message == "Started from the detector weights of the package."


def test_boxes_drawn_while_boxes_are_corrected_are_shown_at_once():
    training = train(task_with(boxed(), boxed(name="other")), quick())
    for snapshot in training:
        if snapshot.stage == LATE and 0 in snapshot.proposals:
            break
    drawn = boxed(np.concatenate([TRUTH, CORNER]))
    assert shows_corner(training.send(task_with(drawn, boxed(name="other"))).proposals[0])


def test_boxes_drawn_during_the_last_look_are_shown_before_it_ends():
    training = train(task_with(boxed(), boxed(name="other")), quick())
    for snapshot in training:
        if snapshot.stage == "last look" and 1 in snapshot.proposals:
            break
    drawn = boxed(np.concatenate([TRUTH, CORNER]), "other")
    assert shows_corner(training.send(task_with(boxed(), drawn)).proposals[1])
    assert [snapshot.stage for snapshot in training] == ["finished"]


def shows_corner(found):
    return any(box == pytest.approx(CORNER[0], abs=1e-3) for box in found.corners[found.scores == 1])


def last_of(snapshots, index=0):
    shown = None
    for snapshot in snapshots:
        shown = snapshot.proposals.get(index, shown)
    return shown


def test_a_plane_that_is_finished_meanwhile_is_shown_so_to_the_end_and_is_a_source():
    training = train(task_with(boxed(CORNER), TO_LABEL), quick(correction="never"))
    next(training)
    session = training.gi_frame.f_locals["session"]
    assert len(session.source) == pages._SOURCE_PLANES
    answer = training.send(task_with(Plane("boxed", IMAGE, FinishedInstances(LABELS)), TO_LABEL))
    assert session.target == [1]
    assert len(session.source) == 1
    shown = last_of([answer, *training])
    assert np.array_equal(shown.corners, TRUTH)
    assert (shown.scores == 1).all()


def test_a_finished_plane_can_be_corrected_and_taken_back():
    session = Session(task_with(FINISHED, boxed(CORNER)), quick())
    assert len(session.source[0].corners) == len(TRUTH)
    fewer = np.where(LABELS == 1, 0, LABELS)
    session.annotate(task_with(Plane("finished", IMAGE, FinishedInstances(fewer)), boxed(CORNER)))
    assert len(session.source[0].corners) == len(session.propose(0).corners) == len(TRUTH) - 1
    session.annotate(task_with(boxed(TRUTH[:2], name="finished"), boxed(CORNER)))
    assert session.target == [0, 1]
    assert len(session.pages[0].given) == 2
    assert len(session.source) == pages._SOURCE_PLANES
    session.annotate(task_with(Plane("finished", IMAGE), boxed(CORNER)))
    assert session.target == [0, 1], "it is no longer said to be finished"


def test_a_part_that_is_finished_meanwhile_takes_the_place_of_boxes_in_it_and_can_be_taken_back():
    part = np.zeros(LABELS.shape, bool)
    part[:, :50] = True
    mine = boxes_of_labels(np.where(part, LABELS, 0))
    session = Session(task_with(boxed(CORNER), TO_LABEL), quick())
    session.annotate(task_with(Plane("boxed", IMAGE, FinishedInstances(LABELS, part)), TO_LABEL))
    assert session.target == [0, 1]
    assert len(session.source) == 1
    assert session.propose(0).corners == pytest.approx(mine, abs=0.01)
    nothing = FinishedInstances(LABELS, np.zeros_like(part))
    session.annotate(task_with(Plane("boxed", IMAGE, nothing), TO_LABEL))
    assert not session.propose(0).count
    assert len(session.source) == pages._SOURCE_PLANES


def test_a_run_goes_on_when_all_planes_are_finished_meanwhile():
    training = train(task_with(boxed(CORNER)), quick())
    next(training)
    answer = training.send(task_with(Plane("boxed", IMAGE, FinishedInstances(LABELS))))
    assert np.array_equal(last_of([answer, *training]).corners, TRUTH)


def test_what_is_drawn_while_a_large_plane_is_looked_at_shows_at_once(monkeypatch):
    monkeypatch.setattr(views, "SCALES", (0.9, 1.0, 1.1))
    session = Session(task_with(boxed(CORNER), boxed(CORNER, "other")), quick())
    told = partial(Snapshot, LATE, 1, 2)
    list(session._look(0, told))
    looked = []
    monkeypatch.setattr(views, "detect", lambda _, images: looked.append(1) or [NOTHING_FOUND] * len(images))
    correcting = session._correct(0, told)
    session.annotate(task_with(boxed(CORNER), boxed(TRUTH[:3], "other")))
    answer = next(correcting)
    assert list(answer.proposals) == [1]
    assert len(looked) == 1, "there are two more sizes to look at"
    list(correcting)
    assert len(looked) == 3


def test_a_plane_that_is_drawn_on_before_its_first_look_is_shown_with_what_is_found():
    session = Session(task_with(boxed(CORNER), boxed(CORNER, "other")), quick())
    story = session.story()
    session.annotate(task_with(boxed(CORNER), boxed(TRUTH[:3], "other")))
    shown = list(islice((snapshot.proposals for snapshot in story if snapshot.proposals), 2))
    assert [list(proposals) for proposals in shown] == [[0], [1]]
    assert shown[1][1].count > 3


def test_that_a_large_plane_is_being_looked_at_is_told(monkeypatch):
    monkeypatch.setattr(session_module, "PROGRESS_EVERY", 0.0)
    monkeypatch.setattr(views, "SCALES", (0.9, 1.0, 1.1))
    session = Session(task_with(boxed(CORNER)), quick())
    told = list(session._correct(0, partial(Snapshot, LATE, 1, 2)))
    assert [(snapshot.stage, snapshot.step, len(snapshot.proposals)) for snapshot in told] == [(LATE, 1, 0)] * 3
