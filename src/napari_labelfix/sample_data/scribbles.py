"""Scribbles as a hurried person would draw them, made from exact labels, for benchmarks and samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import convolve, find_objects, grey_dilation, label
from skimage.morphology import skeletonize
from skimage.segmentation import relabel_sequential

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
    objects = relabel_sequential(labels.astype(np.int64))[0]
    windows = find_objects(objects)
    marks = np.zeros(labels.shape, np.uint8)
    wanted = min(len(windows), max(1, round(ratio * len(windows))))
    kept = rng.choice(len(windows), wanted, replace=False)
    for index in kept:
        window = windows[index]
        marks[window][skeletonize(objects[window] == index + 1)] = FIRST_CLASS
    pieces, count = label(_without_junctions(skeletonize(labels == 0)), _EIGHT)
    chosen = 1 + rng.choice(count, min(count, max(1, wanted)), replace=False)
    marks[np.isin(pieces, chosen)] = BACKGROUND
    return marks


def painted_scribbles(labels: NDArray[np.integer], ratio: float, seed: int = 0) -> NDArray[np.uint8]:
    """Draw scribbles as with a brush: those of `scribbles_from_labels`, three pixels wide where there is room.

    Strokes stay inside the object, or the background, that they began in; parameters and result are the same.
    """
    marks = scribbles_from_labels(labels, ratio, seed)
    regions = labels.astype(np.int64) + 1  # the background is a region like each object
    wide = grey_dilation(np.where(marks > 0, regions, 0), footprint=_EIGHT)
    wide_marks = np.where(regions > 1, FIRST_CLASS, BACKGROUND)
    return np.where(wide == regions, wide_marks, marks).astype(np.uint8)


def _without_junctions(skeleton: NDArray[np.bool_]) -> NDArray[np.bool_]:
    neighbours = convolve(skeleton.astype(int), _EIGHT, mode="constant") - skeleton
    return skeleton & (neighbours <= 2)
