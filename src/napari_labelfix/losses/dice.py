"""Dice as a loss, where there is something to compare with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_SMOOTHING = 1.0  # pixels; a class that is nowhere, and nowhere expected, costs nothing


def masked_dice_loss(logits: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Return 1 - Dice of softmax probabilities, averaged over the classes; a batch counts as one image.

    The loss of the upgrade network (Vadineanu et al. 2024, section 2.4); the mask is ours.

    Parameters
    ----------
    logits
        (B, classes, H, W) float.
    target
        (B, H, W) int64 class indices.
    mask
        (B, H, W) bool: pixels whose target is known.
    """
    known = mask.unsqueeze(1)
    probabilities = logits.float().softmax(dim=1) * known
    expected = (target.unsqueeze(1) == target.new_tensor(range(logits.shape[1])).view(1, -1, 1, 1)) & known
    shared = (probabilities * expected).sum(dim=(0, 2, 3))
    total = probabilities.sum(dim=(0, 2, 3)) + expected.sum(dim=(0, 2, 3))
    return 1 - ((2 * shared + _SMOOTHING) / (total + _SMOOTHING)).mean()
