"""Right labels made wrong on purpose: what the upgrade network learns to undo.

Vadineanu et al., "Reducing Manual Annotation Costs for Cell Segmentation by Upgrading Low-Quality Annotations",
Journal of Imaging 2024, section 2.3: omission, inclusion and bias; salt and pepper as in its case study.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import cv2
import numpy as np
from scipy import ndimage
from skimage.segmentation import felzenszwalb

from napari_labelfix.data.label_images import ids_of, rank_objects

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_labelfix.data.tiles import Window
    from napari_labelfix.methods.label_upgrade.params import LabelUpgradeParams

_SIZES = 0.25, 4.0  # of another object, relative to the median object: what a person could take for one
_TRIES = 20  # places
_STEPS = 2  # of the scale of objects, from one to twice as large
_BLOCK = 1024  # pixels along a side
NEARBY = 32  # pixels, at least, around the right part in which other objects are looked for
_SQUARE = np.ones((3, 3), np.uint8)


@dataclass(frozen=True)
class Perturbation:
    """How far labels are spoiled.

    Parameters
    ----------
    omission
        Share of the objects that are deleted.
    inclusion
        Share of the other objects that are added.
    bias
        Most erosions or dilations of an object with a 3 x 3 square.
    noise
        Share of the pixels that are flipped.
    """

    omission: float = 0.0
    inclusion: float = 0.0
    bias: int = 0
    noise: float = 0.0

    def scaled(self, share: float) -> Perturbation:
        """Return the same, less strong: 1 is as strong, 0 spoils nothing."""
        return Perturbation(self.omission * share, self.inclusion * share, round(self.bias * share), self.noise * share)

    @property
    def right_outlines(self) -> bool | None:
        """What it says of labels that are spoiled so: that their outlines are right, that they are not, or nothing."""
        if self.bias == 0 and self.noise == 0:
            return True
        return None if self.omission or self.inclusion or self.noise else False


# The strongest of the paper, which it finds as good as or better than matching the true error, and its case study.
PRESETS = {
    "a bit of everything": Perturbation(omission=0.7, inclusion=0.7, bias=6),
    "cells are missing": Perturbation(omission=0.7),
    "other things are marked": Perturbation(inclusion=0.7),
    "outlines are loose": Perturbation(bias=6),
    "made by a machine": Perturbation(omission=0.5, inclusion=0.1, bias=6, noise=0.1),
}


def chosen_perturbation(params: LabelUpgradeParams) -> Perturbation:
    """Return the perturbation that a person has chosen by saying what is wrong, or set by hand."""
    by_hand = Perturbation(params.omission, params.inclusion, params.bias, params.noise)
    return PRESETS.get(params.wrong, by_hand)


def perturb(
    labels: NDArray[np.integer], others: NDArray[np.integer], how: Perturbation, rng: np.random.Generator
) -> NDArray[np.int32]:
    """Return a spoiled copy of labels.

    Parameters
    ----------
    labels
        (Y, X) right object ids, 0 = background.
    others
        (Y, X) ids of objects that are none of these, 0 = none: from them come the inclusions.
    how
        How far.
    rng
        Chance.

    Returns
    -------
    NDArray[np.int32]
        (Y, X): objects that stay keep their id, what is included gets higher ones.
    """
    spoiled = _omit(labels.astype(np.int32), how.omission, rng)
    spoiled = _include(spoiled, others, how.inclusion, first_id=int(labels.max(initial=0)) + 1, rng=rng)
    if how.bias:
        spoiled = _shift_outlines(spoiled, how.bias, rng)
    if how.noise:
        spoiled = _flip(spoiled, how.noise, rng)
    return spoiled


def object_scale(labels: NDArray[np.integer]) -> float:
    """Return the area of a typical object, rounded to one of a few: a stroke mostly changes nothing of it."""
    return float(2 ** (round(_STEPS * np.log2(_typical(rank_objects(labels).sizes))) / _STEPS))


def find_segments(image: NDArray[np.float32], scale: float) -> NDArray[np.int32]:
    """Return the segments of Felzenszwalb's algorithm, about as large as objects: (Y, X, C) -> (Y, X) ids from 1."""
    smallest = max(1, int(_SIZES[0] * scale))
    with warnings.catch_warnings():  # of more than three channels scikit-image says so each time
        warnings.filterwarnings("ignore", "Got image with third dimension")
        found = felzenszwalb(image, scale=scale, sigma=0.8, min_size=smallest, channel_axis=-1)
    return (found + 1).astype(np.int32)


