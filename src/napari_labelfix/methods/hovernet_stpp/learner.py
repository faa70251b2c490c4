"""The network of one training, and one step of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_labelfix.data.patches import predict_logits
from napari_labelfix.losses.hover import hover_loss
from napari_labelfix.methods.hovernet_stpp.light import Light
from napari_labelfix.methods.hovernet_stpp.pages import joined, random_crops
from napari_labelfix.methods.starting import saved_start
from napari_labelfix.methods.trainee import Trainee
from napari_labelfix.networks.hovernet import start_hovernet
from napari_labelfix.networks.unet import HOVER, NetworkSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from napari_labelfix.methods.checkpoint import TrainedModel
    from napari_labelfix.methods.hovernet_stpp.pages import Crops, Lessons, Page
    from napari_labelfix.methods.hovernet_stpp.params import HoverNetParams
    from napari_labelfix.networks.unet import Start

METHOD = "hovernet_stpp"
FEWEST_CROPS = 16  # in an epoch


class Learner(Trainee):
    """A network that learns from labels of a person, and from labels of its own.

    Parameters
    ----------
    start
        Where it begins; each training of a run begins there anew.
    spec
        The network.
    params
        The run's parameters.
    device
        Where to compute.
    """

    def __init__(self, start: Start, spec: NetworkSpec, params: HoverNetParams, device: torch.device) -> None:
        super().__init__(start, device, params.batch_size, params.crop)
        self.spec = spec
        self.params = params
        self._rng = np.random.default_rng(params.seed)
        self._plain, self._strong = (Light(self.crop, strong, params.seed) for strong in (False, True))
        self._optimizer = torch.optim.Adam(self.network.parameters(), params.learning_rate)
        self._schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self._optimizer, params.epochs)

    def steps(self, lessons: Lessons) -> int:
        """Return how many steps an epoch has: it sees about every labelled pixel once, and as many of its own."""
        areas = sum(page.area for page in lessons.given)
        crops = max(FEWEST_CROPS, areas // self.crop**2) * (2 if lessons.own else 1)
        return -(-crops // self.batch_size)

    def step(self, lessons: Lessons) -> float:
        """Take one training step and return the loss; when memory runs out, with fewer or smaller crops."""
        return self._within_memory(lambda: self._step(lessons))

    def end_epoch(self) -> None:
        """Move the learning rate along its schedule."""
        self._schedule.step()

    def read(self, image: Tensor) -> Tensor:
        """Return what the network says of a plane: (C, H, W) -> (4, H, W)."""
        return predict_logits(self.settled(), image)

    def model(self) -> TrainedModel:
        """Return the network as it now is."""
        return self.as_model(METHOD, self.params, self.spec)

    def _step(self, lessons: Lessons) -> float:
        own = int(self.batch_size / 2 + self._rng.random()) if lessons.own else 0  # of one crop, turn about
        shares = [(lessons.given, self.batch_size - own, self._plain), (lessons.own, own, self._strong)]
        crops = joined([self._crops(pages, count, light) for pages, count, light in shares if count])
        self._start_step(self.batch_size)
        logits = self.passed(crops.image)
        return self._end_step(hover_loss(logits.float(), crops.foreground, crops.maps, crops.known))

    def _crops(self, pages: Sequence[Page], count: int, light: Light) -> Crops:
        crops = random_crops(pages, count, self.crop, self._rng)
        image, known = light(crops.image, crops.known)
        return crops._replace(image=image, known=known)


def choose_start(spec: NetworkSpec, params: HoverNetParams) -> Start:
    """Return what a run begins with: a saved model, or the best weights at hand."""
    return saved_start(params, METHOD, spec) or start_hovernet(spec, params.pretrained)


def spec_of(params: HoverNetParams, channels: int) -> NetworkSpec:
    """Return the network that images of so many channels need."""
    return NetworkSpec(params.encoder, channels, HOVER.classes)
