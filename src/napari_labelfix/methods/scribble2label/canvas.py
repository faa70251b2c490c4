"""Planes that live on the device with their scribbles, and random crops of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from napari_labelfix.data.augment import Augmentation, look, random_grid, random_light, random_place, share_out
from napari_labelfix.losses.partial_cross_entropy import NO_LABEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor


@dataclass(eq=False)
class Canvas:
    """One plane on the device, with what is known and what is believed about it.

    Parameters
    ----------
    image
        (C, H, W) float32, normalised.
    marked
        (H, W) int64 class indices, `NO_LABEL` where nobody has drawn.
    taught
        (H, W) the same, and what else a person has agreed to: what a network learns from.
    classes
        Number of classes, the background included.
    belief
        (classes, H, W) float32 probabilities; the ensemble of predictions. None until there is one. It may lack classes
        that were drawn since.
    """

    image: Tensor
    marked: Tensor
    taught: Tensor
    classes: int
    belief: Tensor | None = None
    is_marked: bool = field(init=False, repr=False)  # whether anything is drawn
    _spots: NDArray[np.intp] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.mark(self.marked, self.taught)

    def mark(self, marked: Tensor, taught: Tensor) -> None:
        """Replace what is drawn, and what a network learns from."""
        self.marked, self.taught = marked, taught
        self.is_marked = bool((marked != NO_LABEL).any())
        self._spots = np.argwhere((taught != NO_LABEL).numpy(force=True))

    def random_centre(self, rng: np.random.Generator) -> tuple[float, float]:
        """Return a row and column: half of the time near a mark, so that a crop of a large plane has one."""
        return random_place(self.taught.shape, self._spots, rng)


@dataclass(frozen=True, eq=False)
class Batch:
    """Crops under one augmentation: `image` (B, C, S, S), `marked` (B, S, S), `belief` (B, classes, S, S)."""

    image: Tensor
    marked: Tensor
    belief: Tensor


def random_batch(
    canvases: Sequence[Canvas], count: int, size: int, how: Augmentation, rng: np.random.Generator
) -> Batch:
    """Cut `count` random crops of `size` pixels out of canvases, larger ones more often.

    Outside of the plane, image and belief are mirrored and nothing is marked. Where nothing is believed yet, the
    belief is 0 for every class.
    """
    per_canvas = share_out(count, [canvas.marked.numel() for canvas in canvases], rng)
    parts = [_crops(canvas, n, size, how, rng) for canvas, n in zip(canvases, per_canvas, strict=True) if n]
    image, marked, belief = (torch.cat(tensors) for tensors in zip(*parts, strict=True))
    return Batch(random_light(image, how), marked, belief)


def _crops(
    canvas: Canvas, count: int, size: int, how: Augmentation, rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    grid = random_grid(canvas.image, (canvas.random_centre(rng) for _ in range(count)), size, how, rng)
    image = look(canvas.image, grid, "bilinear")
    if canvas.belief is None:
        belief = image.new_zeros(count, canvas.classes, size, size)
    else:
        belief = look(canvas.belief, grid, "bilinear")
        new = canvas.classes - belief.shape[1]  # of them nothing is believed yet
        belief = functional.pad(belief, (0, 0, 0, 0, 0, new))
    # outside the plane is 0, so labels are shifted to keep 0 for "no label"
    shifted = (canvas.taught - NO_LABEL).float().unsqueeze(0)
    marked = look(shifted, grid, "nearest").squeeze(1).long() + NO_LABEL
    return image, marked, belief
