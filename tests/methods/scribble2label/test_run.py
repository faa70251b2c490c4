import numpy as np
import pytest
import torch
from method_tester import MethodTester

from napari_labelfix.annotations import BACKGROUND, FIRST_CLASS, Plane, Scribbles, Task
from napari_labelfix.data.patches import predict_probabilities
from napari_labelfix.errors import InputError, TrainingError
from napari_labelfix.methods.scribble2label import learner as learner_module
from napari_labelfix.methods.scribble2label.params import Scribble2LabelParams
from napari_labelfix.methods.scribble2label.run import predict, train
from napari_labelfix.methods.scribble2label.session import Session
from napari_labelfix.metrics.overlap import iou
from napari_labelfix.networks.unet import NetworkSpec
from napari_labelfix.sample_data.scribbles import scribbles_from_labels
from napari_labelfix.sample_data.synthetic import fluorescence, stained_tissue
from napari_labelfix.snapshots import run_to_end

NUCLEI = fluorescence(seed=1, shape=(96, 112))
MARKS = scribbles_from_labels(NUCLEI.labels, 0.5)


def quick(**changes):
    values = {"epochs": 6, "warmup_epochs": 2, "ensemble_interval": 2, "crop": 64, "device": "cpu"}
    return Scribble2LabelParams(**(values | changes))


def nuclei_task(marks=MARKS, image=NUCLEI.image):
    return Task((Plane("nuclei", image, Scribbles(marks)),))


class TestScribble2Label(MethodTester):
    method = "scribble2label"

    def task(self):
        return Task((Plane("nuclei", NUCLEI.image, Scribbles(MARKS)), Plane("not drawn on", NUCLEI.image[:70, :50])))

    def more(self):
        marks = MARKS.copy()
        marks[-6:] = 1
        return Task((Plane("nuclei", NUCLEI.image, Scribbles(marks)), self.task().planes[1]))

    def quick(self, **changes):
        return quick(**({"epochs": 40, "pretrained": False} | changes))  # the shipped weights know the toy already


def test_the_first_proposal_is_the_instant_classifiers_and_is_useful():
    first = next(train(nuclei_task(), quick()))
    assert first.stage == "instant proposal"
    assert iou(first.proposals[0].classes > 0, NUCLEI.labels > 0) > 0.6


def test_a_training_that_diverges_ends_in_words(monkeypatch):
    monkeypatch.setattr(learner_module, "partial_cross_entropy", lambda logits, _: logits.mean() * float("nan"))
    with pytest.raises(TrainingError, match="smaller learning rate"):
        run_to_end(train(nuclei_task(), quick()))


def stages(params):
    return list(dict.fromkeys(snapshot.stage for snapshot in train(nuclei_task(), params)))


def test_with_the_instant_proposal_there_is_something_to_trust_from_the_start():
    assert stages(quick()) == ["instant proposal", "first look", "self-labelling", "finished"]


def test_a_network_from_scratch_is_not_asked_before_it_has_learned():
    assert stages(quick(pretrained=False)) == ["instant proposal", "self-labelling", "finished"]


def test_without_it_stages_come_in_the_papers_order():
    assert stages(quick(instant=False, epochs=8, warmup_epochs=4)) == ["warm-up", "self-labelling", "finished"]


def test_it_says_what_it_starts_from():
    messages = [s.message for s in train(nuclei_task(), quick()) if s.message]
    assert messages == ["Started from the microscopy weights of the package."]
    messages = [s.message for s in train(nuclei_task(), quick(pretrained=False)) if s.message]
    assert messages == ["Training starts from scratch."]


def test_without_the_instant_classifier_it_is_the_papers_algorithm():
    """Nothing is believed before the first prediction, and that prediction is y_0."""
    snapshots = list(train(nuclei_task(), quick(instant=False)))
    assert "instant proposal" not in {s.stage for s in snapshots}
    told = [s for s in snapshots if s.proposals]
    assert told[0].stage == "warm-up"
    assert all(0 in s.proposals for s in told)


def test_from_scratch_with_a_named_encoder():
    params = quick(encoder="resnet18", pretrained=False, epochs=2)
    proposals, model = run_to_end(train(nuclei_task(), params))
    assert model.network == {"encoder": "resnet18", "channels": 1, "classes": 2}
    assert proposals[0].labels.shape == NUCLEI.labels.shape


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_every_type_of_image(dtype):
    image = (NUCLEI.image / NUCLEI.image.max() * 200).astype(dtype)
    proposals, _ = run_to_end(train(nuclei_task(image=image), quick(epochs=2)))
    assert iou(proposals[0].classes > 0, NUCLEI.labels > 0) > 0.5