def segments_near(
    wanted: NDArray[np.bool_], window: Window, segments_in: Callable[[Window], NDArray[np.int32]]
) -> NDArray[np.int32]:
    """Return the segments of a window; of a large one only those near what is wanted, 0 elsewhere.

    A large window is parted into blocks, since what they take, in time and memory, grows faster than it.

    Parameters
    ----------
    wanted
        (Y, X) of the plane.
    window
        In the plane.
    segments_in
        Returns the segments of a window, as `find_segments` does.
    """
    if all(side.stop - side.start <= _BLOCK for side in window):
        return segments_in(window)
    found, count = np.zeros(wanted.shape, np.int32), 0
    for corner in product(*(range(0, length, _BLOCK) for length in wanted.shape)):
        rows, columns = (slice(at, min(at + _BLOCK, length)) for at, length in zip(corner, wanted.shape, strict=True))
        nearby = (slice(max(0, side.start - NEARBY), side.stop + NEARBY) for side in (rows, columns))
        if wanted[tuple(nearby)].any():
            segments = segments_in((rows, columns))
            found[rows, columns] = segments + count
            count += int(segments.max())
    return found[window]


def other_objects(
    segments: NDArray[np.int32], labels: NDArray[np.integer], rng: np.random.Generator
) -> NDArray[np.int32]:
    """Return what else in an image could be taken for an object, about as many and as large as the objects are.

    These are its segments outside of the objects, as in the paper, and where there are too few, copies of objects in
    places where there is none; (Y, X) and (Y, X) -> (Y, X) ids, 0 = none.
    """
    ids, areas, ranks = rank_objects(labels)
    windows = ndimage.find_objects(ranks)
    free = np.where(labels > 0, 0, segments)
    low, high = (factor * _typical(areas) for factor in _SIZES)
    sizes = np.bincount(free.ravel())
    unlike = (sizes < max(1, int(low))) | (sizes > high)
    others = np.where(unlike[free], 0, free).astype(np.int32)
    missing = len(ids) - len(ids_of(others))
    for first_id in range(missing):
        rank = int(rng.integers(len(ids))) + 1
        _copy(ranks[windows[rank - 1]] == rank, others, labels, int(free.max()) + 1 + first_id, rng)
    return others


def _typical(areas: NDArray[np.integer]) -> float:
    return float(np.median(areas)) if len(areas) else 100.0


def _copy(
    shape: NDArray[np.bool_],
    others: NDArray[np.int32],
    labels: NDArray[np.integer],
    new_id: int,
    rng: np.random.Generator,
) -> None:
    """Put a shape where there is nothing yet; where no such place is soon found, nowhere."""
    height, width = shape.shape
    for _ in range(_TRIES):
        y, x = (int(rng.integers(side - length + 1)) for side, length in zip(labels.shape, shape.shape, strict=True))
        window = np.s_[y : y + height, x : x + width]
        if not (others[window][shape].any() or labels[window][shape].any()):
            others[window][shape] = new_id
            return


def _choose(ids: NDArray[np.integer], share: float, rng: np.random.Generator) -> NDArray[np.integer]:
    """Return a share of ids; what is left of a whole number by chance, so that small crops lose as many as large."""
    count = int(share * len(ids) + rng.random())
    return rng.choice(ids, min(count, len(ids)), replace=False)


def _without(labels: NDArray[np.int32], ids: NDArray[np.integer]) -> NDArray[np.int32]:
    return np.where(np.isin(labels, ids), 0, labels).astype(np.int32)


def _omit(labels: NDArray[np.int32], share: float, rng: np.random.Generator) -> NDArray[np.int32]:
    return _without(labels, _choose(ids_of(labels), share, rng))


def _include(
    labels: NDArray[np.int32], others: NDArray[np.integer], share: float, first_id: int, rng: np.random.Generator
) -> NDArray[np.int32]:
    ids = ids_of(others)
    kept = _without(others.astype(np.int32), np.setdiff1d(ids, _choose(ids, share, rng)))
    return np.where((kept > 0) & (labels == 0), kept + (first_id - 1), labels).astype(np.int32)


def _shift_outlines(labels: NDArray[np.int32], most: int, rng: np.random.Generator) -> NDArray[np.int32]:
    """Erode or dilate each object by 1 to `most` pixels; a dilated one grows over the background alone."""
    ids, _, ranks = rank_objects(labels)
    shifted = np.zeros_like(labels)
    for rank, window in enumerate(ndimage.find_objects(ranks), start=1):
        iterations, grow = int(rng.integers(1, most + 1)), rng.random() < 0.5
        y, x = (slice(max(0, side.start - most), side.stop + most) for side in window)
        mask = (ranks[y, x] == rank).astype(np.uint8)
        # outside of the image an object goes on
        change = cv2.dilate if grow else cv2.erode
        moved = change(mask, _SQUARE, iterations=iterations, borderType=cv2.BORDER_REPLICATE) > 0
        free = (ranks[y, x] == 0) & (shifted[y, x] == 0) if grow else moved
        shifted[y, x][moved & (free | (mask > 0))] = ids[rank - 1]
    return shifted


def _flip(labels: NDArray[np.int32], share: float, rng: np.random.Generator) -> NDArray[np.int32]:
    flipped = rng.random(labels.shape) < share
    salt = int(labels.max(initial=0)) + 1
    return np.where(flipped, np.where(labels > 0, 0, salt), labels).astype(np.int32)
