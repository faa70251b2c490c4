"""Between two states of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn


def set_between(network: nn.Module, before: Mapping[str, Tensor], after: Mapping[str, Tensor], share: float) -> None:
    """Give a network the mean of its weights before and after a training.

    A little data teaches a network its own look and lets it forget others; the mean keeps some of both (Wortsman et
    al., Robust Fine-Tuning of Zero-Shot Models, CVPR 2022).

    Parameters
    ----------
    network
        Of any weights; they are replaced.
    before, after
        Weights by name, as `state_dict` gives them. Counters are those after.
    share
        From 0, as before, to 1, as after.
    """
    with torch.no_grad():
        for name, weight in network.state_dict().items():
            new = after[name]
            weight.copy_(torch.lerp(before[name], new, share) if new.is_floating_point() else new)