@pytest.mark.parametrize("channels", [2, 3, 5])
def test_every_number_of_channels(channels):
    image = np.repeat(NUCLEI.image[..., np.newaxis], channels, axis=2)
    proposals, model = run_to_end(train(nuclei_task(image=image), quick(epochs=2)))
    assert model.network["channels"] == channels
    assert iou(proposals[0].classes > 0, NUCLEI.labels > 0) > 0.5


@pytest.mark.parametrize("shape", [(1, 200), (33, 47), (20, 21)])
def test_any_size_even_smaller_than_a_crop(shape):
    rng = np.random.default_rng(0)
    marks = np.zeros(shape, np.uint8)
    marks[0, : shape[1] // 2], marks[0, shape[1] // 2 :] = 1, 2
    image = rng.normal(size=shape) + (marks == 2) * 5
    proposals, model = run_to_end(train(nuclei_task(marks, image), quick(epochs=2, minimum_size=0)))
    assert proposals[0].labels.shape == shape
    assert predict(model, image, "cpu").labels.shape == shape


def test_several_classes_are_told_apart():
    """Bright and dim discs on a ground: class 3 is a class of its own."""
    rng = np.random.default_rng(0)
    truth = np.zeros((96, 96), np.uint8)
    truth[8:40, 8:40], truth[56:88, 56:88] = 1, 2
    image = np.choose(truth, [0.0, 1.0, 2.0]) + rng.normal(0, 0.1, truth.shape)
    marks = np.zeros_like(truth)
    marks[20:22, 12:36], marks[70:72, 60:84], marks[48, 4:92] = 2, 3, 1
    proposals, model = run_to_end(train(nuclei_task(marks, image), quick()))
    assert model.network["classes"] == 3
    assert (proposals[0].classes == truth).mean() > 0.9
    assert (predict(model, image, "cpu").probabilities.shape) == (3, 96, 96)


def test_a_class_drawn_during_the_run_is_learned():
    training = train(nuclei_task(), quick(epochs=30))
    next(training)
    marks = MARKS.copy()
    marks[NUCLEI.labels == NUCLEI.labels.max()] = 3
    training.send(nuclei_task(marks))
    model = None
    for snapshot in training:
        model = snapshot.model or model
        shown = snapshot.proposals.get(0)
        if shown is not None and snapshot.stage != "instant proposal":
            assert 2 in shown.classes
    assert model.network["classes"] == 3


def test_erasing_every_scribble_during_the_run_changes_nothing():
    training = train(nuclei_task(), quick(epochs=20))
    next(training)
    training.send(nuclei_task(np.zeros_like(MARKS)))
    assert [s.stage for s in training][-1] == "finished"


def test_what_is_drawn_in_the_last_moment_is_shown():
    training = train(nuclei_task(), quick(epochs=2, ensemble_interval=1, minimum_size=0))
    marks = MARKS.copy()
    row, column = np.argwhere((NUCLEI.labels == 0) & (MARKS == 0))[700]
    marks[row, column] = 2
    shown, sent = None, False
    for snapshot in training:
        shown = snapshot.proposals.get(0, shown)
        if snapshot.stage == "self-labelling" and snapshot.proposals and snapshot.step == 1 and not sent:
            sent = True
            shown = training.send(nuclei_task(marks)).proposals.get(0, shown)
    assert sent
    assert shown.classes[row, column] == 1


def test_what_is_drawn_is_right_in_the_proposal():
    marks = MARKS.copy()
    row, column = np.argwhere(NUCLEI.labels == 0)[500]
    marks[max(0, row - 4) : row + 5, max(0, column - 4) : column + 5] = 2
    proposal = next(train(nuclei_task(marks), quick(minimum_size=0))).proposals[0]
    assert (proposal.classes[marks == 2] == 1).all()
    assert (proposal.classes[marks == 1] == 0).all()
    assert not proposal.ignored[marks > 0].any()


def test_pixels_at_or_below_the_threshold_are_ignored_and_only_those():
    proposal = next(train(nuclei_task(), quick(threshold=0.9))).proposals[0]
    unmarked = MARKS == 0
    assert np.array_equal(proposal.ignored[unmarked], proposal.confidence[unmarked] <= np.float32(0.9))
    assert 0 < proposal.ignored.mean() < 1


def test_a_model_finds_nuclei_on_an_image_it_has_not_seen():
    _, model = run_to_end(train(nuclei_task(), quick(epochs=15)))
    other = fluorescence(seed=9, shape=(120, 90))
    proposal = predict(model, other.image, "cpu")
    assert iou(proposal.classes > 0, other.labels > 0) > 0.5


def test_stained_tissue_in_colour():
    tissue = stained_tissue(seed=2, shape=(96, 96))
    task = nuclei_task(scribbles_from_labels(tissue.labels, 0.5), tissue.image)
    proposals, _ = run_to_end(train(task, quick()))
    assert iou(proposals[0].classes > 0, tissue.labels > 0) > 0.5


def test_a_stack_of_many_planes_shows_every_plane_in_turn():
    planes = [Plane(f"z{z}", NUCLEI.image, Scribbles(MARKS) if z == 2 else None) for z in range(5)]
    training = train(Task(tuple(planes)), quick(epochs=11))
    first = next(training)
    assert list(first.proposals) == [2]
    later = {index for s in training if s.stage != "instant proposal" for index in s.proposals}
    assert later == set(range(5))


@pytest.mark.parametrize("instant", [True, False])
def test_planes_whose_turn_never_came_are_predicted_before_the_end(instant):
    planes = [Plane(f"z{z}", NUCLEI.image, Scribbles(MARKS) if z == 0 else None) for z in range(5)]
    snapshots = list(train(Task(tuple(planes)), quick(epochs=3, instant=instant)))
    seen = [index for s in snapshots if s.stage != "instant proposal" for index in s.proposals]
    assert set(seen) == set(range(5))
    last = [index for s in snapshots if s.stage == "last look" for index in s.proposals]
    assert len(last) == len(set(last)) == 2, "those that were predicted are not again"
    assert snapshots[-1].stage == "finished"


def test_planes_whose_strokes_were_outdated_are_predicted_before_the_end():
    planes = [Plane(f"z{z}", NUCLEI.image, Scribbles(MARKS)) for z in range(2)]
    more = MARKS.copy()
    more[-6:] = 1
    changed = Task((planes[0], Plane("z1", NUCLEI.image, Scribbles(more))))
    training = train(Task(tuple(planes)), quick(epochs=1))
    told, sent = [], False
    for snapshot in training:
        told.append(snapshot)
        if snapshot.stage == "self-labelling" and 1 in snapshot.proposals and not sent:
            sent = True
            told.append(training.send(changed))
    stages = [(s.stage, *s.proposals) for s in told if s.proposals]
    assert stages[-2:] == [("instant proposal", 1), ("last look", 0)]


def test_when_memory_runs_out_batch_then_crop_are_halved_and_it_says_so(monkeypatch):
    real, tried = learner_module.random_batch, []

    def greedy(canvases, count, size, how, rng):
        tried.append((count, size))
        if count > 2 or size > 64:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(canvases, count, size, how, rng)

    monkeypatch.setattr(learner_module, "random_batch", greedy)
    messages = [s.message for s in train(nuclei_task(), quick(crop=128, epochs=4)) if s.message]
    assert tried[0] == (4, 128)
    assert tried[-1] == (1, 64)
    assert any("Memory ran out" in message for message in messages)


def test_when_memory_never_suffices_it_ends_in_words(monkeypatch):
    def too_much(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(learner_module, "random_batch", too_much)
    with pytest.raises(TrainingError, match="smaller encoder"):
        list(train(nuclei_task(), quick()))


@pytest.mark.parametrize(
    ("marks", "sentence"),
    [
        (np.zeros_like(MARKS), "empty"),
        (np.minimum(MARKS, 1), "Only background"),
        (np.where(MARKS == 1, 0, MARKS), "No background"),
        (MARKS[:-1], "same size"),
        (MARKS.astype(float), "whole numbers"),
        (np.where(MARKS == 2, 107, MARKS), "numbered objects"),
    ],
)
def test_scribbles_that_cannot_be_learned_from_are_refused_in_words(marks, sentence):
    with pytest.raises(InputError, match=sentence):
        next(train(nuclei_task(marks), quick()))


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        (np.full(NUCLEI.image.shape, 7), "constant"),
        (np.full(NUCLEI.image.shape, np.nan), "NaN"),
        (NUCLEI.image.astype(complex), "numbers"),
    ],
)
def test_images_that_cannot_be_learned_from_are_refused_in_words(image, sentence):
    with pytest.raises(InputError, match=sentence):
        next(train(nuclei_task(image=image), quick()))


