import numpy as np
import pytest
import torch

from napari_labelfix.errors import TrainingError
from napari_labelfix.methods.sissi import learner as learner_module
from napari_labelfix.methods.sissi.learner import Learner, choose_start, spec_of
from napari_labelfix.methods.sissi.pages import Page
from napari_labelfix.methods.sissi.params import SissiParams
from napari_labelfix.networks.faster_rcnn import RESNET50
from napari_labelfix.networks.unet import NetworkSpec

CPU = torch.device("cpu")
NOTHING = Page(torch.zeros(1, 64, 64), np.zeros((0, 4), np.float32))
NOISE = torch.rand(1, 64, 64, generator=torch.Generator().manual_seed(0))
CELL = Page(NOISE, np.array([[20, 20, 44, 44]], np.float32))


def a_learner(spec=None, **changes):
    params = SissiParams(device="cpu", crop=64, batch_size=2, **changes)
    spec_of_start = spec_of(params, 1)
    return Learner(choose_start(spec_of_start, params), spec or spec_of_start, params, CPU)


@pytest.mark.parametrize(("learning_rate", "compact", "resnet50"), [(0.0, 0.01, 0.001), (0.02, 0.02, 0.02)])
def test_a_learning_rate_is_that_of_the_detector_unless_one_is_chosen(learning_rate, compact, resnet50):
    for spec, rate in ((None, compact), (NetworkSpec(RESNET50, 1, 2), resnet50)):
        learner = a_learner(spec, learning_rate=learning_rate)
        assert [group["lr"] for group in learner._optimizer.param_groups] == [rate]


def test_where_there_is_nothing_at_all_the_losses_are_numbers():
    learner = a_learner()
    learner.network.rpn.score_thresh = 1.0
    assert np.isfinite(learner.check([NOTHING]))
    assert np.isfinite(next(learner.epoch([NOTHING], [NOTHING])))


def test_without_a_target_it_learns_from_good_boxes_alone():
    assert np.isfinite(next(a_learner().epoch([], [CELL])))


def test_a_loss_that_is_no_number_ends_the_run():
    learner = a_learner()
    loss = sum(parameter.sum() for parameter in learner.network.parameters()) * torch.nan
    with pytest.raises(TrainingError, match="diverged"):
        learner._end_step(loss)


def test_a_batch_of_one_is_learned_from_the_target_and_the_source_by_turns(monkeypatch):
    learner, seen = a_learner(), []
    learner.batch_size = 1
    real = learner_module.random_crops

    def noting(pages, *of):
        seen.append(pages)
        return real(pages, *of)

    monkeypatch.setattr(learner_module, "random_crops", noting)
    steps = learner.epoch([CELL], [NOTHING])
    for _ in range(8):
        next(steps)
    assert seen.count([CELL]) >= 2
    assert seen.count([NOTHING]) >= 2


def test_good_boxes_are_measured_on_within_the_memory_that_there_is(monkeypatch):
    torch.manual_seed(0)  # the loss draws which proposals count
    learner, seen = a_learner(), []
    before = learner.check([CELL])
    real = learner_module.detection_loss

    def greedy(network, images, boxes):
        seen.append(len(images))
        if len(images) > 1:
            raise RuntimeError("MPS backend out of memory")
        return real(network, images, boxes)

    monkeypatch.setattr(learner_module, "detection_loss", greedy)
    assert learner.check([CELL]) == pytest.approx(before, rel=0.3)
    assert seen == [8, 1, 1, 1, 1, 1, 1, 1, 1]
    assert learner.batch_size == 1
