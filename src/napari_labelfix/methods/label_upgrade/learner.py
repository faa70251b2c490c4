"""The network of a run: from an image, with or without labels of low quality, to right labels."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_labelfix.data.patches import predict_probabilities
from napari_labelfix.losses.dice import masked_dice_loss
from napari_labelfix.methods.label_upgrade.pages import Crops, random_crops
from napari_labelfix.methods.label_upgrade.perturbations import chosen_perturbation
from napari_labelfix.methods.starting import saved_start
from napari_labelfix.methods.trainee import SMALLEST_CROP, Trainee
from napari_labelfix.networks.device import mixed_precision
from napari_labelfix.networks.unet import NetworkSpec, start_unet, with_more_channels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from napari_labelfix.methods.checkpoint import TrainedModel
    from napari_labelfix.methods.label_upgrade.pages import Page
    from napari_labelfix.methods.label_upgrade.params import LabelUpgradeParams
    from napari_labelfix.networks.unet import Start

METHOD = "label_upgrade"
FEWEST_CROPS = 32  # in an epoch
MEASURED_CROPS = 8
GAIN = 0.001  # of Dice; less is chance
OUTWEIGHS = 15  # so many right objects count as much as all that the shipped weights have learned from
UNLABELLED = 0.1  # share of crops without any label, so that the network can do without


class Learner(Trainee):
    """A U-Net that learns from pages.

    It predicts with a mean of its weights before and after: few right objects do not show what other images look like.

    Parameters
    ----------
    channels
        Of the images.
    labelled
        Whether it takes labels beside the image: the upgrade network does, a segmentation network does not.
    params
        The run's parameters.
    device
        Where to compute.
    """

    def __init__(self, channels: int, labelled: bool, params: LabelUpgradeParams, device: torch.device) -> None:
        self.spec = NetworkSpec(params.encoder, channels + labelled, classes=2)
        self.labelled = labelled
        self.params = params
        super().__init__(start_learner(self.spec, labelled, params), device, params.batch_size, params.crop)
        self._how = chosen_perturbation(params)
        self._rng = np.random.default_rng(params.seed)
        self._optimizer = torch.optim.Adam(self.network.parameters(), params.learning_rate)

    def fit_to(self, pages: Sequence[Page]) -> None:
        """Let crops be no larger than what there is to learn from needs, and go far if there are many objects in it."""
        objects = sum(page.objects() for page in pages)
        self.share = objects / (objects + OUTWEIGHS) if self.all_trained else 1.0
        needed = max(page.extent() for page in pages)
        self.crop = min(self.largest_crop, max(SMALLEST_CROP, -(-needed // 32) * 32 + 32))

    def steps(self, pages: Sequence[Page]) -> int:
        """Return how many steps an epoch has: it sees about every right pixel once."""
        crops = max(FEWEST_CROPS, sum(page.area() for page in pages) // self.crop**2)
        return -(-crops // self.batch_size)

    def step(self, pages: Sequence[Page]) -> float:
        """Take one training step and return the loss.

        When memory runs out, the batch and then the crop is halved, and the step is taken again.
        """
        return self._within_memory(lambda: self._step(pages))

    def measured_crops(self, pages: Sequence[Page]) -> Crops | None:
        """Return crops to measure on, always the same for the same pages; None if nothing is held out."""
        if not any(page.area(held_out=True) for page in pages):
            return None
        rng = np.random.default_rng(self.params.seed)
        return random_crops(pages, MEASURED_CROPS, self.crop, self._how, rng, held_out=True)

    @torch.inference_mode()
    def measure(self, crops: Crops) -> float:
        """Return the Dice of the foreground on crops that are not trained on."""
        network = self.settled().eval()
        pixels = self._input(crops.image, crops.given).contiguous(memory_format=torch.channels_last)
        with mixed_precision(self.device):  # one at a time: memory, and it is no slower
            found = torch.cat([network(pixels[i : i + 1]).argmax(1) for i in range(len(pixels))])
        shared = ((found == 1) & (crops.target == 1) & crops.known).sum()
        total = ((found == 1) & crops.known).sum() + ((crops.target == 1) & crops.known).sum()
        return float(2 * shared / total) if total else 1.0

    def predict(self, image: Tensor, given: Tensor) -> Tensor:
        """Return probabilities (2, H, W) of an image (C, H, W) with labels (1, H, W), 0 or 1."""
        return predict_probabilities(self.settled(), torch.cat([image, given]) if self.labelled else image)

    def model(self) -> TrainedModel:
        """Return the network as it now is."""
        return self.as_model(METHOD, self.params, self.spec, labelled=self.labelled)

    def _step(self, pages: Sequence[Page]) -> float:
        crops = random_crops(pages, self.batch_size, self.crop, self._how, self._rng)
        bare = torch.from_numpy(self._rng.random((len(crops.given), 1, 1, 1)) < UNLABELLED).to(self.device)
        self._start_step(self.batch_size)
        logits = self.passed(self._input(crops.image, crops.given.masked_fill(bare, 0)))
        loss = masked_dice_loss(logits, crops.target, crops.known)
        return self._end_step(loss)

    def _input(self, image: Tensor, given: Tensor) -> Tensor:
        return torch.cat([image, given], dim=1) if self.labelled else image


class BestSoFar:
    """Remembers the weights that do best on held-out right labels, and how far to go from those before.

    Parameters
    ----------
    learner
        What is measured; it is fitted to the pages.
    pages
        What it learns from. If nothing of them is held out, the last weights are the best.
    patience
        Measurements without gain after which it `stays`.
    """

    def __init__(self, learner: Learner, pages: Sequence[Page], patience: int) -> None:
        learner.fit_to(pages)
        self._learner = learner
        self._crops = learner.measured_crops(pages)
        self._shares = sorted({learner.share, 1.0})
        self._patience = patience
        self._best, self._reached, self._waited = -1.0, -1.0, 0
        self._weights, self._share = learner.remember(), learner.share

    def note(self) -> dict[str, float]:
        """Measure, remember what is better, and return the measure by its name."""
        if self._crops is None:
            return {}
        score = self._choose_share(self._crops)
        self._waited += 1
        if score > self._best:
            self._best, self._weights, self._share = score, self._learner.remember(), self._learner.share
        if score > self._reached + GAIN:
            self._reached, self._waited = score, 0
        return {"held-out Dice": score}

    def model(self) -> TrainedModel:
        """Return the best network so far; the latest, if nothing is held out or was measured yet."""
        if self._crops is None or self._best < 0:
            return self._learner.model()
        latest, share = self._learner.remember(), self._learner.share
        self.restore()
        model = self._learner.model()
        self._learner.recall(latest)
        self._learner.share = share
        return model

    @property
    def stays(self) -> bool:
        """Whether there has been no gain for long."""
        return self._waited >= self._patience

    def restore(self) -> None:
        """Go back to the best weights."""
        if self._crops is not None:
            self._learner.recall(self._weights)
            self._learner.share = self._share

    def _choose_share(self, crops: Crops) -> float:
        """Let the learner go part of the way or all of it, whichever does better, and return how well that does."""
        scores = {}
        for share in self._shares:
            self._learner.share = share
            scores[share] = self._learner.measure(crops)
        self._learner.share = max(scores, key=lambda share: scores[share])
        return scores[self._learner.share]


def start_learner(spec: NetworkSpec, labelled: bool, params: LabelUpgradeParams) -> Start:
    """Return the network to begin with: pretrained on images, it takes no notice yet of labels beside them."""
    if labelled and (saved := saved_start(params, METHOD, spec, {"labelled": True}, beside=1)):
        return saved
    if not params.pretrained:
        return start_unet(spec, pretrained=False)
    start = start_unet(dataclasses.replace(spec, channels=spec.channels - labelled), pretrained=True)
    return start._replace(network=with_more_channels(start.network, spec))
