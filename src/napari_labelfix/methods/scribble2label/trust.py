"""Whom to believe: the instant classifier, the network at first sight, or the network as it has learned since.

They err in different places, so that their mean is better than any. On 41 cases (validation crops with scribbles) of
three kinds, before any training, the mean IoU of the classifier was 0.640, of a network that had learned from other
images of these kinds 0.795, and of both, with one vote against two, 0.806; of a network that had never seen the kind
0.527, and of both 0.663. What is known of a network tells how far to trust it. Its vote falls with how well it agrees
with the scribbles of the class that it knows least (with the mean of all classes, 0.556 on new kinds), and where it
finds far more than the classifier does: one that was right found 1.7 times as much at most, one that was wrong about
what to look for 2 to 8 times (without that, 0.601), and a tenth of the objects scribbled does not show it.
And a network that learns from a few strokes drifts on some images: the first sight, which does not, keeps what is shown
from following it.
"""

from __future__ import annotations

from statistics import mean
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

HALVED_EVERY = 1000  # epochs: what has been learned for long counts more
GOOD, USELESS = 0.9, 0.7  # agreements from which a network counts fully, and up to which it does not count
PLAUSIBLE, BOASTFUL = 1.5, 3.0  # surpluses up to which a network counts fully, and from which on it counts least
LEAST = 0.25  # of a vote


class Votes(NamedTuple):
    """How much each counts in what is shown, relative to the others."""

    classifier: float
    first_look: float
    network: float


class Trust:
    """Weighs them by how well the network agrees with the scribbles of now, at first sight and as it has learned."""

    def __init__(self) -> None:
        self._first: dict[int, float] = {}
        self._now: dict[int, float] = {}

    def note(self, index: int, now: float, first: float) -> None:
        """Keep how well the network agrees with the scribbles of a plane, and how well its first look does."""
        self._now[index] = now
        self._first[index] = first

    def doubt(self) -> float:
        """Return how far the network is from being its own teacher: 1 is useless, 0 is good.

        A good network learns from itself alone: taught by the mean of both, it fell from IoU 0.88 to 0.74 within 100
        epochs on an image on which the classifier is weak, and rose to 0.93 taught by itself.
        """
        return _doubt(self._now)

    def credit(self, first_surplus: float) -> float:
        """Return how far the first look is believed on a plane, from 0 to 1."""
        return (1 - _doubt(self._first)) * _heard(first_surplus)

    def votes(self, epoch: int, first_surplus: float, surplus: float) -> Votes:
        """Return the votes: one each, less for a network that disagrees, and less for the first two as time goes on.

        Parameters
        ----------
        epoch
            Of the training.
        first_surplus, surplus
            Of what the network finds, at first sight and now, over what the classifier does; from `surplus_over`.
        """
        fading = 0.5 ** (epoch / HALVED_EVERY)
        return Votes(fading, fading * self.credit(first_surplus), (1 - self.doubt()) * _heard(surplus))


def agreement(probabilities: Tensor, marked: Tensor) -> float:
    """Return the mean probability of what is drawn, of the class for which it is lowest; 0 if it knows none of them.

    Parameters
    ----------
    probabilities
        (classes, H, W).
    marked
        (H, W) class indices, negative where nobody has drawn.
    """
    drawn = [marked == value for value in range(len(probabilities))]
    means = (share[here].mean().item() for share, here in zip(probabilities, drawn, strict=True) if here.any())
    return min(means, default=0.0)


def surplus_over(classifier: Tensor, network: Tensor) -> float:
    """Return how many times as much foreground a network finds; both (classes, H, W) probabilities."""
    return ((1 - network[0]).sum() / (1 - classifier[0]).sum().clamp(min=1)).item()


def _heard(surplus: float) -> float:
    return 1 - (1 - LEAST) * _share(surplus, PLAUSIBLE, BOASTFUL)


def _doubt(agreements: dict[int, float]) -> float:
    return 1 - _share(mean(agreements.values()), USELESS, GOOD) if agreements else 1.0


def _share(value: float, low: float, high: float) -> float:
    """Return where a value lies between two others, from 0 to 1."""
    return min(1.0, max(0.0, (value - low) / (high - low)))
