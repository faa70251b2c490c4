"""MONAI's HoVer-Net as the other networks are: one tensor in, one out, of any size."""

from __future__ import annotations

import contextlib
import io
import logging
from typing import TYPE_CHECKING

import torch
from monai.inferers.utils import sliding_window_inference
from monai.networks.nets.hovernet import HoVerNet
from monai.utils.enums import HoVerNetBranch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

log = logging.getLogger(__name__)

WINDOW = 256  # pixels; MONAI's network takes no other
_OVERLAP = 0.25
_AT_ONCE = 4  # windows


class HoverNet(nn.Module):
    """MONAI's HoVer-Net in its fast mode, without the branch that classifies, for crops and planes of any size.

    Parameters
    ----------
    channels
        Of the images.
    weights
        Address of ImageNet weights for its ResNet-50, or "" to start from random ones.
    """

    def __init__(self, channels: int, weights: str = "") -> None:
        super().__init__()
        with contextlib.redirect_stdout(io.StringIO()) as said:  # MONAI prints how many weights fit
            self.net = HoVerNet(
                "FAST",
                channels,
                decoder_padding=True,
                pretrained_url=weights or None,
                adapt_standard_resnet=bool(weights),
            )
        log.info(said.getvalue().strip())

    def forward(self, image: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, 4, H, W); larger images than 256 x 256 window by window."""
        if max(image.shape[-2:]) > WINDOW:
            found = sliding_window_inference(image, WINDOW, _AT_ONCE, self._outputs, _OVERLAP, mode="gaussian")
            assert isinstance(found, torch.Tensor)  # one for one
            return found
        height, width = image.shape[-2:]
        padded = functional.pad(image, (0, WINDOW - width, 0, WINDOW - height), mode="replicate")
        return self._outputs(padded)[..., :height, :width]

    def _outputs(self, window: Tensor) -> Tensor:
        found = self.net(window)
        return torch.cat([found[HoVerNetBranch.NP.value], found[HoVerNetBranch.HV.value]], dim=1)
