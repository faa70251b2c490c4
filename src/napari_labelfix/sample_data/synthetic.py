"""Images that look like microscopy, with labels that are exact because the objects were drawn by us.

Three kinds: grey fluorescence (16 bit), grey bright field (8 bit) and stained tissue in colour (8 bit RGB).
Same seed and shape, same image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter
from skimage.segmentation import find_boundaries

from napari_labelfix.sample_data.shapes import Population, scatter, smooth_noise

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_NUCLEI = Population(radius=(9, 16), elongation=1.8, roughness=0.14, coverage=0.20, company=0.35)
_CELLS = Population(radius=(14, 24), elongation=1.5, roughness=0.16, coverage=0.30, company=0.40)
_TISSUE = Population(radius=(7, 13), elongation=2.4, roughness=0.14, coverage=0.22, company=0.45)

# Optical density of the dyes in red, green and blue: Ruifrok & Johnston, Anal Quant Cytol Histol 23, 2001.
_HAEMATOXYLIN = np.array([0.650, 0.704, 0.286])
_EOSIN = np.array([0.072, 0.990, 0.105])


class Sample(NamedTuple):
    """An image, (Y, X) or (Y, X, 3), and its labels, (Y, X) int32 with 0 = background and 1..n the objects."""

    image: NDArray[np.integer]
    labels: NDArray[np.int32]


def fluorescence(seed: int = 0, shape: tuple[int, int] = (512, 512)) -> Sample:
    """Make fluorescently stained nuclei: bright on dark, of uneven brightness, with haze and shot noise.

    Parameters
    ----------
    seed
        Same seed, same image.
    shape
        Height and width in pixels; nuclei keep their size, about 25 px across.

    Returns
    -------
    Sample
        `image` is (Y, X) uint16 with a camera offset of 100.
    """
    rng = np.random.default_rng(seed)
    labels = scatter(rng, shape, _NUCLEI)
    chromatin = 1 + 0.16 * smooth_noise(rng, shape, 1.2) + 0.10 * smooth_noise(rng, shape, 3.5)
    dome = np.minimum(1, 0.55 + _depth(labels) / 12)  # nuclei are thinner at their rim
    stain = _per_object(rng, labels, spread=0.35) * np.clip(chromatin, 0.2, None) * dome
    haze = 0.15 * gaussian_filter(stain, 18) + 0.06
    photons = 520 * (gaussian_filter(stain, 1.1) + haze) * _illumination(rng, shape, 0.7)
    counts = photons + np.sqrt(photons) * rng.standard_normal(shape) + rng.normal(100, 5, shape)
    return Sample(np.clip(counts, 0, 65535).astype(np.uint16), labels)


def bright_field(seed: int = 0, shape: tuple[int, int] = (512, 512)) -> Sample:
    """Make unstained cells in transmitted light: grey on grey, seen by a dark rim, a bright halo and granules.

    Parameters
    ----------
    seed, shape
        As in `fluorescence`; cells are about 40 px across.

    Returns
    -------
    Sample
        `image` is (Y, X) uint8.
    """
    rng = np.random.default_rng(seed)
    labels = scatter(rng, shape, _CELLS)
    cell = labels > 0
    inner, outer = _depth(labels), _distance(~cell)
    focus = _per_object(rng, labels, spread=0.25)
    rim = -0.26 * np.exp(-((inner / 1.6) ** 2)) * np.where(cell, focus, 0)
    halo = 0.20 * np.exp(-(((outer - 2.5) / 2.2) ** 2)) * ~cell
    granules = 0.05 * smooth_noise(rng, shape, 1.0) + 0.03 * smooth_noise(rng, shape, 3) - 0.03
    relief = np.roll(gaussian_filter(cell.astype(float), 3), (2, 2), (0, 1)) - gaussian_filter(cell.astype(float), 3)
    dust = 0.012 * smooth_noise(rng, shape, 6)
    light = 0.62 * _illumination(rng, shape, 0.4) + rim + halo + granules * cell + 0.12 * relief + dust
    grey = 255 * gaussian_filter(light, 0.8) + rng.normal(0, 2.5, shape)
    return Sample(np.clip(grey, 0, 255).astype(np.uint8), labels)


def stained_tissue(seed: int = 0, shape: tuple[int, int] = (512, 512)) -> Sample:
    """Make a tissue section stained with haematoxylin and eosin: purple nuclei in a pink, fibrous ground.

    Parameters
    ----------
    seed, shape
        As in `fluorescence`; nuclei are about 20 px long.

    Returns
    -------
    Sample
        `image` is (Y, X, 3) uint8, red, green, blue.

    Notes
    -----
    The dyes absorb after Beer and Lambert; their colours are those of Ruifrok & Johnston (2001).
    """
    rng = np.random.default_rng(seed)
    labels = scatter(rng, shape, _TISSUE)
    nucleus = labels > 0
    chromatin = 0.75 + 0.16 * smooth_noise(rng, shape, 1.3) + 0.12 * smooth_noise(rng, shape, 3)
    membrane = 0.35 * np.exp(-_depth(labels) / 1.5)
    haematoxylin = np.where(nucleus, _per_object(rng, labels, spread=0.25) * (chromatin + membrane), 0.05)
    ground = (
        0.26 + 0.08 * _fibres(rng, shape) + 0.06 * smooth_noise(rng, shape, 20) + 0.03 * smooth_noise(rng, shape, 1)
    )
    eosin = np.where(nucleus, 0.25, ground * _tissue_present(rng, nucleus))
    density = gaussian_filter(np.clip([haematoxylin, eosin], 0, None), (0, 0.9, 0.9))
    absorbed = np.tensordot(density, [_HAEMATOXYLIN, _EOSIN], (0, 0))  # (dyes, Y, X) x (dyes, 3) -> (Y, X, 3)
    rgb = 242 * np.exp(-1.35 * absorbed) * _illumination(rng, shape, 0.06)[..., None]
    return Sample(np.clip(rgb + rng.normal(0, 3, rgb.shape), 0, 255).astype(np.uint8), labels)


KINDS: dict[str, Callable[..., Sample]] = {
    "fluorescence": fluorescence,
    "bright_field": bright_field,
    "stained_tissue": stained_tissue,
}


def _per_object(rng: np.random.Generator, labels: NDArray[np.int32], spread: float) -> NDArray[np.float64]:
    """Return (Y, X) a positive factor for each object, about 1, and 0 in the background."""
    factors = rng.lognormal(0, spread, labels.max() + 1)
    factors[0] = 0
    return factors[labels]


def _depth(labels: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return (Y, X) how far a pixel lies inside its object, in pixels; 0 on its outline and outside."""
    return _distance((labels > 0) & ~find_boundaries(labels, mode="inner"))


