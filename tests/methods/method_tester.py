"""What every method must keep, whatever it learns from. A method's test class inherits this and says how it is fed."""

import copy
import dataclasses
import pickle
import sys
import time

import numpy as np
import pytest

from napari_labelfix.annotations import Plane, Task
from napari_labelfix.errors import InputError, ModelError
from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.methods.table import METHODS
from napari_labelfix.params import Params, param_fields
from napari_labelfix.snapshots import BoxRole, Detections, FoundBoxes, PointRole, Proposal, Snapshot, run_to_end


def numbers(belief):
    """What must be the same, to the last bit, where a run or a model is the same."""
    if isinstance(belief, Detections):
        return belief.positions, belief.scores, belief.roles, belief.heatmap
    if isinstance(belief, FoundBoxes):
        return belief.corners, belief.scores, belief.roles
    return belief.labels, belief.confidence


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(numbers(one), numbers(other), strict=True))


def expect_sound_proposal(proposal, shape):
    assert proposal.labels.shape == proposal.classes.shape == shape
    assert proposal.confidence.shape == proposal.ignored.shape == shape
    assert proposal.labels.dtype == np.int32
    assert proposal.confidence.dtype == np.float32
    assert 0 <= proposal.confidence.min() <= proposal.confidence.max() <= 1
    assert np.array_equal(proposal.labels > 0, proposal.classes > 0)


def expect_sound_detections(found, shape):
    count = len(found.positions)
    assert found.positions.shape == (count, 2)
    assert found.scores.shape == found.roles.shape == (count,)
    assert (found.positions.dtype, found.scores.dtype, found.roles.dtype) == (np.float32, np.float32, np.uint8)
    assert ((found.positions >= 0) & (found.positions <= np.subtract(shape, 1))).all()
    assert ((found.scores >= 0) & (found.scores <= 1)).all()
    assert set(found.roles) <= set(PointRole)
    assert found.heatmap.shape == shape
    assert 0 <= found.heatmap.min() <= found.heatmap.max() <= 1
    assert found.radius > 0


def expect_sound_boxes(found, shape):
    count = len(found.corners)
    assert found.corners.shape == (count, 4)
    assert found.scores.shape == found.roles.shape == (count,)
    assert (found.corners.dtype, found.scores.dtype, found.roles.dtype) == (np.float32, np.float32, np.uint8)
    assert ((found.corners >= 0) & (found.corners <= [*shape, *shape])).all()
    assert (found.corners[:, 2:] > found.corners[:, :2]).all()
    assert ((found.scores >= 0) & (found.scores <= 1)).all()
    assert set(found.roles) <= set(BoxRole)
    assert found.training_image is None or found.training_image.shape[:2] == shape


