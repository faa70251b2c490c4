import numpy as np
import pytest
import torch
from method_tester import MethodTester, PassingTime

from napari_labelfix import snapshots as snapshots_module
from napari_labelfix.annotations import Instances, Plane, Task
from napari_labelfix.errors import InputError, TrainingError
from napari_labelfix.methods.label_upgrade import learner as learner_module
from napari_labelfix.methods.label_upgrade import pages as pages_module
from napari_labelfix.methods.label_upgrade import session as session_module
from napari_labelfix.methods.label_upgrade.params import LabelUpgradeParams
from napari_labelfix.methods.label_upgrade.perturbations import Perturbation, perturb
from napari_labelfix.methods.label_upgrade.run import predict, train
from napari_labelfix.methods.table import METHODS
from napari_labelfix.metrics.instances import f1_score
from napari_labelfix.metrics.overlap import dice, iou
from napari_labelfix.sample_data.synthetic import fluorescence, stained_tissue
from napari_labelfix.snapshots import Change, run_to_end

NUCLEI = fluorescence(seed=1, shape=(112, 128))
LEFT = np.zeros(NUCLEI.labels.shape, bool)
LEFT[:, :64] = True


def low_quality(truth=NUCLEI.labels, trusted=LEFT, seed=0, **how):
    """Labels that are right where they are trusted."""
    spoiled = perturb(
        truth, np.zeros_like(truth), Perturbation(**(how or {"omission": 0.7})), np.random.default_rng(seed)
    )
    return np.where(trusted, truth, spoiled)


def quick(**changes):
    return LabelUpgradeParams(**({"epochs": 2, "crop": 64, "device": "cpu"} | changes))


def nuclei_task(labels=None, trusted=LEFT, image=NUCLEI.image):
    return Task((Plane("nuclei", image, Instances(low_quality() if labels is None else labels, trusted)),))


class TestLabelUpgrade(MethodTester):
    method = "label_upgrade"

    def task(self):
        return Task((*nuclei_task().planes, Plane("not labelled", NUCLEI.image[:70, :50])))

    def more(self):
        labels = low_quality()
        labels[-9:, -9:] = labels.max() + 1
        return Task((*nuclei_task(labels).planes, self.task().planes[1]))

    def quick(self, **changes):
        values = {"epochs": 6, "pretrained": False, "learning_rate": 1e-2, "patience": 100_000}
        return quick(**(values | changes))


def upgrade(task, **changes):
    """Return the last proposals."""
    return run_to_end(train(task, quick(**changes)))[0]


def test_the_first_proposal_is_the_labels_as_given_and_says_where_they_are_doubtful():
    first = next(train(nuclei_task(), quick()))
    labels = low_quality()
    assert first.stage == "labels as given"
    assert np.array_equal(first.proposals[0].labels, labels)
    assert not first.proposals[0].changes.any()
    missing = (NUCLEI.labels > 0) & (labels == 0)
    assert first.proposals[0].confidence[missing].mean() < 0.3 < 0.8 < first.proposals[0].confidence.mean()
    assert (first.proposals[0].confidence[LEFT] == 1).all()


def test_its_model_makes_of_labels_what_the_run_made_of_them_in_the_end():
    task = nuclei_task()
    proposals, model = run_to_end(train(task, quick()))
    found = METHODS["label_upgrade"].load_finish()(model, task.planes[0], "cpu")
    assert np.array_equal(found.labels, proposals[0].labels)
    assert np.array_equal(found.changes, proposals[0].changes)
    assert found.changes.any()
    assert np.allclose(found.confidence, proposals[0].confidence, atol=1e-5)
    assert next(train(task, quick())).proposals[0].as_given
    assert not proposals[0].as_given
    assert not found.as_given


def test_a_model_for_new_images_makes_of_labels_what_is_right_of_them_and_what_it_finds_itself():
    task = nuclei_task()
    _, model = run_to_end(train(task, quick(segmentation=True)))
    found = METHODS["label_upgrade"].load_finish()(model, task.planes[0], "cpu")
    assert np.array_equal(found.labels[LEFT], NUCLEI.labels[LEFT])