def _distance(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the distance to the nearest False pixel; where there is none, as if it were far outside the image."""
    distance: NDArray[np.float64] = distance_transform_edt(mask)
    return np.full(mask.shape, 1e3) if mask.all() else distance


def _illumination(rng: np.random.Generator, shape: tuple[int, int], fall: float) -> NDArray[np.float64]:
    """Return (Y, X) the lamp's light: 1 somewhere near the middle, less by up to `fall` towards the corners."""
    centre = rng.uniform(0.3, 0.7, 2)
    y, x = np.ogrid[: shape[0], : shape[1]]
    squared = (y / shape[0] - centre[0]) ** 2 + (x / shape[1] - centre[1]) ** 2
    return 1 - fall * squared


def _fibres(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return (Y, X) wavy stripes in [-1, 1] that run about one way and fade in and out, as collagen does."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    turn = rng.uniform(0, np.pi)
    phase = (np.cos(turn) * x + np.sin(turn) * y) / 2.2 + 5 * smooth_noise(rng, shape, 24)
    strength = np.clip(0.5 + 0.5 * smooth_noise(rng, shape, 14), 0, 1)
    return np.sin(phase + 0.8 * smooth_noise(rng, shape, 4)) * strength


def _tissue_present(rng: np.random.Generator, nucleus: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return (Y, X) 1 in tissue and nearly 0 in its clefts, which keep away from nuclei."""
    cleft = (smooth_noise(rng, nucleus.shape, 22) > 1.1) & (_distance(~nucleus) > 5)
    return 1 - 0.9 * gaussian_filter(cleft.astype(float), 1.5)
