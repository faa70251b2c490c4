"""Squared error where there is something to compare with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def masked_squared_error(predicted: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Return the mean squared error over the pixels of a mask, weighted by it; 0 if the mask is empty.

    The detector's loss of P-classification (Fujii et al. 2021): outside of the discs around known places nothing is
    learned.

    Parameters
    ----------
    predicted, target
        (B, H, W) float.
    mask
        (B, H, W) weights from 0 up.
    """
    return (mask * (predicted - target).square()).sum() / mask.sum().clamp(min=1e-6)