@pytest.mark.parametrize("how", [{"omission": 0.7}, {"bias": 5}, {"omission": 0.3, "bias": 4}])
def test_labels_are_better_afterwards(how):
    labels = low_quality(**how)
    proposal = upgrade(nuclei_task(labels))[0]
    assert dice(proposal.labels[~LEFT], NUCLEI.labels[~LEFT]) > dice(labels[~LEFT], NUCLEI.labels[~LEFT]) + 0.03


def test_what_is_right_stays_to_the_pixel():
    proposal = upgrade(nuclei_task())[0]
    assert np.array_equal(proposal.labels[LEFT], NUCLEI.labels[LEFT])
    assert not proposal.changes[LEFT].any()
    assert (proposal.confidence[LEFT] == 1).all()


def test_labels_given_are_never_written_to():
    labels = low_quality()
    before = labels.copy()
    upgrade(nuclei_task(labels))
    assert np.array_equal(labels, before)


def test_changes_are_told_at_pixels_and_counted():
    snapshots = list(train(nuclei_task(), quick()))
    proposal = next(s.proposals[0] for s in reversed(snapshots) if s.proposals)
    added = np.unique(proposal.labels[proposal.changes == Change.ADDED])
    assert len(added) > 0
    assert f"Upgraded: {len(added)} added, 0 removed, " in snapshots[-1].message


def squares_task(right_rows=80):
    """Every second of equal squares is an object, and nothing but the labels says which; 3 to a row of 25 px."""
    rng = np.random.default_rng(0)
    image = rng.normal(0, 0.1, (128, 128))
    truth = np.zeros(image.shape, np.int32)
    for number, (row, column) in enumerate(np.ndindex(5, 5), start=1):
        box = np.s_[4 + 25 * row : 18 + 25 * row, 4 + 25 * column : 18 + 25 * column]
        image[box] += 1
        truth[box] = number * (number % 2)
    trusted = np.zeros(image.shape, bool)
    trusted[:right_rows] = True
    labels = np.where(trusted, truth, perturb(truth, np.zeros_like(truth), Perturbation(bias=3), rng))
    return nuclei_task(labels, trusted, image), truth, trusted


def test_it_learns_to_use_the_labels_where_the_image_alone_does_not_tell():
    task, truth, trusted = squares_task()
    proposal = upgrade(task, wrong="outlines are loose", epochs=12, patience=12)[0]
    assert dice(proposal.labels[~trusted], truth[~trusted]) > 0.9


def learning(task, **changes):
    return [s for s in train(task, quick(**changes)) if s.stage == "learning"]


def test_training_ends_when_held_out_labels_gain_no_more():
    snapshots = learning(squares_task()[0], epochs=1000, patience=2, learning_rate=1e-7)
    assert max(s.step for s in snapshots) < 20


def test_with_few_right_objects_none_is_spared_and_all_epochs_are_trained():
    snapshots = learning(squares_task(right_rows=25)[0], epochs=6, patience=1, learning_rate=1e-7)
    assert not any("held-out Dice" in s.metrics for s in snapshots)
    assert max(s.step for s in snapshots) == 5


def test_training_ends_when_held_out_labels_gain_no_more_also_where_each_plane_has_few_right_ones():
    (plane,) = squares_task(right_rows=25)[0].planes
    planes = tuple(Plane(f"plane {at}", plane.image, plane.annotation) for at in range(3))
    snapshots = learning(Task(planes), epochs=1000, patience=2, learning_rate=1e-7)
    assert max(s.step for s in snapshots) < 20


def test_a_plane_that_takes_long_to_show_leaves_the_time_to_learning(monkeypatch):
    passing = PassingTime()
    monkeypatch.setattr(snapshots_module, "time", passing)
    monkeypatch.setattr(learner_module.Learner, "step", passing.take(0.2, lambda *_: 0.5))
    monkeypatch.setattr(session_module.Session, "upgrade", passing.take(5.0, session_module.Session.upgrade))
    shown = sum(bool(s.proposals) for s in learning(nuclei_task(), epochs=20, patience=100))
    assert shown == 2, "in 32 seconds of steps: after the first, and 20 later"


