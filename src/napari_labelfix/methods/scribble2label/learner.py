"""The network of a run and one step of its training."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_labelfix.data.augment import Augmentation
from napari_labelfix.data.patches import piecewise_logits
from napari_labelfix.losses.partial_cross_entropy import partial_cross_entropy
from napari_labelfix.methods.scribble2label.canvas import random_batch
from napari_labelfix.methods.scribble2label.targets import pseudo_label
from napari_labelfix.methods.starting import saved_start
from napari_labelfix.methods.trainee import Trainee
from napari_labelfix.networks.unet import NetworkSpec, start_unet

if TYPE_CHECKING:
    from collections.abc import Generator

    from torch import Tensor

    from napari_labelfix.methods.checkpoint import TrainedModel
    from napari_labelfix.methods.scribble2label.canvas import Canvas
    from napari_labelfix.methods.scribble2label.params import Scribble2LabelParams

FEWEST_CROPS = 4  # in an epoch; batch normalisation is noisy on fewer
# Of the weights from before in those that predict, if they know such images: after 200 epochs on two bright field ones
# with 10 % scribbles what was shown had IoU 0.794 and 0.595 with it, 0.751 and 0.579 without. Weights that do not know
# such images are a hindrance: the network itself had 0.924 with half of them, 0.985 without, on one in fluorescence.
KEPT = 0.5
METHOD = "scribble2label"


class Learner(Trainee):
    """A U-Net that learns from canvases, with the paper's optimiser and schedule.

    Parameters
    ----------
    spec
        The network.
    params
        The run's parameters.
    device
        Where to compute.
    """

    def __init__(self, spec: NetworkSpec, params: Scribble2LabelParams, device: torch.device) -> None:
        start = saved_start(params, METHOD, spec) or start_unet(spec, params.pretrained)
        super().__init__(start, device, params.batch_size, params.crop)
        self.spec = spec
        self.params = params
        self._rng = np.random.default_rng(params.seed)
        self._optimise()

    def keep(self, credit: float) -> None:
        """Predict with more of the weights from before the more these are believed, from 0 to 1."""
        self.share = 1 - KEPT * credit if self.all_trained else 1.0

    def batches(self, canvases: list[Canvas]) -> list[int]:
        """Return the sizes of the batches of an epoch, which sees about every pixel of the canvases once."""
        crops = sum(math.ceil(canvas.marked.numel() / self.crop**2) for canvas in canvases)
        return self._batches_of(max(crops, FEWEST_CROPS))

    def step(self, canvases: list[Canvas], count: int, pseudo_weight: float) -> float:
        """Take one training step on `count` random crops and return the loss (equation 6).

        When memory runs out, the batch and then the crop is halved, and the step is taken again.
        """
        return self._within_memory(lambda: self._step(canvases, min(count, self.batch_size), pseudo_weight))

    def predict(self, canvas: Canvas) -> Generator[None, None, Tensor]:
        """Return probabilities (classes, H, W) of a plane, without augmentation; yield between tiles of a large one."""
        logits = yield from piecewise_logits(self.settled(), canvas.image)
        return logits.softmax(0)

    def start_epoch(self) -> None:
        """Move the learning rate along its schedule."""
        self._schedule.step()

    def know_classes(self, classes: int) -> None:
        """Let the network tell `classes` apart; a new class starts as the first one, the others stay."""
        new = classes - self.spec.classes
        if new > 0:
            self.pick_outputs([*range(self.spec.classes)] + [1] * new)
            self.spec = dataclasses.replace(self.spec, classes=classes)
            self._optimise()

    def model(self, params: Scribble2LabelParams) -> TrainedModel:
        """Return the network as it now is, to be used with these parameters."""
        return self.as_model(METHOD, params, self.spec)

    def _step(self, canvases: list[Canvas], count: int, pseudo_weight: float) -> float:
        batch = random_batch(canvases, count, self.crop, Augmentation(), self._rng)
        self._start_step(count)
        logits = self.passed(batch.image)
        loss = partial_cross_entropy(logits, batch.marked)
        if pseudo_weight > 0:
            pseudo = pseudo_label(batch.belief, batch.marked, self.params.threshold)
            loss = loss + pseudo_weight * partial_cross_entropy(logits, pseudo)
        return self._end_step(loss)

    def _optimise(self) -> None:
        encoder: Any = self.network.encoder
        rate = self.params.learning_rate
        in_encoder = {id(p) for p in encoder.parameters()}
        decoder = [p for p in self.network.parameters() if id(p) not in in_encoder]
        groups = [{"params": encoder.parameters(), "lr": rate}, {"params": decoder, "lr": 10 * rate}]
        self._optimizer = torch.optim.RAdam(groups, weight_decay=5e-5)
        self._schedule = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(self._optimizer, T_0=2, T_mult=2)
