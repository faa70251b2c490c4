import numpy as np
import pytest
import torch
from method_tester import MethodTester, PassingTime

from napari_labelfix import snapshots as snapshots_module
from napari_labelfix.annotations import FinishedInstances, Plane, Task
from napari_labelfix.data.tiles import tiles
from napari_labelfix.errors import InputError, TrainingError
from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.methods.hovernet_stpp import learner as learner_module
from napari_labelfix.methods.hovernet_stpp import run as run_module
from napari_labelfix.methods.hovernet_stpp import session as session_module
from napari_labelfix.methods.hovernet_stpp.params import HoverNetParams
from napari_labelfix.methods.hovernet_stpp.run import predict, train
from napari_labelfix.metrics.instances import f1_score
from napari_labelfix.sample_data.synthetic import fluorescence
from napari_labelfix.snapshots import run_to_end

NUCLEI = [fluorescence(seed, (96, 112)) for seed in range(4)]


def quick(**changes):
    return HoverNetParams(**({"epochs": 3, "crop": 64, "device": "cpu"} | changes))


def nuclei_task(*finished, count=4):
    """Planes of which some are finished."""
    return Task(
        tuple(
            Plane(f"plane {i}", image, FinishedInstances(labels) if i in finished else None)
            for i, (image, labels) in enumerate(NUCLEI[:count])
        )
    )


def told(task, **changes):
    return list(train(task, quick(**changes)))


class TestHoverNet(MethodTester):
    method = "hovernet_stpp"

    def task(self):
        small = Plane("small", NUCLEI[1].image[:70, :50])
        return Task((*nuclei_task(0, count=1).planes, small))

    def more(self):
        plane = self.task().planes[1]
        return Task(
            (self.task().planes[0], Plane(plane.name, plane.image, FinishedInstances(NUCLEI[1].labels[:70, :50])))
        )

    def quick(self, **changes):
        return quick(**({"epochs": 2, "pretrained": False, "learning_rate": 3e-3} | changes))


def test_the_first_look_shows_what_the_weights_know_and_the_labels():
    first = {}
    for snapshot in train(nuclei_task(2), quick()):
        if snapshot.stage != "first look":
            break
        first |= snapshot.proposals
    assert sorted(first) == [0, 1, 2, 3]
    assert np.array_equal(first[2].labels, NUCLEI[2].labels)
    assert (first[2].confidence == 1).all()
    assert np.mean([f1_score(first[index].labels, NUCLEI[index].labels) for index in (0, 1, 3)]) > 0.8


def test_reliable_images_come_first_and_it_is_said_which():
    snapshots = told(nuclei_task(0))
    stages = list(dict.fromkeys(snapshot.stage for snapshot in snapshots))
    assert stages == ["first look", session_module.FIRST, session_module.RELIABLE, session_module.ALL, "finished"]
    (chosen,) = [snapshot for snapshot in snapshots if snapshot.ranking is not None]
    assert chosen.message.startswith("Judged reliable, 2 of 3 images without labels: plane ")
    assert (np.diff(chosen.ranking.scores) <= 0).all()
    assert list(chosen.ranking.chosen["reliable"]) == [0, 1]


@pytest.mark.parametrize(
    ("unlabelled", "stages"),
    [("all at once", [session_module.FIRST, session_module.ALL]), ("not used", [session_module.FIRST])],
)
def test_the_baselines_of_the_table_are_choices(unlabelled, stages):
    snapshots = told(nuclei_task(0), unlabelled=unlabelled)
    assert list(dict.fromkeys(snapshot.stage for snapshot in snapshots)) == ["first look", *stages, "finished"]
    assert snapshots[-1].total == 3 * len(stages)


def test_with_every_plane_finished_it_learns_from_the_labels_alone():
    snapshots = told(nuclei_task(0, 1, count=2))
    assert session_module.ALL not in {snapshot.stage for snapshot in snapshots}
    assert snapshots[-1].model is not None


def test_objects_of_all_planes_are_found():
    proposals, model = run_to_end(train(nuclei_task(0), quick(epochs=6)))
    for index in (1, 2, 3):
        assert f1_score(proposals[index].labels, NUCLEI[index].labels) > 0.8
    other = fluorescence(9, (80, 130))
    assert f1_score(predict(model, other.image, "cpu").labels, other.labels) > 0.8


