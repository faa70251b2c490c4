from functools import partial
from itertools import pairwise, takewhile

import numpy as np
import pytest
from method_tester import MethodTester

from napari_labelfix.annotations import Boxes, FinishedInstances, Plane, Task
from napari_labelfix.data.label_images import boxes_of_labels
from napari_labelfix.errors import InputError
from napari_labelfix.methods.sissi import learner, pages, views
from napari_labelfix.methods.sissi import session as session_module
from napari_labelfix.methods.sissi.params import SissiParams
from napari_labelfix.methods.sissi.run import predict, train
from napari_labelfix.methods.sissi.session import EARLY, LATE, Session
from napari_labelfix.metrics.boxes import box_scores
from napari_labelfix.metrics.overlap import iou_of_boxes
from napari_labelfix.sample_data.imperfect import careless_boxes
from napari_labelfix.sample_data.synthetic import fluorescence, stained_tissue
from napari_labelfix.snapshots import BoxRole, Snapshot, run_to_end

NUCLEI = fluorescence(1, (128, 144))
TRUTH = boxes_of_labels(NUCLEI.labels)
CARELESS = careless_boxes(NUCLEI.labels, 1)
SLOWDOWN, LOWEST, NEVER = "when learning slows down", "at the lowest source loss", "never"


@pytest.fixture(autouse=True, scope="module")
def quicker():
    """Look twice at an image instead of twenty times, and take fewer steps: twenty views are tested elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(views, "SCALES", (1.0,))
        patch.setattr(views, "FLIPS", ((False, False), (False, True)))
        patch.setattr(learner, "FEWEST_CROPS", 4)
        patch.setattr(pages, "_SOURCE_PLANES", 3)
        patch.setattr(pages, "_SOURCE_SIDE", 128)
        yield


def quick(**changes):
    values = {"epochs": 2, "crop": 64, "batch_size": 4, "background": "strong blur", "device": "cpu"}
    return SissiParams(**(values | changes))


def nuclei_task(corners=CARELESS):
    return Task((Plane("nuclei", NUCLEI.image, Boxes(corners, NUCLEI.image.shape)),))


def told(task=None, **changes):
    return list(train(task or nuclei_task(), quick(**changes)))


def until_corrected(**changes):
    """Return what is told of a run before it corrects boxes for the first time."""
    return list(takewhile(lambda snapshot: snapshot.stage != LATE, train(nuclei_task(), quick(**changes))))


def stages(snapshots):
    return [name for name, _ in pairwise([*(s.stage for s in snapshots), ""]) if name != _]


def found(belief):
    kept = belief.roles != BoxRole.DROPPED
    return belief.corners[kept], belief.scores[kept]


class TestSissi(MethodTester):
    method = "sissi"

    def task(self):
        small = Plane("small", NUCLEI.image[:70, :50])
        return Task((*nuclei_task(CARELESS[:4]).planes, small))

    def more(self):
        return Task((*nuclei_task(CARELESS[:6]).planes, self.task().planes[1]))

    def quick(self, **changes):
        values = {"pretrained": False, "learning_rate": 3e-3, "correction": NEVER, "weak_boxes": "none", "epochs": 5}
        return quick(**(values | changes))

    def test_the_loss_falls(self, finished):
        """On crops that are the same after each epoch: of others, with a few cells each, a step says little."""
        losses = [s.metrics["source loss"] for s in finished[0] if "source loss" in s.metrics]
        assert len(losses) == 5
        assert losses[-1] < losses[0]


def test_correcting_boxes_gives_the_same_numbers_again():
    (one, _), (other, _) = (run_to_end(train(nuclei_task(), quick())) for _ in range(2))
    assert np.array_equal(one[0].corners, other[0].corners)
    assert np.array_equal(one[0].scores, other[0].scores)


def test_there_are_useful_boxes_before_anything_is_learned():
    first = next(train(nuclei_task(), quick()))
    assert first.stage == "first look"
    assert first.message == "Started from the detector weights of the package."
    assert box_scores([found(first.proposals[0])], [TRUTH]).ap50 > 0.8


def test_careless_boxes_become_boxes_of_all_cells():
    proposals, model = run_to_end(train(nuclei_task(), quick(epochs=3)))
    given = box_scores([(CARELESS, np.ones(len(CARELESS)))], [TRUTH])
    last = box_scores([found(proposals[0])], [TRUTH])
    assert last.ap50 > given.ap50 + 0.3
    assert last.ap > given.ap + 0.3
    again = predict(model, NUCLEI.image, "cpu")
    assert box_scores([found(again)], [TRUTH]).ap50 > 0.8


@pytest.mark.parametrize("correction", [SLOWDOWN, LOWEST, NEVER])
def test_boxes_are_corrected_from_when_it_is_asked_for_on(correction):
    snapshots = told(correction=correction)
    late = [] if correction == NEVER else [LATE]
    assert stages(snapshots) == ["first look", EARLY, *late, "last look", "finished"]
    corrected = [s.proposals[0] for s in snapshots if s.stage == LATE and s.proposals]
    assert all(belief.training_image is not None for belief in corrected)


def test_correction_begins_when_learning_slows_down(monkeypatch):
    monkeypatch.setattr(session_module, "slowdown", lambda agreement: 0.31 * len(agreement))
    snapshots = until_corrected(epochs=10, slowdown=0.9)
    assert max(s.step for s in snapshots if s.stage == EARLY) == 2, "in the third epoch 0.9 is reached"


def test_it_begins_in_the_middle_at_the_latest(monkeypatch):
    monkeypatch.setattr(session_module, "slowdown", lambda agreement: 0.0)
    assert max(s.step for s in until_corrected(epochs=4)) == 1


def test_with_the_source_loss_the_best_weights_are_taken_up(monkeypatch):
    losses = iter([3.0, 1.0, 2.0, 2.5, 2.6, 2.7, 2.8, 2.9, 3.0, 3.1, 3.2, 3.3])
    states = []
    monkeypatch.setattr(session_module.Learner, "check", lambda self, source: next(losses))
    monkeypatch.setattr(session_module.Learner, "recall", lambda self, weights: states.append(weights))
    snapshots = until_corrected(epochs=10, correction=LOWEST)
    assert len(states) == 1
    assert max(s.step for s in snapshots if s.stage == EARLY) == 1 + session_module.PATIENCE


def test_the_agreement_with_the_given_boxes_is_told():
    metrics = [s.metrics for s in told() if "agreement with given" in s.metrics]
    assert all(0 < one["agreement with given"] <= 1 for one in metrics)
    assert all(one["source loss"] > 0 for one in metrics)


@pytest.mark.parametrize("background", ["weak blur", "as it is"])
def test_the_background_is_a_choice(background):
    images = [s.proposals[0].training_image for s in told(background=background) if s.stage == LATE and s.proposals]
    if background == "as it is":
        assert images
        assert all(image is None for image in images)
    else:
        assert all(image.dtype == np.uint8 and image.shape == NUCLEI.image.shape for image in images)


def test_a_training_image_has_the_form_of_the_image():
    tissue = stained_tissue(0, (96, 96))
    plane = Plane("tissue", tissue.image, Boxes(boxes_of_labels(tissue.labels)[::2], (96, 96)))
    last = told(Task((plane,)))[-2].proposals[0]
    assert last.training_image.shape == (96, 96, 3)


def test_given_boxes_are_confirmed_or_dropped_and_others_added():
    background = np.median(NUCLEI.image[NUCLEI.labels == 0])
    empty = Plane("empty corner", np.where(np.indices((128, 144)).sum(axis=0) > 170, background, NUCLEI.image))
    nothing_there = np.array([[100.0, 100, 120, 120]])
    there = TRUTH[TRUTH[:, 2:].sum(axis=1) < 170]
    corners = np.concatenate([there[:3], nothing_there])
    task = Task((Plane(empty.name, empty.image, Boxes(corners, (128, 144))),))
    last = told(task, correction=NEVER)[-2].proposals[0]
    dropped = last.corners[last.roles == BoxRole.DROPPED]
    assert dropped == pytest.approx(nothing_there)
    assert (last.scores[last.roles == BoxRole.DROPPED] == 0).all()
    confirmed = last.corners[last.roles == BoxRole.CONFIRMED]
    assert (iou_of_boxes(confirmed, there[:3]).max(axis=1) > 0.3).all()
    assert (last.roles == BoxRole.ADDED).any()
    assert last.count == (last.roles != BoxRole.DROPPED).sum()


@pytest.mark.parametrize("keep_given", [True, False])
def test_given_boxes_where_nothing_is_found_are_kept_or_forgotten(keep_given):
    nothing_there = np.array([[1.0, 1, 6, 6]])
    session = Session(nuclei_task(np.concatenate([CARELESS, nothing_there])), quick(keep_given=keep_given))
    list(session._correct(0, partial(Snapshot, LATE, 1, 2)))
    page = session.pages[0]
    there = iou_of_boxes(page.corners, nothing_there * page.scale).max()
    assert there == pytest.approx(float(keep_given))
    doubled = iou_of_boxes(page.corners, page.corners) - np.eye(len(page.corners))
    assert doubled.max() < 0.5, "a given box that was found again is not learned from beside it"


def test_boxes_drawn_meanwhile_are_certain_and_win_over_what_is_found():
    training = train(nuclei_task(), quick())
    next(training)
    odd = np.array([[3.0, 3, 60, 20]])
    training.send(nuclei_task(np.concatenate([CARELESS, odd])))
    last = [s.proposals[0] for s in training if s.proposals][-1]
    overlaps = iou_of_boxes(last.corners, odd)[:, 0]
    assert last.scores[overlaps.argmax()] == 1
    assert overlaps.max() == pytest.approx(1, abs=1e-3)
    assert (np.delete(overlaps, overlaps.argmax()) < 0.2).all()


def test_a_box_that_is_removed_meanwhile_is_no_longer_certain_nor_given():
    session = Session(nuclei_task(), quick())
    more = np.concatenate([CARELESS, [[3.0, 3, 60, 20]]])
    session.annotate(nuclei_task(more))
    assert len(session.pages[0].certain) == 1
    session.annotate(nuclei_task(CARELESS[1:]))
    assert len(session.pages[0].certain) == 0
    assert len(session.pages[0].given) == len(CARELESS) - 1


def with_wrong(corners, wrong):
    return Task((Plane("nuclei", NUCLEI.image, Boxes(corners, (128, 144), wrong)),))


def test_what_a_person_says_is_no_cell_is_found_no_more():
    training = train(nuclei_task(), quick())
    before = next(snapshot for snapshot in training if snapshot.proposals).proposals[0]
    wrong = before.corners[before.scores > 0.5][:2].astype(float)
    training.send(with_wrong(CARELESS, wrong))
    next(training)
    later = [s.proposals[0] for s in training if s.proposals]
    assert later
    for proposal in later:
        assert (iou_of_boxes(proposal.corners[proposal.scores > 0], wrong) < 0.3).all()
        assert proposal.count >= before.count / 2, "the others are found"


def test_what_is_no_cell_is_not_found_to_begin_with_either():
    wrong = TRUTH[:2] + np.array([-6, -6, 6, 6])  # generous: its IoU with what is in it may be low
    none = np.zeros((0, 4))
    found = Session(with_wrong(none, none), quick()).pages[0].given
    session = Session(with_wrong(none, wrong), quick())
    assert len(session.pages[0].given) == len(found) - 2
    assert session.planes[0].annotation.negatives.tolist() == wrong.tolist()
    session.annotate(with_wrong(none, none))
    assert len(session.pages[0].given) == len(found) - 2, "they were never found in this run"


def test_what_was_found_to_begin_with_goes_and_comes_with_what_a_person_says_of_it():
    none = np.zeros((0, 4))
    session = Session(with_wrong(none, none), quick())
    found = len(session.pages[0].given)
    session.annotate(with_wrong(none, TRUTH[:1]))
    assert len(session.pages[0].given) == found - 1
    session.annotate(with_wrong(none, none))
    assert len(session.pages[0].given) == found


def test_what_is_no_cell_is_seen_in_the_training_and_has_no_box():
    wrong = TRUTH[:1]
    session = Session(with_wrong(CARELESS, wrong), quick(background="strong blur", keep_given=False))
    list(session._correct(0, partial(Snapshot, LATE, 1, 2)))
    page = session.pages[0]
    y0, x0, y1, x1 = np.round(wrong[0] * page.scale).astype(int)
    assert (iou_of_boxes(page.corners, wrong * page.scale) < 0.3).all()
    here = np.s_[:, y0 + 2 : y1 - 2, x0 + 2 : x1 - 2]
    shown, image = page.shown.numpy()[here], page.image.numpy()[here]
    assert shown.std() > 0.5 * image.clip(0, 1).std(), "it is not blurred"
    session.annotate(nuclei_task())
    assert len(page.negatives) == 0


def test_without_boxes_some_are_found_first():
    snapshots = told(Task((Plane("nuclei", NUCLEI.image),)))
    last = [s.proposals[0] for s in snapshots if s.proposals][-1]
    assert (last.roles == BoxRole.CONFIRMED).any()
    assert box_scores([found(last)], [TRUTH]).ap50 > 0.8


def test_what_is_drawn_beside_boxes_that_it_has_found_itself_does_not_take_their_place():
    session = Session(Task((Plane("nuclei", NUCLEI.image),)), quick())
    found = len(session.pages[0].given)
    assert found > 5
    session.annotate(nuclei_task(np.array([[3.0, 3, 60, 20]])))
    assert len(session.pages[0].given) == found + 1
    assert len(session.pages[0].certain) == 1


def test_finished_planes_are_the_source_and_stay_as_they_are():
    finished = Plane("finished", NUCLEI.image, FinishedInstances(NUCLEI.labels))
    task = Task((finished, *nuclei_task().planes))
    session = Session(task, quick())
    (page,) = session.source
    assert len(page.corners) == len(TRUTH)
    proposals, _ = run_to_end(train(task, quick(masks="foreground")))
    assert sorted(proposals) == [0, 1]
    assert proposals[0].corners.tolist() == TRUTH.tolist()
    assert (proposals[0].scores == 1).all()
    assert np.array_equal(boxes_of_labels(proposals[0].labels), TRUTH)
    with pytest.raises(InputError, match="All images are finished"):
        next(train(Task((finished,)), quick()))


def part_task():
    part = np.zeros(NUCLEI.labels.shape, bool)
    part[:64, :80] = True
    return part, Task((Plane("part", NUCLEI.image, FinishedInstances(NUCLEI.labels, part)),))


def test_a_part_that_is_finished_gives_the_cells_in_it():
    _, task = part_task()
    (page,) = Session(task, quick()).source
    assert 0 < len(page.corners) < len(TRUTH)
    assert Session(Task((*task.planes, *nuclei_task().planes)), quick()).target == [0, 1]


def test_the_rest_of_a_plane_of_which_a_part_is_finished_is_labelled():
    part, task = part_task()
    mine = boxes_of_labels(np.where(part, NUCLEI.labels, 0))
    snapshots = list(train(task, quick(masks="foreground")))
    messages = " ".join(snapshot.message for snapshot in snapshots)
    assert "No boxes were given: cells of finished images are learned from to begin with." in messages
    for snapshot in snapshots:
        for boxes in snapshot.proposals.values():
            assert boxes.corners[: len(mine)] == pytest.approx(mine, abs=0.01)
            assert (boxes.roles[: len(mine)] == BoxRole.CONFIRMED).all()
            assert (boxes.scores[: len(mine)] == 1).all()
            assert np.array_equal(boxes.labels[part] > 0, NUCLEI.labels[part] > 0)
            middles = ((boxes.corners[len(mine) :, :2] + boxes.corners[len(mine) :, 2:]) / 2).astype(int)
            assert not part[tuple(middles.T)].any()
    assert box_scores([found(boxes)], [TRUTH]).ap50 > 0.75


def test_masks_lie_in_their_boxes():
    last = told(masks="foreground")[-2].proposals[0]
    cells = np.flatnonzero(last.roles != BoxRole.DROPPED)
    assert set(np.unique(last.labels)) <= {0, *(cells + 1)}
    for number in np.unique(last.labels[last.labels > 0]):
        rows, columns = np.nonzero(last.labels == number)
        y0, x0, y1, x1 = last.corners[number - 1]
        assert rows.min() >= y0 - 1
        assert columns.min() >= x0 - 1
        assert rows.max() <= y1
        assert columns.max() <= x1


def test_large_cells_are_seen_smaller_and_come_back_in_their_size():
    image = np.kron(NUCLEI.image, np.ones((3, 3), NUCLEI.image.dtype))
    task = Task((Plane("large", image, Boxes(3 * CARELESS, image.shape)),))
    first = next(train(task, quick())).proposals[0]
    assert box_scores([found(first)], [3 * TRUTH]).ap50 > 0.8


def test_an_unknown_detector_is_refused_in_words():
    with pytest.raises(InputError, match="There is no detector 'vgg'"):
        next(train(nuclei_task(), quick(encoder="vgg")))
