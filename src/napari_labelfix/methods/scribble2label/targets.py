"""What the network learns from: scribbles, and those of its own averaged predictions that stay consistent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_labelfix.annotations import BACKGROUND, FIRST_CLASS, UNMARKED, Scribbles, Task
from napari_labelfix.data.label_images import middles
from napari_labelfix.errors import InputError
from napari_labelfix.losses.partial_cross_entropy import NO_LABEL

MOST_VALUES = 20  # of scribbles; every class costs memory and time for each pixel
_MIDDLE = 0.8  # of the way from an accepted object's outline to its deepest pixel, from which on it is as a stroke

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from napari_labelfix.annotations import Plane


def count_classes(task: Task) -> int:
    """Return the number of classes that the scribbles of a task name, the background included.

    Raises
    ------
    InputError
        If nothing is scribbled, or the background alone, or no background, or more classes than can be meant.
    """
    values = set[int]()
    for plane in task.planes:
        if isinstance(plane.annotation, Scribbles):
            values |= set(np.unique(plane.annotation.marks).tolist())
    values.discard(UNMARKED)
    if not values:
        raise InputError("The scribbles are empty. Paint some background (1) and some objects (2).")
    if values == {BACKGROUND}:
        raise InputError("Only background (1) is scribbled. Paint some objects with 2, too.")
    if BACKGROUND not in values:
        raise InputError("No background is scribbled. Paint some with 1, too.")
    if max(values) > MOST_VALUES:
        raise InputError(
            f"The scribbles have values up to {max(values)}, which looks like numbered objects. Use 1 for background, "
            f"2 for the first class of objects, and no more than {MOST_VALUES}."
        )
    return max(values)


def class_indices(plane: Plane) -> NDArray[np.int64]:
    """Return (Y, X) class indices of a plane's scribbles: 0 background, 1.. foreground, `NO_LABEL` elsewhere."""
    if not isinstance(plane.annotation, Scribbles):
        return np.full(plane.shape, NO_LABEL, np.int64)
    return plane.annotation.marks.astype(np.int64) - BACKGROUND


def with_accepted(drawn: NDArray[np.int64], plane: Plane, classes: int) -> NDArray[np.int64]:
    """Return class indices from `class_indices` with the middles of accepted objects: what the network learns from.

    An object in which background is drawn is left out, and all are where more than one class of objects is drawn, so
    that `classes` is above 2: they come without their class. Not all of an object is taken: where strokes are
    few, the large areas outweigh them. On an image of a kind that was new, where the forest learned from 11 accepted
    nuclei, too, they lowered the IoU from 0.91 to 0.77 as a whole, and not as middles.
    """
    given = plane.annotation
    if not isinstance(given, Scribbles) or given.accepted is None or classes != 2:
        return drawn
    contradicted = np.unique(given.accepted[given.marks == BACKGROUND])
    middle = middles(given.accepted, _MIDDLE) & ~np.isin(given.accepted, contradicted)
    return np.where((drawn == NO_LABEL) & middle, FIRST_CLASS - BACKGROUND, drawn)


def pseudo_label(belief: Tensor, marked: Tensor, threshold: float) -> Tensor:
    """Return the one-hot label of the averaged prediction where it is sure and nobody has drawn (equation 5).

    Parameters
    ----------
    belief
        (B, classes, H, W) averaged probabilities y_n.
    marked
        (B, H, W) class indices of the scribbles, `NO_LABEL` elsewhere.
    threshold
        The consistency threshold tau.

    Returns
    -------
    Tensor
        (B, H, W) int64 class indices, `NO_LABEL` outside of Omega_g.
    """
    sureness, label = belief.max(dim=1)
    return torch.where((sureness > threshold) & (marked == NO_LABEL), label, NO_LABEL)


def average(belief: Tensor | None, prediction: Tensor, weight: float) -> Tensor:
    """Return y_n = weight * prediction + (1 - weight) * y_(n-1); the prediction itself if there is no y yet."""
    return prediction if belief is None else belief.lerp(prediction, weight)
