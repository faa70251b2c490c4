"""The guided U-Net: it sees a plane, what a classifier guesses of it, and the strokes that say what is meant.

A network that has learned what nuclei look like marks nuclei, also where a person has drawn on cells; a classifier that
learns from the strokes alone knows nothing of outlines. This one has learned from many pictures, in many lights, in
which the strokes ask for one thing or another, to make of such a guess what the strokes mean (`pretraining/`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_labelfix.networks import microscopy_encoder
from napari_labelfix.networks.shipped import shipped_weights
from napari_labelfix.networks.unet import BACKGROUND, FOREGROUND, NetworkSpec, load_unet

if TYPE_CHECKING:
    from torch import Tensor, nn

COLOURS = 3
GUIDED = NetworkSpec(microscopy_encoder.NAME, channels=COLOURS + 2, classes=3)  # outputs as of the shipped weights


def guided_unet() -> nn.Module:
    """Return the trained network: (B, 5, H, W) from `guided_input` -> (B, 3, H, W) logits; `evidence` reads them."""
    return load_unet(GUIDED, shipped_weights("guided"))


def guided_input(image: Tensor, guess: Tensor, strokes: Tensor) -> Tensor:
    """Join what the guided network sees.

    Parameters
    ----------
    image
        (C, H, W) normalised, any number of channels.
    guess
        (H, W) probability of the foreground.
    strokes
        (H, W): 1 where the foreground is drawn, -1 where the background is, 0 elsewhere.

    Returns
    -------
    Tensor
        (5, H, W).
    """
    return torch.cat([three_colours(image), torch.stack([2 * guess - 1, strokes.to(guess.dtype)])])


def three_colours(image: Tensor) -> Tensor:
    """Share any number of channels out to three: (C, H, W) -> (3, H, W).

    Grey is shown in all three, of two the third is the mean, and of more than three each is the mean of every third.
    """
    channels = len(image)
    if channels == COLOURS:
        return image
    if channels > COLOURS:
        return torch.stack([image[colour::COLOURS].mean(0) for colour in range(COLOURS)])
    return torch.cat([image, image.mean(0, keepdim=True).expand(COLOURS - channels, -1, -1)])


def evidence(logits: Tensor) -> Tensor:
    """Return how far the foreground is ahead of the background: (..., 3, H, W) -> (..., H, W)."""
    return logits[..., FOREGROUND, :, :] - logits[..., BACKGROUND, :, :]