class PassingTime:
    """Stands in for the time module: it passes where it is told that something takes so many seconds."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now

    def take(self, seconds, what):
        """Return what is called `what`, done in so many seconds."""

        def done(*arguments):
            self.now += seconds
            return what(*arguments)

        return done


EXPECT = {Proposal: expect_sound_proposal, Detections: expect_sound_detections, FoundBoxes: expect_sound_boxes}


class MethodTester:
    """Inherit, name the `method`, and give a toy task and quick parameters."""

    method: str
    needs_chance = True  # whether another seed ends with other weights
    losses_at_first = 1  # that tell whether a run began with a network that knew something; more if they differ much

    def task(self) -> Task:
        """Return a small task that the method can learn in seconds."""
        raise NotImplementedError

    def more(self) -> Task:
        """Return the same task with more drawn on it."""
        raise NotImplementedError

    def quick(self, **changes) -> Params:
        """Return parameters of a run of a few seconds."""
        raise NotImplementedError

    def quick_with_weights(self) -> Params:
        """Return quick parameters of a run that begins with what the package ships, if the method has weights."""
        names = {field.name for field in param_fields(METHODS[self.method].params)}
        return self.quick(pretrained=True) if "pretrained" in names else self.quick()

    @property
    def code(self):
        return METHODS[self.method].load()

    def run(self, params: Params | None = None) -> tuple[list[Snapshot], dict, TrainedModel]:
        snapshots: list[Snapshot] = []
        training = self.code.train(self.task(), params or self.quick())
        proposals, model = run_to_end(training, on_snapshot=snapshots.append)
        return snapshots, proposals, model

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def told_at_every_step(cls):
        """Let the loss of every step be told, whatever the clock says."""
        package = METHODS[cls.method].load().__package__
        modules = [module for name, module in sys.modules.items() if name.startswith(f"{package}.")]
        with pytest.MonkeyPatch.context() as patch:
            for module in modules:
                if hasattr(module, "PROGRESS_EVERY"):
                    patch.setattr(module, "PROGRESS_EVERY", 0.0)
            yield

    @pytest.fixture(scope="class")
    @classmethod
    def finished(cls):
        return cls().run()

    def test_the_loss_falls(self, finished):
        losses = [snapshot.metrics["loss"] for snapshot in finished[0] if "loss" in snapshot.metrics]
        assert len(losses) >= 6
        assert np.mean(losses[-3:]) < np.mean(losses[:3])

    def test_every_plane_gets_a_proposal_of_its_size(self, finished):
        planes = self.task().planes
        assert sorted(finished[1]) == list(range(len(planes)))
        for index, belief in finished[1].items():
            EXPECT[type(belief)](belief, planes[index].shape)

    def test_progress_only_goes_forward_and_ends_at_its_total(self, finished):
        steps = [snapshot.step for snapshot in finished[0]]
        assert steps == sorted(steps)
        assert finished[0][-1].step == finished[0][-1].total

    def test_same_seed_same_numbers(self, finished):
        """Snapshots are due by the clock; proposals and weights are not."""
        _, proposals, model = self.run()
        assert model.weights == finished[2].weights
        for index, proposal in proposals.items():
            assert same(proposal, finished[1][index])

    def test_another_seed_other_numbers(self, finished):
        if not self.needs_chance:
            pytest.skip("nothing in this method is left to chance")
        assert self.run(self.quick(seed=7))[2].weights != finished[2].weights

    def test_a_run_goes_on_from_a_saved_model(self, finished, tmp_path):
        finished[2].save(tmp_path)
        snapshots, _, model = self.run(self.quick(start_from=str(tmp_path)))
        assert f"Started from the model in {tmp_path}." in " ".join(snapshot.message for snapshot in snapshots)
        assert model.weights != finished[2].weights
        first, second = ([s.metrics["loss"] for s in told if "loss" in s.metrics] for told in (finished[0], snapshots))
        count = self.losses_at_first
        assert np.mean(second[:count]) < np.mean(first[:count]), "it begins where the other one ended"

    def test_a_model_that_does_not_fit_is_no_start(self, finished, tmp_path):
        dataclasses.replace(finished[2], method="another").save(tmp_path / "method")
        network = {**finished[2].network, "channels": 9}
        dataclasses.replace(finished[2], network=network).save(tmp_path / "channels")
        for name in ("method", "channels"):
            with pytest.raises(InputError, match=rf"has {name} .* Choose another model to start from, or none\."):
                next(self.code.train(self.task(), self.quick(start_from=str(tmp_path / name))))
        with pytest.raises(ModelError, match="is not a saved model"):
            next(self.code.train(self.task(), self.quick(start_from=str(tmp_path / "nothing"))))

    def test_close_stops_and_what_was_said_is_kept(self):
        training = self.code.train(self.task(), self.quick())
        first = next(training)
        kept = copy.deepcopy(first.proposals)
        next(training)
        began = time.monotonic()
        training.close()
        assert time.monotonic() - began < 0.5
        with pytest.raises(StopIteration):
            next(training)
        assert all(same(first.proposals[index], kept[index]) for index in kept)

    def test_snapshots_own_their_data(self):
        training = self.code.train(self.task(), self.quick())
        told = [(s.proposals[0], copy.deepcopy(s.proposals[0])) for s in training if 0 in s.proposals]
        assert len(told) >= 2
        assert all(same(proposal, kept) for proposal, kept in told)

    def test_a_budget_ends_the_run_with_a_model(self):
        proposals, model = run_to_end(self.code.train(self.task(), self.quick(epochs=10_000)), seconds=2)
        assert proposals
        assert model is not None

    def test_params_and_snapshots_pickle(self, finished):
        assert pickle.loads(pickle.dumps(self.quick())) == self.quick()
        for snapshot in finished[0]:
            again = pickle.loads(pickle.dumps(snapshot))
            assert again.metrics == snapshot.metrics

    def test_a_saved_model_predicts_as_before(self, finished, tmp_path):
        plane = self.task().planes[0]
        model = finished[2]
        again = TrainedModel.load(model.save(tmp_path / "model"))
        before, after = (self.code.predict(m, plane.image, "cpu") for m in (model, again))
        assert same(before, after)
        if isinstance(before, Proposal):
            assert before.probabilities.astype(np.float32).sum(axis=0) == pytest.approx(1, abs=2e-3)

    def test_predicting_an_image_with_other_channels_is_refused_in_words(self, finished):
        image = np.random.default_rng(0).random((40, 40, 7))
        with pytest.raises(ModelError, match=r"but this one has 7\. Choose images like those"):
            self.code.predict(finished[2], image, "cpu")

    def test_damaged_weights_are_refused_in_words(self, finished):
        model = finished[2]
        damaged = TrainedModel(model.method, model.params, model.network, model.weights[: len(model.weights) // 2])
        with pytest.raises(ModelError, match="Train the model again"):
            self.code.predict(damaged, self.task().planes[0].image, "cpu")

    def test_a_description_that_lacks_something_is_refused_in_words(self, finished, tmp_path):
        model, image = finished[2], self.task().planes[0].image
        for missing in model.network:
            network = {name: value for name, value in model.network.items() if name != missing}
            with pytest.raises(ModelError, match=f"lacks its {missing}. Train the model again"):
                self.code.predict(dataclasses.replace(model, network=network), image, "cpu")
        dataclasses.replace(model, network={**model.network, "channels": None}).save(tmp_path)
        with pytest.raises(ModelError, match="description is damaged"):
            next(self.code.train(self.task(), self.quick(start_from=str(tmp_path))))

    def test_new_annotations_are_taken_up_without_a_restart(self):
        training = self.code.train(self.task(), self.quick(epochs=10_000))
        before = next(training)
        for _ in range(4):
            before = next(training) or before
        began = time.monotonic()
        answer = training.send(self.more())
        while not answer.proposals:
            answer = next(training)
        assert time.monotonic() - began < 2
        assert answer.step >= before.step
        training.close()

    def test_in_an_empty_plane_among_others_nothing_is_found(self):
        planes = self.task().planes
        blank = Plane("blank", np.full_like(planes[0].image, planes[0].image.max()))
        training = self.code.train(Task((*planes, blank)), self.quick_with_weights())
        told = next(snapshot.proposals[len(planes)] for snapshot in training if len(planes) in snapshot.proposals)
        training.close()
        EXPECT[type(told)](told, blank.shape)
        assert not (told.labels.any() if isinstance(told, Proposal) else told.count)

    def test_where_an_image_has_no_numbers_nothing_is_found(self):
        first, *others = self.task().planes
        margin = np.full((first.image.shape[0], 40, *first.image.shape[2:]), np.nan, np.float32)
        wider = Plane("stitched", np.concatenate([first.image.astype(np.float32), margin], axis=1))
        planes = (first, *others, wider)
        snapshots = []
        training = self.code.train(Task(planes), self.quick_with_weights())
        proposals, model = run_to_end(training, on_snapshot=snapshots.append)
        assert all(np.isfinite(s.metrics["loss"]) for s in snapshots if "loss" in s.metrics)
        for told in (proposals[len(planes) - 1], self.code.predict(model, wider.image, "cpu")):
            EXPECT[type(told)](told, wider.shape)
        told = proposals[len(planes) - 1]
        if isinstance(told, Proposal):
            assert not told.labels[:, -40:].any()
            assert told.labels[:, :-40].any()
        else:
            places = told.positions if isinstance(told, Detections) else told.corners[:, :2]
            assert len(places)
            assert places[:, 1].max() < first.image.shape[1]

    def test_what_cannot_be_taken_up_is_told_and_the_run_goes_on(self):
        planes = self.task().planes
        blank = tuple(dataclasses.replace(plane, image=np.zeros_like(plane.image)) for plane in planes)
        training = self.code.train(self.task(), self.quick())
        next(training)
        answer = training.send(Task(blank))
        assert "is constant" in answer.message
        assert "is constant" not in next(training).message
        training.close()

    def test_an_empty_task_is_refused_in_words(self):
        with pytest.raises(InputError, match="no image"):
            next(self.code.train(Task(()), self.quick()))

    def test_an_unknown_device_is_refused_in_words(self):
        with pytest.raises(InputError, match="device"):
            next(self.code.train(self.task(), self.quick(device="mps")))

    def test_a_task_without_annotation_is_refused_in_words(self):
        planes = tuple(Plane(plane.name, plane.image) for plane in self.task().planes)
        with pytest.raises(InputError):
            next(self.code.train(Task(planes), self.quick()))
