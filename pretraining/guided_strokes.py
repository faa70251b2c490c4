"""Strokes as a person draws them: on some of what is wanted and around it, then where the first guess is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import binary_dilation, label
from skimage.morphology import skeletonize

from napari_labelfix.annotations import BACKGROUND, FIRST_CLASS
from napari_labelfix.sample_data.scribbles import painted_scribbles, scribbles_from_labels
from napari_labelfix.sample_data.shapes import smooth_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST, MOST = 0.03, 0.6  # shares of the objects that get a stroke
SHORTENED = 0.4  # of the drawings
CARELESS = 0.1  # of the drawings: strokes run over the outlines
LEAST_ERROR = 30  # pixels that catch the eye
MOST_CORRECTIONS = 4


def first_strokes(wanted: NDArray[np.int32], rng: np.random.Generator) -> NDArray[np.int8] | None:
    """Draw on some objects (Y, X), a number each, and on the background; None if there is no room on one of them.

    Returns
    -------
    NDArray[np.int8]
        (Y, X): 1 on the foreground, -1 on the background, 0 elsewhere.
    """
    if not wanted.any() or wanted.all():
        return None
    ratio = np.exp(rng.uniform(*np.log([FEWEST, MOST])))
    draw = painted_scribbles if rng.random() < 0.5 else scribbles_from_labels
    try:
        marks = draw(wanted, ratio, int(rng.integers(2**31)))
    except ValueError:  # the background has no piece of skeleton
        return None
    strokes = np.select([marks == FIRST_CLASS, marks == BACKGROUND], [1, -1], 0).astype(np.int8)
    if rng.random() < SHORTENED:
        strokes = _shortened(strokes, rng)
    if rng.random() < CARELESS:
        wide = binary_dilation(strokes > 0, iterations=2) & (strokes == 0)
        strokes = np.where(wide, 1, strokes).astype(np.int8)
    return strokes if {-1, 1} <= set(np.unique(strokes).tolist()) else None


def correction(
    strokes: NDArray[np.int8], guess: NDArray[np.bool_], truth: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.int8]:
    """Draw through some of the places where a guess (Y, X) is wrong, the larger ones more likely."""
    places, count = label(guess != truth)
    areas = np.bincount(places.ravel(), minlength=count + 1)[1:]
    seen = np.flatnonzero(areas >= LEAST_ERROR)
    if not len(seen):
        return strokes
    wanted = min(len(seen), int(rng.integers(1, MOST_CORRECTIONS + 1)))
    chosen = rng.choice(seen, wanted, replace=False, p=areas[seen] / areas[seen].sum())
    drawn = skeletonize(np.isin(places, 1 + chosen))
    return np.where(drawn, np.where(truth, 1, -1), strokes).astype(np.int8)


def _shortened(strokes: NDArray[np.int8], rng: np.random.Generator) -> NDArray[np.int8]:
    """Leave out parts of the strokes, but not all of a class."""
    here = smooth_noise(rng, strokes.shape, rng.uniform(4, 20)) > rng.uniform(-0.5, 0.7)
    short = np.where(here, strokes, 0).astype(np.int8)
    return short if set(np.unique(short)) == set(np.unique(strokes)) else strokes
