"""Known outlines in made-up light, so that no modality is taken for granted.

After Billot et al., "SynthSeg", Medical Image Analysis 86, 2023: what is shown in random brightness and texture each
time is told by its shape and its surroundings alone. Around objects there may be what they are part of, as the
cytoplasm around a nucleus is, and what only looks like them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from napari_labelfix.data.normalize import normalize
from napari_labelfix.sample_data.shapes import smooth_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

COLOURED = 0.4  # share of the pictures
FAINTEST = 0.12  # difference between objects and what is around them


def repainted(foreground: Floats, depth: Floats, rng: np.random.Generator) -> NDArray[np.float32]:
    """Paint objects of known foreground and depth (Y, X), and what may be around them, as (Y, X, 3) normalised."""
    shape = foreground.shape
    chance = rng.random(6)
    coloured = chance[0] < COLOURED
    picture = _stuff(shape, _colour(rng, coloured), rng)
    around = picture.mean(axis=(0, 1))
    if chance[1] < 0.5:
        around = _colour(rng, coloured)
        picture = _over(picture, _stuff(shape, around, rng), _bodies(foreground, rng))
    if chance[2] < 0.5:
        picture = _over(picture, _stuff(shape, _colour(rng, coloured), rng), _clutter(shape, rng))
    inside = _colour(rng, coloured)
    if np.abs(inside - around).max() < FAINTEST:
        inside = around + FAINTEST * rng.choice([-1, 1])
    objects = _stuff(shape, inside, rng)
    if chance[3] < 0.5:  # some are fainter than others
        objects = objects + (around - objects) * _patches(foreground, rng, 0.6)[..., None]
    picture = _over(picture, objects, foreground)
    if chance[4] < 0.4:
        rim = np.exp(-((depth / rng.uniform(0.1, 0.5)) ** 2)) * foreground
        picture = picture + rng.normal(0, 0.4) * rim[..., None]
    if chance[5] < 0.15:  # relief, as in differential interference contrast
        smooth = cv2.GaussianBlur(np.asarray(depth, np.float32), (0, 0), 1.5)
        along = rng.uniform(0, 2 * np.pi)
        slope = np.cos(along) * cv2.Sobel(smooth, -1, 1, 0) + np.sin(along) * cv2.Sobel(smooth, -1, 0, 1)
        picture = picture + rng.uniform(0.1, 0.4) * slope[..., None]
    picture = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), rng.uniform(0.3, 1.5))
    return normalize(picture + rng.normal(0, rng.uniform(0.003, 0.04), shape)[..., None])


def _colour(rng: np.random.Generator, coloured: bool) -> Floats:
    return rng.uniform(0, 1, 3) if coloured else np.full(3, rng.uniform(0, 1))


def _stuff(shape: tuple[int, ...], colour: Floats, rng: np.random.Generator) -> Floats:
    """Return (Y, X, 3) of one colour with some texture, coarse and fine."""
    coarse = rng.uniform(0, 0.12) * smooth_noise(rng, shape, rng.uniform(6, 40))
    fine = rng.uniform(0, 0.12) * smooth_noise(rng, shape, rng.uniform(0.8, 6))
    return colour + (coarse + fine)[..., None]


def _over(below: Floats, above: Floats, cover: Floats) -> Floats:
    return below + (above - below) * cover[..., None]


def _bodies(foreground: Floats, rng: np.random.Generator) -> Floats:
    """Return (Y, X) in [0, 1]: bodies of uneven outline around most of the objects, and some without any."""
    shape = foreground.shape
    present = (foreground > 0.5) & (_patches(foreground, rng, 1) < 0.85)
    outside = cv2.distanceTransform((~present).astype(np.uint8), cv2.DIST_L2, 3)
    reach = np.exp(rng.uniform(1, 4)) * (1 + 0.5 * smooth_noise(rng, shape, rng.uniform(4, 15)))
    body = (outside < reach) | (smooth_noise(rng, shape, rng.uniform(10, 30)) > rng.uniform(0.8, 2.5))
    return body * rng.uniform(0.6, 1)


def _clutter(shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Return (Y, X) in [0, 1]: specks, or creases, which are no objects."""
    noise = smooth_noise(rng, shape, rng.uniform(1, 3) if rng.random() < 0.5 else rng.uniform(8, 20))
    if rng.random() < 0.5:
        return (noise > rng.uniform(2, 3)).astype(np.float64)
    return np.exp(-((noise / rng.uniform(0.02, 0.1)) ** 2)) * (smooth_noise(rng, shape, 25) > 0.5)


def _patches(foreground: Floats, rng: np.random.Generator, most: float) -> Floats:
    """Return (Y, X) a random number up to `most` for each separate patch of the foreground, 0 outside."""
    count, numbers = cv2.connectedComponents((foreground > 0.5).astype(np.uint8))
    return np.append(0, rng.uniform(0, most, count - 1))[numbers]
