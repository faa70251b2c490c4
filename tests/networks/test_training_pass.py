"""That recorded passes are the network's own, that they are recorded when it pays, and that a run does without."""

import logging

import pytest
import torch

from napari_labelfix.methods.trainee import Trainee
from napari_labelfix.networks import training_pass
from napari_labelfix.networks.training_pass import TrainingPass
from napari_labelfix.networks.unet import NetworkSpec, freeze_statistics, start_unet

CPU = torch.device("cpu")
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a graphics card with CUDA")


class Recorder:
    """Stands in for CUDA: notes what is recorded, and spoils statistics as a real recording does."""

    def __init__(self, error=None):
        self.shapes, self.error = [], error

    def __call__(self, module, arguments, allow_unused_input):
        self.shapes.append(tuple(arguments[0].shape))
        module(*arguments)
        if self.error is not None:
            raise self.error
        return module


@pytest.fixture
def recorder(monkeypatch):
    recorder = Recorder()
    monkeypatch.setattr(torch.cuda, "make_graphed_callables", recorder)
    return recorder


def a_pass(network=None):
    made = TrainingPass(network or torch.nn.Conv2d(1, 2, 3), CPU)
    made._may_record = True  # as on CUDA
    return made


def crops(count=2, size=8):
    return torch.rand(count, 1, size, size)


def test_on_the_cpu_nothing_is_recorded(recorder):
    passed = TrainingPass(torch.nn.Conv2d(1, 2, 3), CPU)
    for _ in range(5):
        passed(crops())
    assert recorder.shapes == []


def test_a_shape_that_comes_again_and_again_is_recorded_once(recorder):
    passed = a_pass()
    for _ in range(6):
        passed(crops(2))
    assert recorder.shapes == [(2, 1, 8, 8)]


def test_shapes_that_take_turns_are_not_recorded_and_one_that_follows_another_is(recorder):
    passed = a_pass()
    for count in (2, 1, 2, 1, 2, 1, 2, 2, 2, 1, 1, 1):
        passed(crops(count))
        assert passed._recorded is None or recorder.shapes[-1][0] == count
    assert recorder.shapes == [(2, 1, 8, 8), (1, 1, 8, 8)]


def test_recording_does_not_count_as_training(recorder):
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2)).train()
    passed = a_pass(network)
    for _ in range(3):
        passed(crops())
    assert recorder.shapes
    assert int(network[1].num_batches_tracked) == 3


def test_what_cannot_be_recorded_is_taken_as_it_is(recorder, caplog):
    recorder.error = RuntimeError("operation not permitted when stream is capturing")
    passed = a_pass()
    with caplog.at_level(logging.WARNING):
        said = [passed(crops()) for _ in range(6)]
    assert len(recorder.shapes) == 1
    assert [tuple(each.shape) for each in said] == [(2, 2, 6, 6)] * 6
    assert "without CUDA graphs" in caplog.text


def test_what_is_forgotten_is_recorded_anew(recorder):
    passed = a_pass()
    for _ in range(3):
        passed(crops())
    passed.forget()
    for _ in range(3):
        passed(crops())
    assert len(recorder.shapes) == 2


def test_other_outputs_and_too_little_memory_forget_what_is_recorded(recorder):
    trainee = Trainee(start_unet(NetworkSpec("microscopy", 1, 2), pretrained=True), CPU, 4, 64)
    forgotten = []
    trainee.passed.forget = lambda: forgotten.append(True)
    trainee.pick_outputs([0, 1, 1])
    trainee._shrink()
    assert forgotten == [True, True]


@needs_cuda
@pytest.mark.parametrize("encoder", ["microscopy", "resnet18"])
def test_on_a_graphics_card_recorded_steps_are_those_of_the_network(encoder, monkeypatch):
    device = torch.device("cuda")

    def losses(worth_it):
        monkeypatch.setattr(training_pass, "_WORTH_IT", worth_it)
        torch.manual_seed(0)
        start = start_unet(NetworkSpec(encoder, 1, 2), pretrained=encoder == "microscopy")
        network = start.network.to(device).to(memory_format=torch.channels_last).train()
        if start.all_trained:
            freeze_statistics(network)
        optimizer = torch.optim.SGD(network.parameters(), 0.01)
        passed, told = TrainingPass(network, device), []
        for turn in range(12):
            image = torch.rand(2 + turn // 6, 1, 64, 64, device=device)
            loss = torch.nn.functional.cross_entropy(passed(image).float(), (image[:, 0] > 0.5).long())
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            told.append(loss.item())
            del loss  # as in a method's step: what is kept of the last one spoils a recording
        return told, network.state_dict(), passed._recorded

    one_by_one, weights, none = losses(worth_it=100)
    recorded, others, one = losses(worth_it=2)
    assert none is None
    assert one is not None
    assert recorded == pytest.approx(one_by_one, rel=0.02)
    for name, tensor in weights.items():
        assert torch.allclose(tensor.float(), others[name].float(), atol=5e-3), name


@needs_cuda
def test_on_a_graphics_card_a_network_that_looks_at_what_it_computes_is_taken_as_it_is():
    class Looking(torch.nn.Conv2d):
        def forward(self, image):
            said = super().forward(image)
            return said * 2 if said.mean().item() > 0 else said

    device = torch.device("cuda")
    passed = TrainingPass(Looking(1, 2, 3).to(device), device)
    for _ in range(6):
        passed(crops().to(device)).sum().backward()
    assert not passed._may_record
    assert torch.ones(3, device=device).sum().item() == 3  # the device is as it was
