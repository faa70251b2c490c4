"""Scattered, partly touching, irregular objects as exact labels; and smooth noise, the stuff of textures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter, label

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEAST_PIXELS = 20  # less than this of an object, at the border or beside a neighbour, would be a speck
_MOST_HIDDEN = 0.2  # share of an object that may disappear under those that lie there already


@dataclass(frozen=True)
class Population:
    """What the objects of an image look like.

    Parameters
    ----------
    radius
        Smallest and largest mean radius in pixels.
    elongation
        Largest ratio of length to width.
    roughness
        Depth of the dents and bumps of the outline, as a share of the radius.
    coverage
        Share of the image that objects try to fill.
    company
        Share of the objects that are put beside another one.
    """

    radius: tuple[float, float]
    elongation: float
    roughness: float
    coverage: float
    company: float


def scatter(rng: np.random.Generator, shape: tuple[int, int], population: Population) -> NDArray[np.int32]:
    """Return (Y, X) labels 1..n of objects that lie in one piece each and never overlap; n is at least 1."""
    labels = np.zeros(shape, np.int32)
    mean_area = np.pi * np.mean(population.radius) ** 2
    wanted = max(1, round(population.coverage * labels.size / mean_area))
    centres: list[NDArray[np.float64]] = []
    for _ in range(10 * wanted):
        radius = rng.uniform(*population.radius)
        centre = _centre(rng, shape, population, centres, radius)
        if _stamp(labels, _outline(rng, radius, population), centre, len(centres) + 1):
            centres.append(centre)
        if len(centres) == wanted:
            break
    return labels


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], sigma: float) -> NDArray[np.float64]:
    """Return (Y, X) Gaussian noise whose grains are about `sigma` pixels; mean about 0, standard deviation about 1."""
    # Coarse noise is made on a coarse grid: filtering with a wide kernel would take most of the time.
    step = max(1, int(sigma / 4))
    coarse = gaussian_filter(rng.standard_normal([-(-length // step) + 2 for length in shape]), sigma / step)
    rows, columns = (np.arange(length) / step for length in shape)
    return _interpolate(coarse / coarse.std(), rows, columns)


def _centre(
    rng: np.random.Generator,
    shape: tuple[int, int],
    population: Population,
    centres: list[NDArray[np.float64]],
    radius: float,
) -> NDArray[np.float64]:
    """Choose a place: anywhere, or about two radii away from an object that is there already."""
    if centres and rng.random() < population.company:
        angle = rng.uniform(0, 2 * np.pi)
        beside = centres[rng.integers(len(centres))] + 1.9 * radius * np.array([np.sin(angle), np.cos(angle)])
        if ((beside >= 0) & (beside < shape)).all():
            return beside
    return rng.uniform((0, 0), shape)


def _outline(rng: np.random.Generator, radius: float, population: Population) -> NDArray[np.bool_]:
    """Return a square mask with one object in its middle: a turned ellipse whose radius waves with the angle."""
    ratio = np.sqrt(rng.uniform(1, population.elongation))
    turn = rng.uniform(0, np.pi)
    reach = int(np.ceil(radius * ratio * (1 + 2 * population.roughness))) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1] / radius
    along = (np.cos(turn) * x + np.sin(turn) * y) / ratio
    across = (np.cos(turn) * y - np.sin(turn) * x) * ratio
    angle = np.arctan2(across, along)
    waves = sum(rng.uniform(-1, 1) / k * np.cos(k * angle + rng.uniform(0, 2 * np.pi)) for k in range(2, 7))
    return np.hypot(along, across) <= 1 + population.roughness * waves


def _stamp(labels: NDArray[np.int32], mask: NDArray[np.bool_], centre: NDArray[np.float64], object_id: int) -> bool:
    """Draw an object where nothing is yet; leave it out if too little of it, or more than one piece, would show."""
    top, left = np.floor(centre).astype(int) - mask.shape[0] // 2
    window = (slice(max(top, 0), top + mask.shape[0]), slice(max(left, 0), left + mask.shape[1]))
    target = labels[window]
    offset = max(-top, 0), max(-left, 0)
    inside = mask[offset[0] : offset[0] + target.shape[0], offset[1] : offset[1] + target.shape[1]]
    visible = inside & (target == 0)
    count = np.count_nonzero(visible)
    hidden = np.count_nonzero(inside) - count
    least = min(_LEAST_PIXELS, min(labels.shape) ** 2)  # a strip of an image shows only strips of objects
    if count < least or hidden > _MOST_HIDDEN * (count + hidden) or label(visible)[1] != 1:
        return False
    target[visible] = object_id
    return True


def _interpolate(
    grid: NDArray[np.float64], rows: NDArray[np.float64], columns: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Read a grid between its nodes, linearly in both directions."""
    for axis, at in enumerate((rows, columns)):
        low = np.floor(at).astype(int)
        weight = np.expand_dims(at - low, 1 - axis)
        grid = np.take(grid, low, axis) * (1 - weight) + np.take(grid, low + 1, axis) * weight
    return grid