def test_a_network_that_was_trained_before_predicts_with_half_of_what_it_has_learned():
    session = Session(nuclei_task(), quick())
    learner = learner_module.Learner(NetworkSpec("microscopy", 1, 2), quick(), session.device)
    before = {name: weight.clone() for name, weight in learner.network.named_parameters()}
    learner.step(session.canvases, 2, 0)
    for (name, settled), now in zip(learner.settled().named_parameters(), learner.network.parameters(), strict=True):
        assert torch.allclose(settled, (before[name] + now) / 2, atol=1e-6)
    assert any(not torch.equal(before[name], now) for name, now in learner.network.named_parameters())


def test_a_network_from_scratch_predicts_as_it_is():
    session = Session(nuclei_task(), quick())
    learner = learner_module.Learner(NetworkSpec("microscopy", 1, 2), quick(pretrained=False), session.device)
    assert learner.settled() is learner.network


def test_a_new_class_is_known_to_the_network_that_predicts():
    session = Session(nuclei_task(), quick())
    learner = learner_module.Learner(NetworkSpec("microscopy", 1, 2), quick(), session.device)
    learner.know_classes(3)
    assert predict_probabilities(learner.settled(), session.canvases[0].image).shape == (3, 96, 112)
    learner.step(session.canvases, 2, 0)
    assert predict_probabilities(learner.settled(), session.canvases[0].image).shape == (3, 96, 112)


