"""The instant proposal: a random forest on classical features, learned from the scribbles in a blink."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.utils.class_weight import compute_sample_weight

from napari_labelfix.data.features import SIGMAS, features_at, pixel_features
from napari_labelfix.data.tiles import tiles, with_margin
from napari_labelfix.methods.scribble2label import rehearsal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_labelfix.data.tiles import Window

TREES = 100
DEPTH = 10
MARGIN = int(4 * max(SIGMAS)) + 2  # pixels that the largest filter reaches, with derivatives
MOST_PIXELS = 20_000  # scribbled pixels; more do not make the forest better, only slower
_TREES_OF_A_SKETCH = 25  # are enough to see what the strokes speak against


class _Samples(NamedTuple):
    """Pixels to learn from: features (N, F), class indices (N,) and weights (N,)."""

    features: NDArray[np.float32]
    targets: NDArray[np.integer]
    weights: NDArray[np.float64]


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
    beliefs
        What was believed of planes with scribbles when the newest of these were drawn, (classes, Y, X) by index. It is
        rehearsed beside them.
    """

    def __init__(
        self,
        images: Sequence[NDArray[np.float32]],
        marks: Sequence[NDArray[np.integer] | None],
        classes: int,
        seed: int,
        trees: int = TREES,
        beliefs: Mapping[int, NDArray[np.float32]] | None = None,
    ) -> None:
        self.classes = classes
        drawn = {index: plane for index, plane in enumerate(marks) if plane is not None}
        old = rehearsal.choose(drawn, beliefs or {}, seed)
        self.rehearses = bool(old)
        samples = _drawn(images, drawn, seed)
        if old:
            sketch = _fitted(samples, _TREES_OF_A_SKETCH, seed)
            samples = self._with_rehearsal(samples, sketch, *_pixels(images, old))
        self._forest = _fitted(samples, trees, seed)

    def predict(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return probabilities (classes, Y, X) of a plane (Y, X, C); in one where all is the same there is nothing."""
        height, width = image.shape[:2]
        probabilities = np.zeros((self.classes, height, width), np.float32)
        missing = np.ones((height, width), bool)
        for tile in tiles((height, width), MARGIN):
            self.fill(probabilities, missing, image, tile.keep)
        return probabilities

    def fill(
        self,
        probabilities: NDArray[np.float32],
        missing: NDArray[np.bool_],
        image: NDArray[np.float32],
        window: Window,
    ) -> None:
        """Write the probabilities (classes, Y, X) of those pixels of a window of a plane that are missing (Y, X)."""
        wanted = missing[window]
        if not wanted.any():
            return
        tile = with_margin(window, MARGIN, missing.shape)
        seen = image[tile.read]
        if seen.min() == seen.max() and image.min() == image.max():  # as dark as dark objects are
            probabilities[:, *window] = 0
            probabilities[0, *window] = 1
        else:
            features = pixel_features(seen)[tile.inner][wanted]
            probabilities[:, *window][:, wanted] = self._probabilities(self._forest, features).T
        missing[window] = False

    def _probabilities(self, forest: RandomForestClassifier, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (N, classes); a class that the forest has not seen is never found."""
        probabilities = np.zeros((len(features), self.classes), np.float32)
        probabilities[:, forest.classes_] = forest.predict_proba(features)
        return probabilities

    def _with_rehearsal(
        self,
        drawn: _Samples,
        sketch: RandomForestClassifier,
        features: NDArray[np.float32],
        targets: NDArray[np.integer],
    ) -> _Samples:
        """Return samples with those of earlier beliefs that the strokes do not speak against."""
        kept = rehearsal.still_likely(targets, self._probabilities(sketch, features))
        features, targets = features[kept], targets[kept]
        weights = rehearsal.weights(targets, len(drawn.targets), len(sketch.classes_))
        return _Samples(
            np.concatenate([drawn.features, features]),
            np.concatenate([drawn.targets, targets]),
            np.concatenate([drawn.weights, weights]),
        )


def _fitted(samples: _Samples, trees: int, seed: int) -> RandomForestClassifier:
    forest = RandomForestClassifier(trees, max_depth=DEPTH, n_jobs=-1, random_state=seed)
    return forest.fit(samples.features, samples.targets, samples.weights)


def _drawn(images: Sequence[NDArray[np.float32]], marks: Mapping[int, NDArray[np.integer]], seed: int) -> _Samples:
    """Return what is drawn: `MOST_PIXELS` at most, the classes in balance."""
    features, targets = _pixels(images, marks)
    if len(targets) > MOST_PIXELS:
        chosen = _some_of_each(targets, np.random.default_rng(seed))
        features, targets = features[chosen], targets[chosen]
    return _Samples(features, targets, compute_sample_weight("balanced", targets))


def _some_of_each(targets: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.intp]:
    """Return which samples to learn from, `MOST_PIXELS` at most: as many of each class, all of one that has fewer."""
    values = np.unique(targets)
    most = MOST_PIXELS // len(values)
    of_each = (rng.permutation(np.flatnonzero(targets == value))[:most] for value in values)
    return np.concatenate(list(of_each))


def _pixels(
    images: Sequence[NDArray[np.float32]], chosen: Mapping[int, NDArray[np.integer]]
) -> tuple[NDArray[np.float32], NDArray[np.integer]]:
    """Return features (N, F) and class indices (N,) of the pixels of planes that have one, which is not negative."""
    features, targets = [], []
    for index, values in chosen.items():
        for tile in tiles(values.shape, MARGIN):
            here = np.zeros(values[tile.read].shape, bool)
            here[tile.inner] = values[tile.keep] >= 0
            if here.any():
                features.append(features_at(images[index][tile.read], here))
                targets.append(values[tile.read][here])
    return np.concatenate(features), np.concatenate(targets)
