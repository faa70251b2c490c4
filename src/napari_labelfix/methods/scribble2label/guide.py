"""What the strokes mean: the guided network on top of the instant classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_labelfix.data.patches import predict_logits
from napari_labelfix.networks.device import on_device
from napari_labelfix.networks.guided import evidence, guided_input, guided_unet

if TYPE_CHECKING:
    from torch import Tensor

    from napari_labelfix.data.batches import Canvas


class Guide:
    """Knows outlines, and finds out from the strokes which ones are meant.

    Parameters
    ----------
    device
        Where to compute.
    """

    def __init__(self, device: torch.device) -> None:
        self._network = on_device(guided_unet(), device)

    def read(self, canvas: Canvas, guess: Tensor) -> Tensor:
        """Return what is meant on a plane; both (classes, H, W) probabilities.

        Each class is looked for by itself, and what is drawn of the others is background to it.

        Parameters
        ----------
        canvas
            The plane and what is drawn on it.
        guess
            What the instant classifier has learned from the strokes.
        """
        ahead = [torch.zeros_like(guess[0])]  # of the background
        for value in range(1, len(guess)):
            strokes = (canvas.marked == value).int() - ((canvas.marked >= 0) & (canvas.marked != value)).int()
            ahead.append(evidence(predict_logits(self._network, guided_input(canvas.image, guess[value], strokes))))
        return torch.stack(ahead).softmax(0)
