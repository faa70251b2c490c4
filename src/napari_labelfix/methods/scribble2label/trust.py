"""How much the instant classifier counts beside the network: all at first, ever less as the network proves itself."""

from __future__ import annotations

from statistics import mean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

# Chosen on validation images of kinds that the shipped weights had not been trained on, see docs/scribble2label.md.
GOOD = 0.9  # agreement with the scribbles from which a network is taken to understand the image
USELESS = 0.6  # agreement up to which it does not count at all
LEAST, MOST = 0.3, 0.7  # the classifier's weight beside a network that understood at first sight, and that did not
HALVED_EVERY = 400  # epochs


class Trust:
    """Weighs the two by how well the network agrees with the scribbles, at first sight and now.

    What it says of the scribbles before it has learned from them is an honest test; afterwards it is no more than a
    condition, which a network that finds nothing still fails.
    """

    def __init__(self) -> None:
        self._first: dict[int, float] = {}
        self._now: dict[int, float] = {}

    def note(self, index: int, agreement: float) -> None:
        """Keep how well the network agrees with the scribbles of a plane."""
        self._first.setdefault(index, agreement)
        self._now[index] = agreement

    def instant_weight(self, epoch: int) -> float:
        """Return the instant classifier's weight in what is believed, from 0 to 1."""
        if not self._now:
            return 1.0
        at_first, now = mean(self._first.values()), mean(self._now.values())
        lasting = _between(LEAST + 2 * (GOOD - at_first), LEAST, MOST) * 0.5 ** (epoch / HALVED_EVERY)
        return max(lasting, _between((GOOD - now) / (GOOD - USELESS), 0, 1))


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


def _between(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
