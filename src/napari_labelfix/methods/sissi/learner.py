"""The detector of one run, and a step of its training."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_labelfix.methods.sissi.pages import Crops, joined, random_crops
from napari_labelfix.methods.sissi.views import find_by_part, find_first
from napari_labelfix.methods.starting import saved_start
from napari_labelfix.methods.trainee import Trainee
from napari_labelfix.networks.device import mixed_precision
from napari_labelfix.networks.faster_rcnn import (
    CLASSES,
    RATES,
    SIZES,
    detection_loss,
    load_detector,
    start_detector,
)
from napari_labelfix.networks.unet import NetworkSpec, freeze_statistics

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from torch import Tensor

    from napari_labelfix.methods.checkpoint import TrainedModel
    from napari_labelfix.methods.sissi.fusion import Scored
    from napari_labelfix.methods.sissi.pages import Page
    from napari_labelfix.methods.sissi.params import SissiParams
    from napari_labelfix.networks.unet import Start

METHOD = "sissi"
FEWEST_CROPS = 32  # in an epoch
SHARE = 0.5  # of the weights after training in those that find: weak boxes also teach what is wrong
_MOMENTUM, _DECAY = 0.9, 2e-4
_PATIENCE = 2  # epochs without a lower loss on good boxes, after which the learning rate falls to a tenth
_CHECKED = 8  # crops that the loss on good boxes is measured on


class Learner(Trainee):
    """A detector that learns half from good boxes and half from those of the planes to label.

    Parameters
    ----------
    start
        Where it begins.
    spec
        The detector.
    params
        The run's parameters.
    device
        Where to compute.
    """

    def __init__(self, start: Start, spec: NetworkSpec, params: SissiParams, device: torch.device) -> None:
        super().__init__(start, device, params.batch_size, params.crop)
        self.spec, self.params = spec, params
        self.share = SHARE
        self._at_once = _CHECKED  # crops in memory when the loss on good boxes is measured
        self._rng = np.random.default_rng(params.seed)
        rate = params.learning_rate or RATES[spec.encoder]
        self._optimizer = torch.optim.SGD(self.network.parameters(), rate, momentum=_MOMENTUM, weight_decay=_DECAY)
        self._schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(self._optimizer, patience=_PATIENCE)

    def epoch(self, target: Sequence[Page], source: Sequence[Page]) -> Iterator[float]:
        """Train on about every pixel of the target once, and on as many of the source; tell the loss of each step.

        Without a target, all is learned from the source, and without a source all from the target.
        """
        crops = 2 * max(FEWEST_CROPS, sum(page.area for page in target) // self.crop**2)
        for _ in range(-(-crops // self.batch_size)):
            yield self._within_memory(lambda: self._step(target, source))

    def check(self, source: Sequence[Page]) -> float:
        """Return the loss on the same crops of the source each time, and let the learning rate follow it."""
        loss = self._within_memory(lambda: self._check(source))
        self._schedule.step(loss)
        return loss

    def find(self, image: Tensor, thorough: bool) -> Generator[None, None, Scored]:
        """Return the boxes in a page (C, H, W), pausing now and then."""
        return find_by_part(self.settled(), image, self.params.lowest_score, thorough, SIZES[self.spec.encoder])

    def find_first(self, image: Tensor, place: tuple[int, int]) -> Scored | None:
        """Return the boxes around a place (row, column) of a large page, for whoever waits; None of a small one."""
        return find_first(self.settled(), image, place, self.params.lowest_score, SIZES[self.spec.encoder])

    def model(self, cell: float) -> TrainedModel:
        """Return the detector as it now is, and how large the cells are that it has learned from, in pixels."""
        return self.as_model(METHOD, self.params, self.spec, cell=cell)

    def _step(self, target: Sequence[Page], source: Sequence[Page]) -> float:
        own = (self.batch_size + 1) // 2 if source else self.batch_size
        if self.batch_size == 1 and source:
            own = int(self._rng.integers(2))  # turn about
        own = own if target else 0
        shares = [(target, own), (source, self.batch_size - own)]
        crops = joined([random_crops(pages, count, self.crop, self._rng) for pages, count in shares if count])
        self._start_step(self.batch_size)
        return self._end_step(self._loss(crops))

    def _check(self, source: Sequence[Page]) -> float:
        rng = np.random.default_rng(self.params.seed)
        with torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(self.params.seed)
            self.network.train()
            freeze_statistics(self.network)
            images, boxes = random_crops(source, _CHECKED, self.crop, rng)
            ends = [(at, at + self._at_once) for at in range(0, _CHECKED, self._at_once)]
            parts = [Crops(images[start:end], boxes[start:end]) for start, end in ends]
            return fmean(float(self._loss(part)) for part in parts)

    def _shrink(self) -> None:
        super()._shrink()
        self._at_once = min(_CHECKED, self.batch_size)

    def _loss(self, crops: Crops) -> Tensor:
        with mixed_precision(self.device):
            loss = detection_loss(self.network, crops.images.contiguous(memory_format=torch.channels_last), crops.boxes)
        return loss.float()


def choose_start(spec: NetworkSpec, params: SissiParams) -> Start:
    """Return what a run begins with: a saved model, or the best weights at hand."""
    return saved_start(params, METHOD, spec, load=load_detector) or start_detector(spec, params.pretrained)


def spec_of(params: SissiParams, channels: int) -> NetworkSpec:
    """Return the detector that images of so many channels need."""
    return NetworkSpec(params.encoder, channels, CLASSES)
