"""What a run begins with where no boxes are drawn, and when what is drawn meanwhile is shown."""

import numpy as np
import pytest

from napari_labelfix.annotations import Boxes, FinishedInstances, Plane, Task
from napari_labelfix.data.instances import boxes_of_labels
from napari_labelfix.errors import InputError
from napari_labelfix.methods.sissi import learner, pages, views
from napari_labelfix.methods.sissi.pages import typical_side
from napari_labelfix.methods.sissi.params import SissiParams
from napari_labelfix.methods.sissi.run import train
from napari_labelfix.methods.sissi.session import LATE, Session
from napari_labelfix.metrics.boxes import box_scores
from napari_labelfix.sample_data.synthetic import fluorescence
from napari_labelfix.snapshots import BoxRole, run_to_end

IMAGE, LABELS = fluorescence(1, (96, 112))
TRUTH = boxes_of_labels(LABELS)
FINISHED = Plane("finished", IMAGE, FinishedInstances(LABELS))
TO_LABEL = Plane("to label", IMAGE)
CORNER = np.array([[3.0, 3, 40, 20]])


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


def test_an_empty_finished_plane_is_not_enough():
    empty = Plane("empty", IMAGE, FinishedInstances(np.zeros_like(LABELS), np.ones(LABELS.shape, bool)))
    with pytest.raises(InputError, match=r"No image has boxes\. Draw some, or choose a way to find boxes\."):
        Session(task_with(empty, TO_LABEL), quick(weak_boxes="none"))


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


def test_cells_are_as_large_as_is_said_or_drawn_or_labelled_before_they_are_as_large_as_what_is_found():
    smaller = boxed((TRUTH + np.roll(TRUTH, 2, axis=1)) / 2 + [-5, -5, 5, 5])
    assert Session(task_with(FINISHED, smaller), quick(cell=31)).cell == 31
    assert Session(task_with(FINISHED, smaller), quick()).cell == typical_side(smaller.annotation.corners)
    assert Session(task_with(FINISHED, TO_LABEL), quick()).cell == typical_side(TRUTH)
    found = Session(task_with(TO_LABEL), quick())
    assert found.cell == typical_side(found.planes[0].annotation.corners)


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
