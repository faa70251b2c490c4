"""A network in training: what the learners of all methods have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_labelfix.errors import TrainingError
from napari_labelfix.networks.device import on_device
from napari_labelfix.networks.unet import freeze_statistics

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from napari_labelfix.networks.unet import Start

SMALLEST_CROP = 64  # pixels


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
    all_trained
        Whether all of the network was trained before, not its encoder alone.
    """

    _optimizer: torch.optim.Optimizer

    def __init__(self, start: Start, device: torch.device, batch_size: int, crop: int) -> None:
        self.network = on_device(start.network, device)
        self.all_trained = start.all_trained
        self.device = device
        self.batch_size = batch_size
        self.crop = crop
        self._news = start.sentence

    def news(self) -> str:
        """Return the sentence for the user that has not been told yet, or ""."""
        news, self._news = self._news, ""
        return news

    def _within_memory(self, step: Callable[[], float]) -> float:
        """Take a step; when memory runs out, halve the batch, and then the crop, and take it again."""
        while True:
            try:
                return step()
            except torch.OutOfMemoryError:
                self._shrink()

    def _start_step(self) -> None:
        self.network.train()
        if self.all_trained:
            freeze_statistics(self.network)

    def _end_step(self, loss: Tensor) -> float:
        self._optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        self._optimizer.step()
        return loss.item()

    def _shrink(self) -> None:
        torch.cuda.empty_cache()
        if self.batch_size > 1:
            self.batch_size //= 2
            self._news = f"Memory ran out: going on with batches of {self.batch_size}."
        elif self.crop // 2 >= SMALLEST_CROP:
            self.crop //= 2
            self._news = f"Memory ran out: going on with crops of {self.crop} px."
        else:
            raise TrainingError("Memory ran out even with the smallest crops. Choose a smaller encoder or device cpu.")
