"""The light in which crops are shown: HoVer-Net's for labels of a person, ST++'s for labels of the network's own.

What the network says of an image in its own light it learns to say in any. ST++: Yang et al., CVPR 2022.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import torch
from monai.transforms.compose import Compose
from monai.transforms.intensity.array import (
    RandAdjustContrast,
    RandCoarseDropout,
    RandGaussianNoise,
    RandGaussianSmooth,
    RandHistogramShift,
    RandScaleIntensity,
    RandShiftIntensity,
)
from monai.utils.type_conversion import convert_to_tensor

if TYPE_CHECKING:
    from torch import Tensor

_WIDTHS = (0.5, 1.5)  # pixels, of a blur
# with the paper's 1 to 2, which only darken, outlines came out a fifth larger than they were drawn
_GAMMA = (0.75, 1.33)


class Light:
    """Relights crops at random, each in its own way.

    Parameters
    ----------
    crop
        Side of a crop in pixels.
    strong
        Whether to change colours, blur and cut squares out, too. What is cut out is not learned from.
    seed
        Of chance.
    """

    def __init__(self, crop: int, strong: bool, seed: int) -> None:
        changes = [
            RandGaussianNoise(prob=0.25, std=0.1),
            RandAdjustContrast(prob=0.25, gamma=_GAMMA),
            RandGaussianSmooth(prob=0.25, sigma_x=_WIDTHS, sigma_y=_WIDTHS),
            RandHistogramShift(prob=0.1, num_control_points=3),
        ]
        if strong:
            changes += [
                RandScaleIntensity(factors=0.3, prob=0.8, channel_wise=True),
                RandShiftIntensity(offsets=0.2, prob=0.8, channel_wise=True),
                RandGaussianSmooth(prob=0.5, sigma_x=_WIDTHS, sigma_y=_WIDTHS),
            ]
        smallest, largest = crop // 16, crop // 3
        cut = RandCoarseDropout(1, smallest, fill_value=0, max_holes=3, max_spatial_size=largest, prob=0.5)
        self._change, self._cut = Compose(changes), Compose([cut] if strong else [])
        self._change.set_random_state(seed)
        self._cut.set_random_state(seed)

    def __call__(self, image: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """Return crops (B, C, H, W) in other light, and where something is known of them (B, H, W)."""
        lit = [self._relit(crop) for crop in image]
        both = [self._cut(torch.cat([crop, where[None]])) for crop, where in zip(lit, known, strict=True)]
        seen = torch.stack([convert_to_tensor(crop, track_meta=False) for crop in both])
        return seen[:, :-1], seen[:, -1] > 0

    def _relit(self, crop: Tensor) -> Tensor:
        if crop.min() < crop.max():
            return self._change(crop)
        with warnings.catch_warnings():  # as in an empty plane, of which MONAI says so each time
            warnings.filterwarnings("ignore", "The image's intensity is a single value")
            return self._change(crop)