def test_a_part_that_is_finished_stays_and_the_rest_is_found():
    part = np.zeros(NUCLEI[0].labels.shape, bool)
    part[:, :56] = True
    mine = np.where(part, NUCLEI[0].labels, 0)
    task = Task((Plane("one", NUCLEI[0].image, FinishedInstances(mine, part)),))
    proposals, _ = run_to_end(train(task, quick(epochs=4)))
    found = proposals[0].labels
    assert np.array_equal(found[part], mine[part])
    assert f1_score(np.where(part, 0, found), np.where(part, 0, NUCLEI[0].labels)) > 0.7


def test_later_trainings_show_nothing_of_their_first_half(monkeypatch):
    monkeypatch.setattr(session_module, "SHOW_EVERY", 0.0)
    for snapshot in told(nuclei_task(0), epochs=4):
        if snapshot.stage in (session_module.RELIABLE, session_module.ALL) and snapshot.proposals:
            assert snapshot.step % 4 >= 2


def test_a_plane_that_takes_long_to_show_leaves_the_time_to_learning(monkeypatch):
    passing = PassingTime()
    monkeypatch.setattr(snapshots_module, "time", passing)
    monkeypatch.setattr(learner_module.Learner, "steps", lambda *_: 4)
    monkeypatch.setattr(learner_module.Learner, "end_epoch", lambda *_: None)
    monkeypatch.setattr(learner_module.Learner, "step", passing.take(0.4, lambda *_: 0.5))
    monkeypatch.setattr(session_module.Session, "_look_at_all", lambda *_: iter(()))
    monkeypatch.setattr(session_module.Session, "propose", passing.take(5.0, session_module.Session.propose))
    snapshots = told(nuclei_task(0, count=2), epochs=20, unlabelled="not used")
    shown = sum(s.stage == session_module.FIRST and bool(s.proposals) for s in snapshots)
    assert shown == 2, "in 32 seconds of steps: after the first, and 20 later"


def test_a_plane_that_is_finished_meanwhile_is_shown_as_given_and_no_longer_taught_by_the_network():
    training = train(nuclei_task(0), quick(epochs=4))
    while (snapshot := next(training)).stage != session_module.ALL:
        pass
    answer = training.send(nuclei_task(0, 3))
    while 3 not in answer.proposals:
        answer = next(training)
    assert np.array_equal(answer.proposals[3].labels, NUCLEI[3].labels)
    last = {}
    for snapshot in training:
        last |= snapshot.proposals
    assert np.array_equal(last[3].labels, NUCLEI[3].labels)


@pytest.mark.parametrize("at", ["its look", "the last look", "the last model"])
def test_a_plane_that_is_finished_at_the_end_of_a_run_is_shown_as_given(monkeypatch, at):
    monkeypatch.setattr(session_module, "FIRST_SHOWN", 1000.0)
    monkeypatch.setattr(session_module, "MODEL_EVERY", 0.0)
    training = train(nuclei_task(0, count=3), quick(epochs=1, unlabelled="not used"))
    found: list[int] = []
    while found != ([1] if at == "its look" else [1, 2, 0]):
        snapshot = next(training)
        found += snapshot.proposals if snapshot.stage == session_module.FIRST else ()
    while at == "the last model" and snapshot.model is None:
        snapshot = next(training)
    told = [training.send(nuclei_task(0, 1, count=3)), *training]
    last = [snapshot.proposals[1] for snapshot in told if 1 in snapshot.proposals][-1]
    assert np.array_equal(last.labels, NUCLEI[1].labels)
    assert told[-1].stage == "finished"


def test_a_long_epoch_gives_models_and_learns_at_once_from_what_is_sent_in(monkeypatch):
    monkeypatch.setattr(learner_module, "FEWEST_CROPS", 400)
    monkeypatch.setattr(session_module, "PROGRESS_EVERY", 0.0)
    real, learned = learner_module.random_crops, []
    monkeypatch.setattr(learner_module, "random_crops", lambda pages, *of: learned.append([*pages]) or real(pages, *of))
    training = train(nuclei_task(0, count=2), quick())
    while (snapshot := next(training)).model is None:
        pass
    answer = training.send(nuclei_task(0, 1, count=2))
    while 1 not in answer.proposals:
        answer = next(training)
    del learned[:]
    while not learned:
        snapshot = next(training)
    assert snapshot.step == 0
    assert len(learned[0]) == 2
    training.close()


def test_labels_that_are_taken_away_meanwhile_change_nothing_if_none_are_left():
    training = train(nuclei_task(0), quick())
    next(training)
    training.send(nuclei_task())
    assert [snapshot.stage for snapshot in training][-1] == "finished"


