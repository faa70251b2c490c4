"""Whom to believe: the forest, the guided network on top of it, and the network that trains.

They err in different places, and none of them is always right. On 35 validation crops with a tenth of the objects
scribbled, mean IoU of three kinds before any training: forest 0.633, guided 0.784, the network that had learned from
other images of these kinds 0.802, and the mean of these two 0.823. With weights that had never seen the kind (21
crops): 0.652, 0.633, 0.516, and 0.700 as they are weighed here. What is known of a network tells how far to trust it.
Its vote falls with how well it agrees with the scribbles of the class that it knows least (with the mean of all
classes, 0.556 in place of 0.601 on new kinds). And it falls where it finds something else than the one it is compared
with, which a tenth of the objects scribbled does not show. Those that were right marked 1.5 times as much at most, and
those that took whole cells for the nuclei that were meant 2 to 5 times. On 21 validation images either of two that were
right marked at most 1.5 times as much as both together; on images that are like none that were learned from, such as
threads, dots or one of two stains, 1.5 to 20 times: there the network alone had 0.25 to 0.6 less than the guided one.
Of several classes the one in which they differ most decides: a network that takes one for the other finds the same
foreground. On drawn nuclei of two stains that are nearly alike, what is shown fell from an IoU of 0.85 to 0.60 in 400
epochs where the foreground decided (mean of three images), and stays at 0.85 so.

A guided one that finds far more than the forest is held to it, unless the network, which has not seen the strokes,
finds the same. On drawn images where the forest finds little, such as cells in relief, the two agreed (IoU 0.62 to
0.87) and were right; on bright field that they had never seen, where the guided one takes whole cells for nuclei, they
did not (0.14 to 0.60, 0.26 in the median of 26).
"""

from __future__ import annotations

from statistics import mean
from typing import TYPE_CHECKING

from napari_labelfix.methods.prediction import shown_classes

if TYPE_CHECKING:
    from torch import Tensor

GOOD, USELESS = 0.9, 0.7  # agreements from which a network counts fully, and up to which it does not count
ALIKE, OTHER = 1.5, 2.0  # differences up to which the network counts fully, and from which on it does not count
SAME, UNLIKE = 1.4, 1.75  # differences up to which two confirm each other fully that are strangers, and from which not
PLAUSIBLE, BOASTFUL = 1.5, 2.5  # surpluses up to which the guided one does beside the forest, and from which on not
FIRM = 0.5  # is a forest that rehearses: no flood makes its share of the foreground look plausible
FEW = 50  # pixels; of less it can't be told how many times as many others are


class Trust:
    """Weighs the training network by how well it agrees with the scribbles of now, at first sight and as it is."""

    def __init__(self) -> None:
        self._first: dict[int, float] = {}
        self._now: dict[int, float] = {}

    def note(self, index: int, now: float) -> None:
        """Keep how well the network agrees with the scribbles of a plane."""
        self._now[index] = now

    def note_first(self, index: int, first: float) -> None:
        """Keep how well its first look agrees with them."""
        self._first[index] = first

    def forget(self, index: int) -> None:
        """Forget a plane whose scribbles were all erased."""
        self._now.pop(index, None)
        self._first.pop(index, None)

    def vote(self, difference: float) -> float:
        """Return how much the network counts beside the instant proposal, from 0 to 1.

        Parameters
        ----------
        difference
            Between the two; from `difference_of`.
        """
        return _known(self._now) * _likeness(difference)

    def credit(self, difference: float) -> float:
        """Return how far the network's first look is believed on a plane, from 0 to 1."""
        return _known(self._first) * _likeness(difference)

    def backing(self, difference: float) -> float:
        """Return how far the network's first look confirms the guided one, from 0 to 1."""
        return _known(self._first) * (1 - _share(difference, SAME, UNLIKE))


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


def surplus_over(reference: Tensor, network: Tensor) -> float:
    """Return how many times as many pixels a network takes for foreground; both (classes, H, W) probabilities."""
    return (foreground(network).sum() / foreground(reference).sum().clamp(min=FEW)).item()


def difference_of(one: Tensor, other: Tensor) -> float:
    """Return how many times as many pixels at least one takes for a class of objects as both do; of the worst class.

    It is 1 where they agree, and the inverse of their intersection over union; (classes, H, W) probabilities.
    """
    return max(map(difference_of_masks, _found_of_classes(one), _found_of_classes(other)))


def foreground(probabilities: Tensor) -> Tensor:
    """Return (H, W) what is taken for foreground; (classes, H, W) probabilities."""
    return probabilities[0] < 0.5


def difference_of_masks(found: Tensor, also: Tensor) -> float:
    """Return the same for what each takes for foreground, (H, W)."""
    return ((found | also).sum().clamp(min=FEW) / (found & also).sum().clamp(min=FEW)).item()


def heard(surplus: float, firmness: float = 0.0) -> float:
    """Return how much one counts who finds so many times as much, from 0 to 1; less beside one who is firm."""
    return 1 - _share(surplus + firmness, PLAUSIBLE, BOASTFUL)


def _found_of_classes(probabilities: Tensor) -> list[Tensor]:
    """Return for each class of objects (H, W) where it is found."""
    if len(probabilities) == 2:  # of one class all is: a large plane need not be searched for the likeliest
        return [foreground(probabilities)]
    classes, _ = shown_classes(probabilities)
    return [classes == value for value in range(1, len(probabilities))]


def _known(agreements: dict[int, float]) -> float:
    return _share(mean(agreements.values()), USELESS, GOOD) if agreements else 0.0


def _likeness(difference: float) -> float:
    """Return how far a network counts that differs so much from another one, from 0 to 1."""
    return 1 - _share(difference, ALIKE, OTHER)


def _share(value: float, low: float, high: float) -> float:
    """Return where a value lies between two others, from 0 to 1."""
    return min(1.0, max(0.0, (value - low) / (high - low)))
