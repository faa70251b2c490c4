"""How much the instant classifier counts beside the network: alone at first, then as much, then ever less.

The two err in different places, so that their mean is better than either: on 31 crops of validation images of three
kinds, before any training, the classifier's mean IoU was 0.640, the network's 0.684, and that of their mean 0.737; on
20 crops it was better than both, on none worse than both. How well the network agrees with the scribbles does not tell
which of the two is better there; it is no more than a condition, which a network that finds nothing fails.
"""

from __future__ import annotations

from statistics import mean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

SHARE = 0.5  # the classifier's weight beside a network that agrees with the scribbles
HALVED_EVERY = 150  # epochs: what has been learned for long counts more
GOOD, USELESS = 0.9, 0.6  # agreements from which a network counts fully, and up to which it does not count


class Trust:
    """Weighs the two by how well the network agrees with the scribbles."""

    def __init__(self) -> None:
        self._agreements: dict[int, float] = {}

    def note(self, index: int, agreement: float) -> None:
        """Keep how well the network agrees with the scribbles of a plane."""
        self._agreements[index] = agreement

    def doubt(self) -> float:
        """Return how far the network is from being its own teacher: 1 is useless, 0 is good.

        A good network learns from itself alone: taught by the mean of both, it fell from IoU 0.88 to 0.74 within 100
        epochs on an image on which the classifier is weak, and rose to 0.93 taught by itself.
        """
        if not self._agreements:
            return 1.0
        return min(1.0, max(0.0, (GOOD - mean(self._agreements.values())) / (GOOD - USELESS)))

    def instant_weight(self, epoch: int) -> float:
        """Return the instant classifier's weight in what is shown, from 0 to 1."""
        return max(self.doubt(), SHARE * 0.5 ** (epoch / HALVED_EVERY))


def agreement(probabilities: Tensor, marked: Tensor) -> float:
    """Return the mean probability of what is drawn, each class counting alike.

    Parameters
    ----------
    probabilities
        (classes, H, W).
    marked
        (H, W) class indices, negative where nobody has drawn; something must be.
    """
    drawn = [marked == value for value in range(len(probabilities))]
    return mean(share[here].mean().item() for share, here in zip(probabilities, drawn, strict=True) if here.any())
