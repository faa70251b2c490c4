"""Whom to believe: the instant classifier, the network at first sight, or the network as it has learned since.

They err in different places, so that their mean is better than any: on 56 crops of validation images of three kinds,
before any training, the classifier's mean IoU was 0.612, the network's 0.792, and with one vote against two 0.800; on
35 crops it was better than both, on none worse than both. How well the network agrees with the scribbles does not
tell which is better there; it is no more than a condition, which a network that finds nothing fails. And a network
that learns from a few strokes drifts on some images: the first sight, which does not, keeps what is shown from
following it.
"""

from __future__ import annotations

from statistics import mean
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

HALVED_EVERY = 1000  # epochs: what has been learned for long counts more
GOOD, USELESS = 0.7, 0.5  # agreements from which a network counts fully, and up to which it does not count


class Votes(NamedTuple):
    """How much each counts in what is shown, relative to the others."""

    classifier: float
    first_look: float
    network: float


class Trust:
    """Weighs them by how well the network agrees with the scribbles, at first sight and now."""

    def __init__(self) -> None:
        self._first: dict[int, float] = {}
        self._now: dict[int, float] = {}

    def note(self, index: int, agreement: float) -> None:
        """Keep how well the network agrees with the scribbles of a plane."""
        self._first.setdefault(index, agreement)
        self._now[index] = agreement

    def doubt(self) -> float:
        """Return how far the network is from being its own teacher: 1 is useless, 0 is good.

        A good network learns from itself alone: taught by the mean of both, it fell from IoU 0.88 to 0.74 within 100
        epochs on an image on which the classifier is weak, and rose to 0.93 taught by itself.
        """
        return _doubt(self._now)

    def votes(self, epoch: int) -> Votes:
        """Return the votes: one each, less for a network that disagrees, and less for the first two as time goes on."""
        fading = 0.5 ** (epoch / HALVED_EVERY)
        return Votes(fading, fading * (1 - _doubt(self._first)), 1 - self.doubt())


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


def _doubt(agreements: dict[int, float]) -> float:
    if not agreements:
        return 1.0
    return min(1.0, max(0.0, (GOOD - mean(agreements.values())) / (GOOD - USELESS)))
