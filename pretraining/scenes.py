"""What the microscopy weights are trained on: real images, synthetic ones, and real outlines in made-up light.

Every scene is normalised RGB with four targets: the foreground, the depth inside each object (0 at the outline,
1 at the deepest place), which methods that look for centres start from, and the two maps of HoVer-Net.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from scipy.ndimage import find_objects
from skimage.measure import label

from napari_labelfix.data.hover_maps import hover_maps
from napari_labelfix.data.label_images import boxes_of_labels
from napari_labelfix.data.normalize import normalize
from napari_labelfix.sample_data.shapes import smooth_noise
from napari_labelfix.sample_data.synthetic import bright_field, fluorescence, stained_tissue

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SIDE = 192  # pixels of a training crop
SMALLEST, LARGEST = 9, 60  # pixels: diameters at which objects are shown
NARROWEST = 4  # pixels: what is seen of an object at the edge of a crop is no box if it is narrower


@dataclass(frozen=True, eq=False)
class Scene:
    """An image with its targets.

    Parameters
    ----------
    image
        (Y, X, 3) float32, normalised.
    labels
        (Y, X) int32, one number an object, 0 elsewhere.
    foreground, depth
        (Y, X) float32 in [0, 1].
    diameter
        Of the median object, in pixels.
    """

    image: NDArray[np.float32]
    labels: NDArray[np.int32]
    foreground: NDArray[np.float32]
    depth: NDArray[np.float32]
    diameter: float


def make_scene(image: NDArray[np.generic], labels: NDArray[np.integer]) -> Scene:
    """Prepare an image (Y, X) or (Y, X, 3) with its exact instance labels (Y, X)."""
    pixels = normalize(image)
    areas = np.bincount(labels.ravel())[1:]
    diameter = 2 * np.sqrt(np.median(areas[areas > 0]) / np.pi) if areas.any() else 20.0
    return Scene(
        np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels,
        labels.astype(np.int32),
        (labels > 0).astype(np.float32),
        depth_of(labels),
        diameter,
    )


def load_kind(folder: Path) -> list[Scene]:
    """Read the train part of one kind of image: `train.npz` with `image_<id>` and `labels_<id>`."""
    with np.load(folder / "train.npz") as arrays:
        names = sorted(name.removeprefix("image_") for name in arrays.files if name.startswith("image_"))
        return [make_scene(arrays[f"image_{name}"], arrays[f"labels_{name}"].astype(np.int32)) for name in names]


def synthetic_scenes(count: int, rng: np.random.Generator) -> list[Scene]:
    """Make `count` scenes with the package's own generators of three modalities."""
    makers = (fluorescence, bright_field, stained_tissue)
    seeds = rng.integers(2**31, size=count).tolist()
    return [make_scene(*makers[i % len(makers)](seed, (256, 256))) for i, seed in enumerate(seeds)]


def random_crop(
    kinds: Sequence[Sequence[Scene]], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return a crop (SIDE, SIDE, 3) and its targets (SIDE, SIDE, 4) of a random kind, turned, scaled and relit."""
    image, foreground, depth, objects = _random_look(kinds, (SMALLEST, LARGEST), rng)
    return image, np.stack([foreground, depth, *hover_maps(objects)], axis=-1)


def random_boxed_crop(
    kinds: Sequence[Sequence[Scene]], diameters: tuple[float, float], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return a crop (SIDE, SIDE, 3) as `random_crop` does, and the boxes (N, 4) y0, x0, y1, x1 of what is seen of it.

    Parameters
    ----------
    kinds
        Scenes of each kind.
    diameters
        The smallest and the largest at which the median object is shown, in pixels.
    rng
        Chance.
    """
    image, _, _, objects = _random_look(kinds, diameters, rng)
    boxes = boxes_of_labels(label(objects)).astype(np.float32)  # what is mirrored is a part of its own
    return image, boxes[(boxes[:, 2:] - boxes[:, :2]).min(axis=1) >= NARROWEST]


def _random_look(
    kinds: Sequence[Sequence[Scene]], diameters: tuple[float, float], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.int32]]:
    scenes = kinds[rng.integers(len(kinds))]
    scene = scenes[rng.integers(len(scenes))]
    view = random_view(scene, SIDE, diameters, rng)
    image, foreground, depth = view.look(scene.image), view.look(scene.foreground), view.look(scene.depth)
    if rng.random() < 0.2:
        image = _repainted(foreground, depth, rng)
    return relit(image, rng), foreground, depth, view.objects(scene.labels)