def test_several_images_some_of_them_right_and_one_without_labels():
    other = fluorescence(seed=5, shape=(80, 90))
    right = Plane("right", NUCLEI.image, Instances(NUCLEI.labels, np.ones_like(LEFT)))
    wrong = Plane("wrong", other.image, Instances(low_quality(other.labels, np.zeros((80, 90), bool))))
    bare = Plane("bare", other.image)
    proposals = upgrade(Task((wrong, right, bare)))
    assert np.array_equal(proposals[1].labels, NUCLEI.labels)
    assert dice(proposals[0].labels, other.labels) > dice(wrong.annotation.labels, other.labels) + 0.2
    assert dice(proposals[2].labels, other.labels) > 0.5


def test_with_the_last_step_the_model_needs_no_labels():
    snapshots = list(train(nuclei_task(), quick(segmentation=True)))
    model = snapshots[-1].model
    assert model.network == {"encoder": "microscopy", "channels": 1, "classes": 2, "labelled": False}
    assert "learning to segment" in {s.stage for s in snapshots}
    assert snapshots[-1].total == 4
    other = fluorescence(seed=9, shape=(120, 90))
    assert iou(predict(model, other.image, "cpu").labels > 0, other.labels > 0) > 0.5


def test_the_last_step_gives_models_tells_of_memory_and_learns_from_what_is_sent_in(monkeypatch):
    monkeypatch.setattr(session_module, "PROGRESS_EVERY", 0.0)
    monkeypatch.setattr(session_module, "MODEL_EVERY", 0.0)
    real, learned = learner_module.Learner.step, []

    def step(of, pages):
        if not of.labelled:
            learned.append(pages[0])
            of._news = "Memory ran out."
        return real(of, pages)

    monkeypatch.setattr(learner_module.Learner, "step", step)
    training = train(nuclei_task(), quick(segmentation=True, epochs=4))
    while (snapshot := next(training)).stage != session_module.SEGMENTING:
        pass
    assert snapshot.model.network["labelled"] is False
    assert snapshot.message == "Memory ran out."
    labels, trusted = low_quality(), LEFT.copy()
    labels[-12:, -12:], trusted[-12:, -12:] = 777, True
    answer = training.send(nuclei_task(labels, trusted))
    while not answer.proposals:
        answer = next(training)
    assert answer.step < answer.total
    assert (answer.proposals[0].labels[-12:, -12:] == 777).all()
    steps = [snapshot.step for snapshot in training]
    assert steps == sorted(steps)
    assert (learned[-1].labels[-12:, -12:] == 777).all()
    assert learned[-1].trusted[-12:, -12:].all()


def test_without_it_the_upgrade_network_takes_new_images_for_wholly_unlabelled():
    _, model = run_to_end(train(nuclei_task(), quick()))
    assert model.network["labelled"] is True
    other = fluorescence(seed=9, shape=(120, 90))
    assert iou(predict(model, other.image, "cpu").labels > 0, other.labels > 0) > 0.5


def test_a_right_part_that_is_enlarged_during_the_run_is_taken_up():
    training = train(nuclei_task(), quick(epochs=10_000))
    for _ in range(3):
        next(training)
    more = LEFT.copy()
    more[:40] = True
    labels = np.where(more, NUCLEI.labels, low_quality())
    answer = training.send(nuclei_task(labels, more))
    while not answer.proposals:
        answer = next(training)
    assert np.array_equal(answer.proposals[0].labels[more], NUCLEI.labels[more])
    training.close()


