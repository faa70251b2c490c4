"""A network in training: what the learners of all methods have in common."""

from __future__ import annotations

import copy
import dataclasses
import math
from typing import TYPE_CHECKING

import torch

from napari_labelfix.data.memory import is_out_of_memory
from napari_labelfix.errors import TrainingError
from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.networks.averaging import set_between
from napari_labelfix.networks.device import free_memory, on_device
from napari_labelfix.networks.training_pass import TrainingPass
from napari_labelfix.networks.unet import freeze_statistics, pick_outputs, save_weights

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    from napari_labelfix.networks.unet import NetworkSpec, Start
    from napari_labelfix.params import Params

SMALLEST_CROP = 64  # pixels
_ONE_VALUE = 32  # pixels: of one crop so small the deepest features are one value, of which there are no statistics


class Trainee:
    """A network that takes training steps on crops, smaller ones when memory runs out.

    A method derives from it, sets `_optimizer`, and takes its steps in `_within_memory`.

    Parameters
    ----------
    start
        The network, and what there is to say of it.
    device
        Where to compute.
    batch_size, crop
        Crops in a step, and their side in pixels.

    Attributes
    ----------
    largest_crop
        Side of the crops for which there is memory, in pixels; `crop` is never larger.
    all_trained
        Whether all of the network was trained before, not its encoder alone.
    share
        Of the weights of now in those that predict, from 0 to 1. The others are those from before the training: what
        one image teaches costs some of what many others have taught.
    """

    _optimizer: torch.optim.Optimizer

    def __init__(self, start: Start, device: torch.device, batch_size: int, crop: int) -> None:
        self.network = on_device(start.network, device)
        self.passed = TrainingPass(self.network, device)
        self.all_trained = start.all_trained
        self.device = device
        self.batch_size = batch_size
        self.crop = self.largest_crop = crop
        self.share = 1.0
        self._before = copy.deepcopy(self.network) if start.all_trained else self.network
        self._settled = copy.deepcopy(self._before) if start.all_trained else self.network
        self._news = start.sentence

    def settled(self) -> nn.Module:
        """Return the network to predict with: between the weights before and those that are being trained."""
        if self._settled is not self.network:
            set_between(self._settled, self._before.state_dict(), self.network.state_dict(), self.share)
        return self._settled

    def pick_outputs(self, outputs: list[int]) -> None:
        """Let the network, as it is and as it was, have these of its outputs, in this order."""
        for network in {id(each): each for each in (self.network, self._before, self._settled)}.values():
            pick_outputs(network, outputs)
            on_device(network, self.device)
        self.passed.forget()

    def as_model(self, method: str, params: Params, spec: NetworkSpec, **more: object) -> TrainedModel:
        """Return the network as it now is, with all it takes to use it; `more` is what else must be known of it."""
        network = dataclasses.asdict(spec) | more
        return TrainedModel(method, params.to_dict(), network, save_weights(self.settled()))

    def remember(self) -> dict[str, Tensor]:
        """Return a copy of the weights, for `recall`."""
        return {name: tensor.detach().clone() for name, tensor in self.network.state_dict().items()}

    def recall(self, weights: dict[str, Tensor]) -> None:
        """Go back to weights from `remember`."""
        self.network.load_state_dict(weights)

    def news(self) -> str:
        """Return the sentence for the user that has not been told yet, or ""."""
        news, self._news = self._news, ""
        return news

    def _batches_of(self, crops: int) -> list[int]:
        """Return the sizes of the batches that so many crops make, or a few more: all are as large."""
        batches = math.ceil(crops / self.batch_size)
        return [math.ceil(crops / batches)] * batches

    def _within_memory(self, step: Callable[[], float]) -> float:
        """Take a step; when memory runs out, halve the batch, and then the crop, and take it again."""
        while True:
            try:
                return step()
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
            self._shrink()  # when the error is gone: it holds on to all that the step had in memory

    def _start_step(self, crops: int) -> None:
        """Make the network ready for a step on so many crops."""
        self.network.train()
        if self.all_trained or (crops == 1 and self.crop <= _ONE_VALUE):
            freeze_statistics(self.network)

    def _end_step(self, loss: Tensor) -> float:
        self._optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        self._optimizer.step()
        value = loss.item()  # at the end: it waits for the device
        if not math.isfinite(value):
            raise TrainingError("The training diverged: its loss is no number. Choose a smaller learning rate.")
        return value

    def _shrink(self) -> None:
        self.passed.forget()
        free_memory()
        if self.batch_size > 1:
            self.batch_size //= 2
            self._news = f"Memory ran out: going on with batches of {self.batch_size}."
        elif self.crop // 2 >= SMALLEST_CROP:
            self.crop //= 2
            self.largest_crop = self.crop
            self._news = f"Memory ran out: going on with crops of {self.crop} px."
        else:
            raise TrainingError("Memory ran out even with the smallest crops. Choose a smaller encoder or device cpu.")