def relit(x: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Change the light of a crop (Y, X, 3) as another stain, microscope, camera or modality might."""
    chance = rng.random(8)
    if chance[0] < 0.35:  # one grey image from the colours
        x = np.repeat((x @ rng.dirichlet((1, 1, 1)).astype(np.float32))[..., np.newaxis], 3, axis=2)
    elif chance[0] < 0.67:
        x = x[..., rng.permutation(3)]
    if chance[1] < 0.3:  # dark on bright becomes bright on dark
        x = 1 - x
    if chance[2] < 0.6:
        x = np.sign(x) * np.abs(x) ** np.exp(rng.uniform(-0.7, 0.7))
    per_channel = 3 if chance[3] < 0.6 else 1
    x = x * np.exp(rng.normal(0, 0.25, per_channel)) + rng.normal(0, 0.15, per_channel)
    x = np.ascontiguousarray(x, np.float32)
    if chance[4] < 0.25:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.4, 2))
    if chance[5] < 0.25:  # uneven illumination
        ramp = np.linspace(-0.5, 0.5, len(x))
        slope = rng.uniform(-0.5, 0.5, 2)
        x = x + (slope[0] * ramp[:, None] + slope[1] * ramp)[..., None]
    if chance[6] < 0.4:
        x = x + rng.normal(0, rng.uniform(0.01, 0.15), (*x.shape[:2], 1))
    return np.ascontiguousarray(x, np.float32)


class View(NamedTuple):
    """Where a square of `side` pixels looks, and how many of its pixels are one of the scene's."""

    matrix: NDArray[np.float64]
    zoom: float
    side: int

    def look(self, plane: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cut the view out of a plane (Y, X) or (Y, X, C); smaller than it was, it is smoothed before."""
        smooth = cv2.GaussianBlur(plane, (0, 0), 0.5 / self.zoom) if self.zoom < 0.7 and plane.ndim == 3 else plane
        return self._warp(smooth, cv2.INTER_LINEAR)

    def objects(self, labels: NDArray[np.int32]) -> NDArray[np.int32]:
        """Cut the view out of labels (Y, X)."""
        return self._warp(labels.astype(np.float32), cv2.INTER_NEAREST).astype(np.int32)

    def _warp(self, plane: NDArray[np.float32], how: int) -> NDArray[np.float32]:
        size = self.side, self.side
        return np.asarray(cv2.warpAffine(plane, self.matrix, size, flags=how, borderMode=cv2.BORDER_REFLECT_101))


def random_view(scene: Scene, side: int, diameters: tuple[float, float], rng: np.random.Generator) -> View:
    """Look at a random place, at a random angle, mirrored or not, at a scale that shows objects of these diameters."""
    shown = np.exp(rng.uniform(*np.log(diameters)))
    zoom = float(np.clip(shown / scene.diameter, 0.35, 3))
    angle = rng.uniform(0, 2 * np.pi) if rng.random() < 0.5 else rng.integers(4) * np.pi / 2
    squeeze = np.exp(rng.normal(0, 0.08))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = zoom * turn @ np.diag([rng.choice([-1, 1]) * squeeze, 1 / squeeze])
    height, width = scene.foreground.shape
    margin = side / 2 / zoom
    y = rng.uniform(min(margin, height / 2), max(height - margin, height / 2))
    x = rng.uniform(min(margin, width / 2), max(width - margin, width / 2))
    return View(np.column_stack([linear, side / 2 - linear @ np.array([x, y])]), zoom, side)


def _repainted(
    foreground: NDArray[np.float32], depth: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Paint known outlines in random brightness, texture and rim, so that no modality is taken for granted."""
    shape = foreground.shape
    ground = rng.uniform(0, 1) + rng.uniform(0, 0.2) * smooth_noise(rng, shape, rng.uniform(1, 30))
    inside = rng.uniform(0, 1) + rng.uniform(0, 0.2) * smooth_noise(rng, shape, rng.uniform(1, 10))
    rim = rng.normal(0, 0.5) * np.exp(-((depth / rng.uniform(0.1, 0.5)) ** 2)) * foreground
    painted = ground * (1 - foreground) + inside * foreground + rim * (rng.random() < 0.5)
    painted = painted + rng.normal(0, rng.uniform(0.005, 0.05), shape)
    blurred = cv2.GaussianBlur(painted.astype(np.float32), (0, 0), rng.uniform(0.3, 1.5))
    return np.repeat(normalize(blurred), 3, axis=2)


def depth_of(labels: NDArray[np.integer]) -> NDArray[np.float32]:
    """Return how deep inside its object each pixel lies: 0 outside, 1 at its deepest place."""
    depth = np.zeros(labels.shape, np.float32)
    for number, window in enumerate(find_objects(labels), start=1):
        if window is None:
            continue
        mask = labels[window] == number
        inside = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
        depth[window][mask] = inside[mask] / inside.max()
    return depth
