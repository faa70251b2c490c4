"""Scribbles as a hurried person would draw them, made from exact labels, for benchmarks and samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import convolve, label
from skimage.morphology import skeletonize

from napari_labelfix.annotations import BACKGROUND, FIRST_CLASS

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EIGHT = np.ones((3, 3), int)


def scribbles_from_labels(labels: NDArray[np.integer], ratio: float, seed: int = 0) -> NDArray[np.uint8]:
    """Draw one-pixel scribbles: skeletons of some objects, and as many pieces of the background's skeleton.

    Parameters
    ----------
    labels
        (Y, X) instance ids, 0 = background.
    ratio
        Share of the objects that get a scribble, in (0, 1]; at least one does.
    seed
        Chooses the objects and the pieces.

    Returns
    -------
    NDArray[np.uint8]
        (Y, X): 0 unmarked, 1 background, 2 foreground.

    Notes
    -----
    After Wu et al., IEEE Access 6, 2018, as Scribble2Label uses it: the background's skeleton is cut at its
    junctions so that it falls into pieces.
    """
    if not 0 < ratio <= 1:
        raise ValueError(f"Expected ratio in (0, 1], but got {ratio}.")
    rng = np.random.default_rng(seed)
    ids = np.unique(labels[labels > 0])
    kept = rng.choice(ids, max(1, round(ratio * ids.size)), replace=False) if ids.size else ids
    marks = np.zeros(labels.shape, np.uint8)
    for object_id in kept:
        marks[skeletonize(labels == object_id)] = FIRST_CLASS
    pieces, count = label(_without_junctions(skeletonize(labels == 0)), _EIGHT)
    chosen = rng.choice(np.arange(1, count + 1), min(count, max(1, kept.size)), replace=False) if count else []
    marks[np.isin(pieces, chosen)] = BACKGROUND
    return marks


def _without_junctions(skeleton: NDArray[np.bool_]) -> NDArray[np.bool_]:
    neighbours = convolve(skeleton.astype(int), _EIGHT, mode="constant") - skeleton
    return skeleton & (neighbours <= 2)
