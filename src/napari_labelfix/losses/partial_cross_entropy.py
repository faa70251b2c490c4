"""Cross-entropy over the pixels that have a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

NO_LABEL = -1


def partial_cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Return the mean cross-entropy over labelled pixels; 0 if there are none.

    This is both losses of Scribble2Label (Lee & Jeong 2020): equation 4 with the scribbles as target, and
    equation 5 with the filtered pseudo-labels.

    Parameters
    ----------
    logits
        (B, C, H, W) float.
    target
        (B, H, W) int64 class indices; `NO_LABEL` where there is no label.
    """
    total = functional.cross_entropy(logits.float(), target, ignore_index=NO_LABEL, reduction="sum")
    return total / (target != NO_LABEL).sum().clamp(min=1)
