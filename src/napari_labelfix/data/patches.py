"""Predicting planes of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_labelfix.data.tiles import tiles
from napari_labelfix.networks.device import mixed_precision

if TYPE_CHECKING:
    from torch import Tensor, nn

MARGIN = 64  # pixels; no farther neighbour changes what the microscopy encoder predicts
SIDE = 2048  # pixels of a tile; of smaller ones, the margins are too large a part


def predict_probabilities(network: nn.Module, image: Tensor) -> Tensor:
    """Return softmax probabilities of a plane: (C, H, W) -> (classes, H, W) float32, on the image's device."""
    return predict_logits(network, image).softmax(0)


@torch.inference_mode()
def predict_logits(network: nn.Module, image: Tensor) -> Tensor:
    """Return what a network says of a plane: (C, H, W) -> (outputs, H, W) float32, on the image's device."""
    network.eval()
    height, width = int(image.shape[1]), int(image.shape[2])
    whole: Tensor | None = None
    for tile in tiles((height, width), MARGIN, SIDE):
        crop = image[:, *tile.read].unsqueeze(0).contiguous(memory_format=torch.channels_last)
        with mixed_precision(image.device):
            part = network(crop)[0].float()
        whole = part.new_empty(len(part), height, width) if whole is None else whole
        whole[:, *tile.keep] = part[:, *tile.inner]
    assert whole is not None  # a plane has at least one tile
    return whole
