import numpy as np
import pytest
import torch

from napari_labelfix.errors import TrainingError
from napari_labelfix.methods.sissi.learner import Learner, choose_start, spec_of
from napari_labelfix.methods.sissi.pages import Page
from napari_labelfix.methods.sissi.params import SissiParams
from napari_labelfix.networks.faster_rcnn import RESNET50
from napari_labelfix.networks.unet import UnetSpec

CPU = torch.device("cpu")
NOTHING = Page(torch.zeros(1, 64, 64), np.zeros((0, 4), np.float32))
CELL = Page(torch.rand(1, 64, 64), np.array([[20, 20, 44, 44]], np.float32))


def a_learner(spec=None, **changes):
    params = SissiParams(device="cpu", crop=64, batch_size=2, **changes)
    spec_of_start = spec_of(params, 1)
    return Learner(choose_start(spec_of_start, params), spec or spec_of_start, params, CPU)


@pytest.mark.parametrize(("learning_rate", "compact", "resnet50"), [(0.0, 0.01, 0.001), (0.02, 0.02, 0.02)])
def test_a_learning_rate_is_that_of_the_detector_unless_one_is_chosen(learning_rate, compact, resnet50):
    for spec, rate in ((None, compact), (UnetSpec(RESNET50, 1, 2), resnet50)):
        learner = a_learner(spec, learning_rate=learning_rate)
        assert [group["lr"] for group in learner._optimizer.param_groups] == [rate]


def test_where_there_is_nothing_at_all_the_losses_are_numbers():
    learner = a_learner()
    learner.network.rpn.score_thresh = 1.0
    assert np.isfinite(learner.check([NOTHING]))
    assert np.isfinite(next(learner.epoch([NOTHING], [NOTHING])))


def test_without_a_target_it_learns_from_good_boxes_alone():
    assert np.isfinite(next(a_learner().epoch([], [CELL])))


def test_a_loss_that_is_no_number_leaves_the_weights_good():
    learner = a_learner()
    before = learner.state()
    loss = sum(parameter.sum() for parameter in learner.network.parameters()) * torch.nan
    with pytest.raises(TrainingError, match="diverged"):
        learner._end_step(loss)
    assert all(torch.equal(value, before[name]) for name, value in learner.state().items())
