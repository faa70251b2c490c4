"""What a network in training does when memory runs out, and where there is too little to take statistics of."""

import gc
import weakref

import pytest
import torch

from napari_labelfix.annotations import Plane, Scribbles, Task
from napari_labelfix.errors import TrainingError
from napari_labelfix.methods.scribble2label.params import Scribble2LabelParams
from napari_labelfix.methods.scribble2label.run import train
from napari_labelfix.methods.trainee import SMALLEST_CROP, Trainee
from napari_labelfix.networks.unet import Start
from napari_labelfix.sample_data.scribbles import scribbles_from_labels
from napari_labelfix.sample_data.synthetic import fluorescence
from napari_labelfix.snapshots import run_to_end

MPS = RuntimeError("MPS backend out of memory (MPS allocated: 8 GB). Tried to allocate 256 MB")
CPU = RuntimeError("[enforce fail at alloc_cpu.cpp:119] err == 0. DefaultCPUAllocator: can't allocate memory: you")


def a_trainee(batch_size=8, crop=2 * SMALLEST_CROP):
    return Trainee(Start(torch.nn.Conv2d(1, 2, 3), "", False), torch.device("cpu"), batch_size, crop)


def failing(errors):
    """Return a step that fails with each of these in turn, and then ends with 7."""
    left = list(errors)

    def step():
        if left:
            raise left.pop(0)
        return 7.0

    return step


@pytest.mark.parametrize("error", [MPS, CPU, torch.OutOfMemoryError("CUDA out of memory"), MemoryError()])
def test_the_batch_and_then_the_crop_are_halved_whoever_runs_out_of_memory(error):
    trainee = a_trainee(batch_size=2)
    assert trainee._within_memory(failing([error])) == 7
    assert (trainee.batch_size, trainee.crop) == (1, 2 * SMALLEST_CROP)
    assert trainee._within_memory(failing([error])) == 7
    assert (trainee.batch_size, trainee.crop, trainee.largest_crop) == (1, SMALLEST_CROP, SMALLEST_CROP)
    with pytest.raises(TrainingError, match="even with the smallest crops"):
        trainee._within_memory(failing([error]))


def test_another_error_is_none_of_memory():
    trainee = a_trainee()
    with pytest.raises(RuntimeError, match="shapes differ"):
        trainee._within_memory(failing([RuntimeError("shapes differ")]))
    assert trainee.batch_size == 8


def test_what_the_failed_step_held_is_gone_when_memory_is_given_back(monkeypatch):
    held = []

    def step():
        if not held:
            large = torch.zeros(10)
            held.append(weakref.ref(large))
            raise RuntimeError(*MPS.args)
        return 7.0

    def give_back():
        gc.collect()
        assert held[0]() is None

    monkeypatch.setattr(torch.cuda, "empty_cache", give_back)
    assert a_trainee()._within_memory(step) == 7


def test_a_single_small_crop_is_enough_for_a_network_from_scratch():
    """Five times halved, 32 pixels are one, of which batch normalisation knows no statistics."""
    image, labels = fluorescence(1, (32, 32))
    task = Task((Plane("small", image, Scribbles(scribbles_from_labels(labels, 1.0))),))
    params = Scribble2LabelParams(
        encoder="resnet18", pretrained=False, crop=32, batch_size=1, epochs=1, instant=False, device="cpu"
    )
    assert run_to_end(train(task, params))[1] is not None