def test_a_class_that_comes_while_strokes_are_taken_up_is_learned():
    def marks(*more):
        drawn = MARKS.copy()
        for row, value in more:
            drawn[row, :20] = value
        return nuclei_task(drawn)

    training = train(nuclei_task(), quick())
    snapshot, waiting = next(training), [marks((0, 1)), marks((0, 1), (1, 3))]
    try:
        while True:
            first = len(waiting) == 2 and snapshot.stage == "self-labelling"
            second = len(waiting) == 1 and snapshot.stage == "instant proposal"  # of the first
            snapshot = training.send(waiting.pop(0) if first or second else None)
    except StopIteration as end:
        assert end.value.network["classes"] == 3
    assert not waiting


def test_the_trust_in_a_plane_ends_with_its_scribbles():
    two = Task((Plane("a", NUCLEI.image, Scribbles(MARKS)), Plane("b", NUCLEI.image, Scribbles(MARKS))))
    session = Session(two, quick())
    for index in (0, 1):
        session._trust.note(index, 0.9)
    session.annotate(Task((two.planes[0], Plane("b", NUCLEI.image, Scribbles(np.zeros_like(MARKS))))))
    assert list(session._trust._now) == [0]


def dotted(drawn):
    """A grid of bright dots of 16 pixels, each `drawn`-th of which has a stroke, with strokes between the rows."""
    dots = np.zeros((96, 112), np.int32)
    for number, (y, x) in enumerate(np.mgrid[8:90:12, 8:108:12].reshape(2, -1).T, start=1):
        dots[y : y + 4, x : x + 4] = number
    marks = np.where((dots > 0) & (dots % drawn == 0), 2, 0).astype(np.uint8)
    marks[::12] = 1
    return nuclei_task(marks, np.where(dots > 0, 200, 20).astype(np.uint8)), dots > 0


def test_that_most_of_what_is_found_is_too_small_to_be_shown_is_told_once():
    task, _ = dotted(40)
    told = " ".join(snapshot.message for snapshot in train(task, quick()))
    assert told.count("Most of what was found is smaller than 30 pixels and left out.") == 1
    assert "left out" not in " ".join(snapshot.message for snapshot in train(task, quick(minimum_size=4)))


def test_where_small_objects_were_drawn_on_small_ones_are_kept_by_the_run_and_by_its_model():
    (task, dots), told = dotted(4), []
    proposals, model = run_to_end(train(task, quick()), on_snapshot=told.append)
    messages = " ".join(snapshot.message for snapshot in told)
    assert messages.count("You have drawn on small objects, so those from 8 pixels on are kept.") == 1
    assert "left out" not in messages
    assert iou(told[0].proposals[0].labels > 0, dots) > 0.8
    assert iou(proposals[0].labels > 0, dots) > 0.8
    assert model.params["minimum_size"] == 8


def test_accepted_objects_of_several_classes_teach_what_strokes_have_left_open():
    """Bright squares are of one class and dim ones of another; those between are accepted as the one or the other."""
    image, marks = np.full((64, 64), 20, np.uint8), np.zeros((64, 64), np.uint8)
    accepted = np.zeros(image.shape, np.int32)
    for number, (row, column) in enumerate(np.ndindex(3, 3)):
        square = np.s_[20 * row + 4 : 20 * row + 20, 20 * column + 4 : 20 * column + 20]
        image[square] = (220, 170, 100)[number % 3]
        if number % 3 == 1:
            accepted[square] = number
        elif number < 6:
            marks[square][7:9, 2:14] = FIRST_CLASS + number % 3 // 2
    marks[::20] = BACKGROUND
    open_one = accepted == 7

    def dim_in_open_one(*classes):
        known = np.array(classes, np.int64).reshape(-1, 2)
        task = Task((Plane("squares", image, Scribbles(marks, np.where(open_one, 0, accepted), known)),))
        model = run_to_end(train(task, quick(epochs=40, instant=False, pretrained=False)))[1]
        return predict(model, image).probabilities[2][open_one].mean()

    assert dim_in_open_one((1, 2), (4, 2)) > dim_in_open_one((1, 1), (4, 1)) + 0.1
