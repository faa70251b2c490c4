"""The loss of HoVer-Net without its classification branch, on pixels of which something is known."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import torch
from monai.apps.pathology.losses.hovernet_loss import HoVerNetLoss
from monai.utils.enums import HoVerNetBranch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

CERTAIN = 20.0  # a logit: with it the cross-entropy is 0


def hover_loss(logits: Tensor, foreground: Tensor, maps: Tensor, known: Tensor) -> Tensor:
    """Return cross-entropy and Dice of the foreground, and squared errors of the maps and of their gradients.

    Parameters
    ----------
    logits
        (B, 4, H, W): background, foreground, and the horizontal and vertical map.
    foreground
        (B, H, W) bool.
    maps
        (B, 2, H, W) horizontal and vertical distance to the centre of mass, 0 outside of objects.
    known
        (B, H, W) bool. What is said of other pixels counts as right.

    Returns
    -------
    Tensor
        A number.

    Notes
    -----
    Graham et al., HoVer-Net, Medical Image Analysis 2019, by MONAI, with its weights: 1, 1, 2, 1.
    """
    one_hot = functional.one_hot(foreground.long(), 2).movedim(-1, 1).to(logits.dtype)
    right = torch.cat([(2 * one_hot - 1) * CERTAIN, maps], dim=1)
    said = torch.where(known.unsqueeze(1), logits, right)
    prediction = {HoVerNetBranch.NP.value: said[:, :2], HoVerNetBranch.HV.value: said[:, 2:]}
    target = {HoVerNetBranch.NP.value: one_hot, HoVerNetBranch.HV.value: maps}
    loss: Tensor = _monai_loss()(prediction, target)
    return loss


@cache
def _monai_loss() -> HoVerNetLoss:
    return HoVerNetLoss()