def test_a_long_epoch_gives_models_and_learns_at_once_from_what_is_sent_in(monkeypatch):
    monkeypatch.setattr(learner_module, "FEWEST_CROPS", 400)
    monkeypatch.setattr(session_module, "PROGRESS_EVERY", 0.0)
    real, learned = learner_module.Learner.step, []
    monkeypatch.setattr(learner_module.Learner, "step", lambda of, pages: learned.append(pages[0]) or real(of, pages))
    training = train(nuclei_task(), quick())
    while (snapshot := next(training)).model is None:
        pass
    assert snapshot.step == 0
    more = LEFT.copy()
    more[:40] = True
    training.send(nuclei_task(np.where(more, NUCLEI.labels, low_quality()), more))
    while not (snapshot := next(training)).proposals:
        pass
    del learned[:]
    while not learned:
        snapshot = next(training)
    assert snapshot.step == 0
    assert np.array_equal(learned[0].trusted, more)
    training.close()


def test_a_right_part_that_is_erased_during_the_run_changes_nothing():
    training = train(nuclei_task(), quick())
    next(training)
    training.send(nuclei_task(trusted=np.zeros_like(LEFT)))
    assert [s.stage for s in training][-1] == "finished"


def test_labels_above_65535_keep_their_ids():
    labels = np.where(low_quality() > 0, low_quality() + 100_000, 0)
    proposal = upgrade(nuclei_task(labels))[0]
    assert np.array_equal(proposal.labels[LEFT], labels[LEFT])
    assert proposal.labels[proposal.labels > 0].min() > 65_535


def test_more_than_65535_objects():
    dots = np.zeros((520, 520), np.int32)
    dots[::2, ::2] = np.arange(1, 67_601).reshape(260, 260)
    image = (dots > 0) + np.random.default_rng(0).normal(0, 0.1, dots.shape)
    trusted = np.zeros(dots.shape, bool)
    trusted[:60, :60] = True
    proposal = upgrade(nuclei_task(dots, trusted, image), epochs=1, minimum_size=0)[0]
    assert np.array_equal(proposal.labels[trusted], dots[trusted])


def test_a_single_giant_object():
    giant = np.zeros((96, 96), np.int32)
    giant[8:88, 8:88] = 1
    image = giant + np.random.default_rng(0).normal(0, 0.1, giant.shape)
    top = np.zeros(giant.shape, bool)
    top[:48] = True
    proposal = upgrade(nuclei_task(giant, top, image))[0]
    assert proposal.labels[40, 40] == 1


@pytest.mark.parametrize("shape", [(20, 21), (33, 47)])
def test_images_smaller_than_a_crop(shape):
    labels = np.zeros(shape, np.int32)
    labels[4:14, 4:14] = 1
    image = labels + np.random.default_rng(0).normal(0, 0.1, shape)
    proposals, model = run_to_end(train(nuclei_task(labels, np.ones(shape, bool), image), quick()))
    assert np.array_equal(proposals[0].labels, labels)
    assert predict(model, image, "cpu").labels.shape == shape


def test_stained_tissue_in_colour():
    tissue = stained_tissue(seed=2, shape=(112, 128))
    labels = low_quality(tissue.labels)
    proposal = upgrade(nuclei_task(labels, image=tissue.image))[0]
    assert dice(proposal.labels[~LEFT], tissue.labels[~LEFT]) > dice(labels[~LEFT], tissue.labels[~LEFT]) + 0.1


def test_from_scratch_with_a_named_encoder():
    _, model = run_to_end(train(nuclei_task(), quick(encoder="resnet18", pretrained=False, epochs=1)))
    assert model.network == {"encoder": "resnet18", "channels": 2, "classes": 2, "labelled": True}


def test_when_memory_runs_out_batch_then_crop_are_halved_and_it_says_so(monkeypatch):
    real, tried = learner_module.random_crops, []

    def greedy(pages, count, size, how, rng, held_out=False):
        tried.append((count, size))
        if not held_out and (count > 2 or size > 64):
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(pages, count, size, how, rng, held_out)

    monkeypatch.setattr(learner_module, "random_crops", greedy)
    messages = [s.message for s in train(nuclei_task(), quick(crop=128)) if s.message]
    assert tried[-1] == (1, 64)
    assert any("Memory ran out" in message for message in messages)