def test_a_plane_that_loses_its_labels_before_the_last_checkpoint_is_not_judged_by_that_alone():
    training = train(nuclei_task(0, 1), quick())
    changed, ranked = None, []
    while not ranked:
        snapshot = training.send(changed)
        changed = nuclei_task(0) if changed is None and snapshot.step == 2 else None
        ranked += [snapshot] if snapshot.ranking is not None else []
    assert ranked[0].message.startswith("Judged reliable, 1 of 2 images without labels: plane ")
    assert "plane 1" not in ranked[0].message


def test_all_planes_finished_in_the_middle_of_a_run():
    training = train(nuclei_task(0, count=2), quick())
    while (snapshot := next(training)).stage != session_module.FIRST:
        pass
    training.send(nuclei_task(0, 1, count=2))
    *_, last = training
    assert last.step == last.total == snapshot.total


@pytest.mark.parametrize(
    "task", [nuclei_task(), Task((Plane("a", NUCLEI[0].image, FinishedInstances(NUCLEI[0].labels * 0)),))]
)
def test_without_labels_it_says_what_it_needs(task):
    with pytest.raises(InputError, match="Label every object of one image"):
        next(train(task, quick()))


def test_labels_outside_of_the_finished_part_are_none():
    nowhere = np.zeros(NUCLEI[0].labels.shape, bool)
    task = Task((Plane("a", NUCLEI[0].image, FinishedInstances(NUCLEI[0].labels, nowhere)),))
    with pytest.raises(InputError, match="No image has labels"):
        next(train(task, quick()))


def test_when_memory_runs_out_the_batch_and_then_the_crop_is_halved(monkeypatch):
    real, sizes = learner_module.random_crops, []

    def greedy(pages, count, size, rng):
        sizes.append((count, size))
        if len(sizes) <= 3:
            raise torch.OutOfMemoryError
        return real(pages, count, size, rng)

    monkeypatch.setattr(learner_module, "random_crops", greedy)
    messages = " ".join(
        snapshot.message for snapshot in told(nuclei_task(0, count=1), crop=128, batch_size=4, epochs=1)
    )
    assert "crops of 64 px" in messages
    assert sizes[:4] == [(4, 128), (2, 128), (1, 128), (1, 64)]


def test_a_training_that_diverges_says_so(monkeypatch):
    real = learner_module.hover_loss
    monkeypatch.setattr(learner_module, "hover_loss", lambda *of: real(*of) * float("nan"))
    with pytest.raises(TrainingError, match="Choose a smaller learning rate"):
        told(nuclei_task(0, count=1))


def test_the_papers_network_trains_and_predicts(monkeypatch):
    monkeypatch.setattr(learner_module, "FEWEST_CROPS", 1)
    snapshots = told(
        nuclei_task(0, count=1), encoder="hovernet", pretrained=False, epochs=1, batch_size=1, unlabelled="not used"
    )
    model = snapshots[-1].model
    assert model.network["encoder"] == "hovernet"
    assert predict(model, NUCLEI[1].image, "cpu").labels.shape == NUCLEI[1].labels.shape


def test_of_many_reliable_images_a_few_are_named(monkeypatch):
    monkeypatch.setattr(session_module, "MOST_NAMES", 1)
    messages = " ".join(snapshot.message for snapshot in told(nuclei_task(0), epochs=1))
    assert "Judged reliable, 2 of 3 images without labels: plane " in messages
    assert " and 1 more." in messages


def test_probabilities_are_those_of_the_network_also_where_objects_are_filled_or_dropped(monkeypatch):
    ahead = np.full((60, 60), -4.0, np.float32)
    hole, speck = np.s_[20:23, 20:23], np.s_[50:53, 50:53]
    ahead[10:40, 10:40], ahead[hole], ahead[speck] = 4, -4, 4
    outputs = torch.from_numpy(np.stack([-ahead / 2, ahead / 2, 0 * ahead, 0 * ahead]))
    whole = next(tiles((60, 60), 0))
    monkeypatch.setattr(run_module, "logits_of", lambda *_: [(whole, outputs)])
    network = {"encoder": "microscopy", "channels": 1, "classes": 4}
    found = predict(TrainedModel("hovernet_stpp", quick().to_dict(), network, b""), np.eye(60))
    assert found.labels[hole].all()
    assert not found.labels[speck].any()
    sure = 1 / (1 + np.exp(-4))
    assert found.probabilities[1] == pytest.approx(np.where(ahead > 0, sure, 1 - sure), abs=1e-3)
    assert found.probabilities[0] == pytest.approx(1 - found.probabilities[1], abs=1e-3)
