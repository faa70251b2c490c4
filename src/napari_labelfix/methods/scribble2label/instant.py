"""The instant proposal: a random forest on classical features, learned from the scribbles in a blink."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from napari_labelfix.data.features import SIGMAS, pixel_features
from napari_labelfix.data.tiles import Tile, tiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TREES = 100
DEPTH = 10
MARGIN = int(4 * max(SIGMAS)) + 2  # pixels that the largest filter reaches, with derivatives
MOST_PIXELS = 20_000  # scribbled pixels; more do not make the forest better, only slower


class InstantClassifier:
    """A pixel classifier for planes with scribbles.

    Parameters
    ----------
    images
        (Y, X, C) float32 normalised planes.
    marks
        (Y, X) class indices, negative where nobody has drawn; None for a plane without scribbles.
    classes
        Number of classes, the background included.
    seed
        Same seed, same forest.
    trees
        How many; fewer are faster and a little worse.
    """

    def __init__(
        self,
        images: Sequence[NDArray[np.float32]],
        marks: Sequence[NDArray[np.integer] | None],
        classes: int,
        seed: int,
        trees: int = TREES,
    ) -> None:
        samples = [_marked_features(image, mark) for image, mark in zip(images, marks, strict=True) if mark is not None]
        features = np.concatenate([x for x, _ in samples])
        targets = np.concatenate([y for _, y in samples])
        if len(targets) > MOST_PIXELS:
            chosen = _some_of_each(targets, np.random.default_rng(seed))
            features, targets = features[chosen], targets[chosen]
        self.classes = classes
        self._forest = RandomForestClassifier(
            trees, max_depth=DEPTH, class_weight="balanced", n_jobs=-1, random_state=seed
        )
        self._forest.fit(features, targets)

    def predict(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return probabilities (classes, Y, X) of a plane (Y, X, C); in one where all is the same there is nothing."""
        height, width = image.shape[:2]
        probabilities = np.zeros((self.classes, height, width), np.float32)
        if image.min() == image.max():  # as dark as dark objects are
            probabilities[0] = 1
            return probabilities
        for tile in tiles((height, width), MARGIN):
            features = _features(image, tile)
            found = self._forest.predict_proba(features.reshape(-1, features.shape[-1]))
            for column, value in enumerate(self._forest.classes_):
                probabilities[value][tile.keep] = found[:, column].reshape(features.shape[:2])
        return probabilities


def _some_of_each(targets: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.intp]:
    """Return which samples to learn from, `MOST_PIXELS` at most: as many of each class, all of one that has fewer."""
    values = np.unique(targets)
    most = MOST_PIXELS // len(values)
    of_each = (rng.permutation(np.flatnonzero(targets == value))[:most] for value in values)
    return np.concatenate(list(of_each))


def _marked_features(
    image: NDArray[np.float32], marks: NDArray[np.integer]
) -> tuple[NDArray[np.float32], NDArray[np.integer]]:
    """Return features (N, F) and targets (N,) of the scribbled pixels."""
    marked = [tile for tile in tiles(marks.shape, MARGIN) if (marks[tile.keep] >= 0).any()]
    features = [_features(image, tile)[marks[tile.keep] >= 0] for tile in marked]
    targets = [marks[tile.keep][marks[tile.keep] >= 0] for tile in marked]
    return np.concatenate(features), np.concatenate(targets)


def _features(image: NDArray[np.float32], tile: Tile) -> NDArray[np.float32]:
    """Return the features (Y, X, F) of what a tile keeps."""
    return pixel_features(image[tile.read])[tile.inner]
