"""The detector: a U-Net that learns a heatmap of cell centres."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_labelfix.data.augment import Augmentation, look, random_grid, random_light, random_place, share_out
from napari_labelfix.data.patches import predict_logits
from napari_labelfix.losses.masked_squared_error import masked_squared_error
from napari_labelfix.methods.starting import saved_start
from napari_labelfix.methods.trainee import Trainee
from napari_labelfix.networks.unet import DEPTH, NetworkSpec, start_unet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from napari_labelfix.methods.checkpoint import TrainedModel
    from napari_labelfix.methods.p_classification.params import PClassificationParams

METHOD = "p_classification"
_DECAY = 5e-5  # of the weights


@dataclasses.dataclass(eq=False)
class Lesson:
    """What the detector learns from one plane.

    Parameters
    ----------
    image
        (C, H, W) float32, normalised, on the device.
    target
        (2, H, W) float32: the heatmap, and the mask of where it is known.
    places
        (N, 2) row, column of what is known, near which crops are cut.
    """

    image: Tensor
    target: Tensor
    places: NDArray[np.floating]

    def random_centre(self, rng: np.random.Generator) -> tuple[float, float]:
        """Return a row and column: half of the time near a known place, so that a crop of a large plane has one."""
        return random_place(self.target.shape[1:], self.places, rng)


class Detector(Trainee):
    """A U-Net with one output, whose sigmoid is the heatmap.

    It starts from the depth that the shipped weights know, nearly a heatmap: 0 on an outline, 1 deepest inside.

    Parameters
    ----------
    channels
        Of every image.
    params
        The run's parameters.
    device
        Where to compute.

    Attributes
    ----------
    origin
        The sentence for the user that says what the network starts from.
    """

    def __init__(self, channels: int, params: PClassificationParams, device: torch.device) -> None:
        self.spec = NetworkSpec(params.encoder, channels, classes=1)
        self.params = params
        saved = saved_start(params, METHOD, self.spec)
        start = saved or start_unet(self.spec, params.pretrained, [DEPTH])
        super().__init__(start, device, params.batch_size, params.crop)
        self.origin = self.news()  # told once for all rounds
        self._rng = np.random.default_rng(params.seed)
        self._optimizer = torch.optim.RAdam(self.network.parameters(), params.learning_rate, weight_decay=_DECAY)

    def hurry(self) -> None:
        """Learn fast from now on; at first it learns slowly, so that a few points do not cost what many have taught.

        RAdam begins with steps of hardly any length, and a short training is over by then.
        """
        if not isinstance(self._optimizer, torch.optim.Adam):
            rate = self.params.learning_rate
            self._optimizer = torch.optim.Adam(self.network.parameters(), rate, weight_decay=_DECAY)

    def heatmap(self, image: Tensor) -> NDArray[np.float32]:
        """Return the heatmap (Y, X) in [0, 1] of a plane (C, H, W)."""
        return predict_heatmap(self.settled(), image)

    def batches(self, lessons: Sequence[Lesson]) -> list[int]:
        """Return the sizes of the batches of an epoch, which sees about every pixel of the planes once."""
        crops = sum(math.ceil(lesson.target[0].numel() / self.crop**2) for lesson in lessons)
        return self._batches_of(crops)

    def step(self, lessons: Sequence[Lesson], count: int) -> float:
        """Take one training step on `count` random crops and return the loss.

        When memory runs out, the batch and then the crop is halved, and the step is taken again.
        """
        return self._within_memory(lambda: self._step(lessons, min(count, self.batch_size)))

    def model(self) -> TrainedModel:
        """Return the network as it now is."""
        return self.as_model(METHOD, self.params, self.spec)

    def _step(self, lessons: Sequence[Lesson], count: int) -> float:
        image, target = self._random_batch(lessons, count)
        self._start_step(count)
        logits = self.passed(image)
        loss = masked_squared_error(torch.sigmoid(logits[:, 0].float()), target[:, 0], target[:, 1])
        return self._end_step(loss)

    def _random_batch(self, lessons: Sequence[Lesson], count: int) -> tuple[Tensor, Tensor]:
        """Return image (B, C, S, S) and target (B, 2, S, S) of random crops, larger planes more often."""
        how = Augmentation()
        areas = [lesson.target[0].numel() for lesson in lessons]
        per_lesson = share_out(count, areas, self._rng)
        images, targets = [], []
        for lesson, crops in zip(lessons, per_lesson, strict=True):
            centres = [lesson.random_centre(self._rng) for _ in range(crops)]
            if centres:
                grid = random_grid(lesson.image, centres, self.crop, how, self._rng)
                images.append(look(lesson.image, grid, "bilinear"))
                targets.append(look(lesson.target, grid, "nearest"))
        return random_light(torch.cat(images), how), torch.cat(targets)


def predict_heatmap(network: torch.nn.Module, image: Tensor) -> NDArray[np.float32]:
    """Return what a detector's network makes of a plane: (C, H, W) -> (Y, X) float32 in [0, 1]."""
    heatmap: NDArray[np.float32] = torch.sigmoid(predict_logits(network, image))[0].numpy(force=True)
    return heatmap