def test_when_memory_never_suffices_it_ends_in_words(monkeypatch):
    real = learner_module.random_crops

    def too_much(*arguments, held_out=False):
        if held_out:
            return real(*arguments, held_out)
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(learner_module, "random_crops", too_much)
    with pytest.raises(TrainingError, match="smaller encoder"):
        list(train(nuclei_task(), quick()))


@pytest.mark.parametrize(
    ("labels", "trusted", "sentence"),
    [
        (NUCLEI.labels, None, "Nothing says which labels are right"),
        (NUCLEI.labels, np.zeros_like(LEFT), "Nothing says which labels are right"),
        (NUCLEI.labels, (NUCLEI.labels == 0) & LEFT, "no object in the part that is right"),
        (NUCLEI.labels.astype(float), LEFT, "whole numbers"),
        (NUCLEI.labels[:-1], LEFT, "same size"),
        (NUCLEI.labels, LEFT[:-1], "trusted mask"),
        (-NUCLEI.labels, LEFT, "from 0 up"),
        (NUCLEI.labels.astype(np.int64) + 2**31, LEFT, "Renumber"),
    ],
)
def test_labels_that_cannot_be_learned_from_are_refused_in_words(labels, trusted, sentence):
    with pytest.raises(InputError, match=sentence):
        next(train(nuclei_task(labels, trusted), quick()))


@pytest.mark.parametrize("segmentation", [False, True])
def test_what_is_sent_in_at_the_end_is_taken_up(segmentation):
    training = train(nuclei_task(), quick(segmentation=segmentation))
    while next(training).stage != "upgrading":
        pass
    labels, trusted = low_quality(), LEFT.copy()
    labels[-12:, -12:], trusted[-12:, -12:] = 777, True
    snapshots = [training.send(nuclei_task(labels, trusted)), *training]
    last = [snapshot.proposals[0] for snapshot in snapshots if 0 in snapshot.proposals][-1]
    assert (last.labels[-12:, -12:] == 777).all()


def test_what_depends_on_the_image_alone_is_not_worked_out_again_when_labels_change(monkeypatch):
    asked = []

    def counted(name):
        real = getattr(pages_module, name)
        monkeypatch.setattr(pages_module, name, lambda *of: asked.append(name) or real(*of))

    for name in ("plane_on", "edge_strength", "find_segments"):
        counted(name)
    session = session_module.Session(nuclei_task(), quick(wrong="a bit of everything"))
    learner = session_module.Learner(1, True, session.params, session.device)

    def train_and_show():
        for _ in range(learner.steps(session.right_pages)):
            learner.step(session.right_pages)
        session.upgrade(0, learner)

    train_and_show()
    assert sorted(asked) == ["edge_strength", "find_segments", "plane_on"]
    labels = low_quality()
    labels[-9:, -9:] = labels.max() + 1
    session.annotate(nuclei_task(labels))
    train_and_show()
    assert len(asked) == 3


@pytest.mark.parametrize(("instances", "kept"), [("like the right ones", "components"), ("watershed", "watershed")])
def test_long_objects_stay_whole_where_the_right_ones_are_long(instances, kept):
    rows, columns = np.indices((96, 160))
    waves = (rows + 4 * np.sin(columns / 6)) / 16
    thick = 0.16 + 0.12 * (np.sin(columns / 5) > 0.6)
    truth = np.where(np.abs(waves % 1 - 0.5) < thick, waves.astype(np.int32) + 1, 0)
    trusted = np.zeros(truth.shape, bool)
    trusted[:, :80] = True
    image = np.random.default_rng(0).normal(0, 0.1, truth.shape) + (truth > 0)
    proposals, model = run_to_end(train(nuclei_task(truth, trusted, image), quick(instances=instances)))
    assert model.params["instances"] == kept
    whole = f1_score(proposals[0].labels, truth) == 1
    assert whole == (kept == "components")
