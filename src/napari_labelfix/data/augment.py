"""Random views of a plane, made in batch on the device: where to look, how, and under what light."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch.nn import functional

from napari_labelfix.networks.device import sent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from torch import Tensor


@dataclass(frozen=True)
class Augmentation:
    """How far random views may stray; the defaults are those of the Scribble2Label paper's kind.

    Parameters
    ----------
    scale
        Largest zoom, in and out: 0.25 is from 1 / 1.25 to 1.25.
    rotation
        Largest angle in degrees.
    brightness, contrast
        Largest shift, and largest relative stretch, of the normalised values.
    """

    scale: float = 0.25
    rotation: float = 45.0
    brightness: float = 0.2
    contrast: float = 0.2


def random_place(shape: Sequence[int], spots: NDArray[np.generic], rng: np.random.Generator) -> tuple[float, float]:
    """Return a row and column of a plane of that shape: half of the time one of the spots (N, 2), if there are any."""
    if len(spots) and rng.random() < 0.5:
        row, column = rng.choice(spots)
        return float(row), float(column)
    return rng.uniform(0, shape[0]), rng.uniform(0, shape[1])


def share_out(count: int, areas: Sequence[int], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return how many of `count` random crops each plane gives, one of a larger area more of them."""
    weights = np.array(areas, float)
    return rng.multinomial(count, weights / weights.sum())


def random_view(centre: Sequence[float], size: int, how: Augmentation, rng: np.random.Generator) -> Tensor:
    """Return a 2 x 3 map from crop coordinates in [-1, 1] to pixels x, y: flips, shift, scale and rotation.

    Parameters
    ----------
    centre
        Row and column, in pixels, that the middle of the crop shows.
    size
        Side of the crop in pixels.
    """
    angle = math.radians(rng.uniform(-how.rotation, how.rotation)) + rng.integers(4) * math.pi / 2
    zoom = (1 + how.scale) ** rng.uniform(-1, 1)
    mirror = rng.choice([-1.0, 1.0])
    reach = zoom * size / 2
    cos, sin = reach * math.cos(angle), reach * math.sin(angle)
    rows = [[mirror * cos, -sin, centre[1]], [mirror * sin, cos, centre[0]]]
    return torch.tensor(rows, dtype=torch.float32)


def random_grid(
    plane: Tensor, centres: Iterable[Sequence[float]], size: int, how: Augmentation, rng: np.random.Generator
) -> Tensor:
    """Return where crops with these centres (row, column) look at a plane (C, H, W), each in its own way, for `look`.

    What belongs to the plane, such as its labels, is seen under the same grid.
    """
    return grid_of(plane, torch.stack([random_view(centre, size, how, rng) for centre in centres]), size)


def grid_of(plane: Tensor, views: Tensor, size: int) -> Tensor:
    """Return where crops of so many pixels look: a plane (C, H, W), views (B, 2, 3) -> (B, size, size, 2)."""
    height, width = plane.shape[1:]
    # pixels -> the [-1, 1] of grid_sample, whose pixel 0 has its centre at -1 + 1 / width
    to_unit = torch.tensor([[2 / width, 0, 1 / width - 1], [0, 2 / height, 1 / height - 1], [0, 0, 1]])
    last_row = torch.tensor([0.0, 0.0, 1.0]).expand(len(views), 1, 3)
    theta = (to_unit @ torch.cat([views, last_row], dim=1))[:, :2]
    return functional.affine_grid(sent(theta, plane.device), [len(views), 1, size, size], align_corners=False)


def look(plane: Tensor, grid: Tensor, mode: Literal["bilinear", "nearest"]) -> Tensor:
    """Cut crops out of a plane; what lies outside is mirrored (bilinear) or 0 (nearest).

    Parameters
    ----------
    plane
        (C, H, W) float.
    grid
        (B, S, S, 2) from `random_grid` or `grid_of`.

    Returns
    -------
    Tensor
        (B, C, S, S).
    """
    padding = "reflection" if mode == "bilinear" else "zeros"
    batch = plane.expand(len(grid), -1, -1, -1)
    return functional.grid_sample(batch, grid, mode=mode, padding_mode=padding, align_corners=False)


def random_light(crops: Tensor, how: Augmentation) -> Tensor:
    """Change brightness and contrast of each crop, all its channels alike: (B, C, H, W) -> (B, C, H, W)."""
    strength = sent(torch.rand(2, len(crops), 1, 1, 1) * 2 - 1, crops.device)
    return crops * (1 + how.contrast * strength[0]) + how.brightness * strength[1]
