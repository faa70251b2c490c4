"""What the upgrade suite measures on: images with right labels, others with labels of low quality."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from skimage.filters import threshold_otsu
from skimage.measure import label

from napari_labelfix.annotations import Instances
from napari_labelfix.data.normalize import normalize
from napari_labelfix.methods.label_upgrade.perturbations import (
    Perturbation,
    find_segments,
    object_scale,
    other_objects,
    perturb,
)
from napari_labelfix.metrics.overlap import dice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Labelled = tuple[NDArray[np.generic], NDArray[np.int32]]

LARGEST = 320  # pixels; larger images are cut into tiles
FEWEST = 5  # objects in a tile
ERRORS = {
    "omission 70 %": (Perturbation(omission=0.7), "cells are missing"),
    "inclusion 70 %": (Perturbation(inclusion=0.7), "other things are marked"),
    "bias 6": (Perturbation(bias=6), "outlines are loose"),
    "mix 30 %, 30 %, 4": (Perturbation(0.3, 0.3, 4), "a bit of everything"),
    "threshold (Otsu)": (None, "made by a machine"),
    "none: right labels": (Perturbation(), "a bit of everything"),
}
MIX = "mix 30 %, 30 %, 4"


def images(folder: Path, part: str, count: int, seed: int) -> list[Labelled]:
    """Return tiles with labels, chosen by the seed; of different images as long as there are enough.

    Every second image of `val` served to choose settings, and is left out.
    """
    tiles: list[list[Labelled]] = []
    rng = np.random.default_rng(seed)
    with np.load(folder / f"{part}.npz") as arrays:
        names = sorted(name.removeprefix("image_") for name in arrays.files if name.startswith("image_"))
        for name in rng.permutation(names[1::2] if part == "val" else names):
            of_image = list(_tiles(arrays[f"image_{name}"], arrays[f"labels_{name}"].astype(np.int32)))
            tiles.append([of_image[i] for i in rng.permutation(len(of_image))])
    deepest = max(map(len, tiles))
    return [of_image[i] for i in range(deepest) for of_image in tiles if i < len(of_image)][:count]


def _tiles(image: NDArray[np.generic], labels: NDArray[np.int32]) -> Iterator[Labelled]:
    for y in range(0, max(1, labels.shape[0] - LARGEST + 1), LARGEST):
        for x in range(0, max(1, labels.shape[1] - LARGEST + 1), LARGEST):
            tile = np.s_[y : y + LARGEST, x : x + LARGEST]
            if len(np.unique(labels[tile])) > FEWEST:
                yield image[tile], labels[tile]


def spoil(image: NDArray[np.generic], truth: NDArray[np.int32], error: str, seed: int) -> NDArray[np.int32]:
    """Return labels of low quality; a threshold's are dark or bright, whichever fits the truth better."""
    how = ERRORS[error][0]
    rng = np.random.default_rng(seed)
    if how is not None:
        segments = find_segments(normalize(image), object_scale(truth))
        return perturb(truth, other_objects(segments, truth, rng), how, rng)
    grey = normalize(image).mean(axis=2)
    bright = grey > threshold_otsu(grey)
    found = max(bright, ~bright, key=lambda mask: dice(mask, truth))
    return np.asarray(label(found, connectivity=2), np.int32)


def whole(labels: NDArray[np.int32]) -> Instances:
    """Return labels that are right everywhere."""
    return Instances(labels, np.ones(labels.shape, bool))
