"""The planes of a run: what a person says of them, what the network says, and random crops to learn it from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from napari_labelfix.annotations import FinishedInstances
from napari_labelfix.data.augment import Augmentation, look, random_grid, share_out
from napari_labelfix.data.hover_maps import hover_maps
from napari_labelfix.data.label_images import relabel_sequential, sizes_of_whole
from napari_labelfix.data.patches import MARGIN, plane_on
from napari_labelfix.data.tiles import first_piece_beside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from napari_labelfix.annotations import Plane
    from napari_labelfix.data.tiles import Tile

VIEWS = Augmentation(scale=0.4, rotation=0)  # and quarter turns, and mirrored


@dataclass(eq=False)
class Page:
    """One plane with objects to learn from.

    Parameters
    ----------
    image
        (C, H, W) float32, normalised, on the device.
    labels
        (Y, X) int32 object ids, 0 = background.
    known
        (Y, X) where the labels can be learned from.

    Attributes
    ----------
    area
        How many pixels there are to learn from.
    """

    image: Tensor
    labels: NDArray[np.int32]
    known: NDArray[np.bool_]
    area: int = field(init=False)
    _spots: NDArray[np.intp] = field(init=False, repr=False)  # of a part; of a whole plane there would be too many

    def __post_init__(self) -> None:
        self.area = int(np.count_nonzero(self.known))
        self._spots = np.argwhere(self.known if not self.is_finished else np.zeros((0, 0)))

    @cached_property
    def _layers(self) -> Tensor:
        """(2, H, W) ranks of objects, and where they are known; made when it is first learned from, if ever."""
        ranks = relabel_sequential(self.labels)  # a float32 holds any of them exactly
        layers = np.stack([ranks, self.known]).astype(np.float32)
        return torch.from_numpy(layers).to(self.image.device)

    @property
    def is_finished(self) -> bool:
        """Whether all of the plane can be learned from."""
        return self.area == self.known.size

    @cached_property
    def right_sizes(self) -> NDArray[np.int64]:
        """(N,) pixels of the objects that can be learned from and are seen whole."""
        return sizes_of_whole(self.labels, self.known)

    def first_piece(self) -> Tile | None:
        """Return the piece that is seen first of a large plane which is not finished; None of another one.

        It lies around the pixel without label that is nearest to the middle of those with one, or of the plane.
        """
        return None if self.is_finished else first_piece_beside(self.known, self._spots, MARGIN)

    def taught(self, labels: NDArray[np.integer]) -> Page:
        """Return the same plane with labels of the network's own to learn from, everywhere."""
        return Page(self.image, labels.astype(np.int32), np.ones(labels.shape, bool))

    def look(self, count: int, size: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Cut out random crops (B, C, S, S), and what is known of them (B, 2, S, S): ranks of objects, and where."""
        places = rng.choice(self._spots, count) if len(self._spots) else rng.uniform(0, self.known.shape, (count, 2))
        grid = random_grid(self.image, places, size, VIEWS, rng)
        return look(self.image, grid, "bilinear"), look(self._layers, grid, "nearest")


class Lessons(NamedTuple):
    """What is learned from: pages that a person has labelled, and pages with labels of the network's own."""

    given: tuple[Page, ...]
    own: tuple[Page, ...]


class Crops(NamedTuple):
    """A batch: `image` (B, C, S, S), `foreground` and `known` (B, S, S) bool, `maps` (B, 2, S, S)."""

    image: Tensor
    foreground: Tensor
    maps: Tensor
    known: Tensor


def joined(parts: Sequence[Crops]) -> Crops:
    """Return several batches as one."""
    return Crops(*(torch.cat(tensors) for tensors in zip(*parts, strict=True)))


def make_page(plane: Plane, device: torch.device) -> Page:
    """Put a plane on the device."""
    given = plane.annotation
    if not isinstance(given, FinishedInstances):
        given = FinishedInstances(np.zeros(plane.shape, np.int32))
    return Page(plane_on(device, plane.image), given.labels.astype(np.int32), given.known())


def random_crops(pages: Sequence[Page], count: int, size: int, rng: np.random.Generator) -> Crops:
    """Cut crops out of pages, more out of those with more to learn from."""
    counts = share_out(count, [page.area for page in pages], rng)
    parts = [page.look(n, size, rng) for page, n in zip(pages, counts, strict=True) if n]
    image, layers = (torch.cat(tensors) for tensors in zip(*parts, strict=True))
    ranks = layers[:, 0].int().numpy(force=True)
    maps = torch.from_numpy(np.stack([hover_maps(crop) for crop in ranks])).to(image)
    return Crops(image, layers[:, 0] > 0, maps, layers[:, 1] > 0)
