"""The planes of a run: what is right in them, what of it is held out, and random crops with spoiled labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
import torch
from scipy import ndimage

from napari_labelfix.annotations import Instances
from napari_labelfix.data.augment import Augmentation, look, random_grid, random_light, share_out
from napari_labelfix.data.label_images import ids_of, relabel_sequential, sizes_of_whole
from napari_labelfix.data.patches import MARGIN, plane_on
from napari_labelfix.data.tiles import Tile, first_piece_beside
from napari_labelfix.methods.label_upgrade.perturbations import (
    NEARBY,
    find_segments,
    object_scale,
    other_objects,
    perturb,
    segments_near,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from napari_labelfix.annotations import Plane
    from napari_labelfix.data.tiles import Window
    from napari_labelfix.methods.label_upgrade.perturbations import Perturbation

_HELD_OUT_SHARE = 0.2  # of the right objects
_FEWEST_TO_HOLD_OUT = 5  # right objects; with fewer in all pages none is spared
_SMOOTHING = 1.0  # pixels; of edges


@dataclass(eq=False)
class Picture:
    """The image of a page, and what is worked out of it alone: it stays when labels change.

    Parameters
    ----------
    pixels
        (C, H, W) float32, normalised, on the device.
    """

    pixels: Tensor
    _segments: dict[tuple[float, ...], NDArray[np.int32]] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, plane: Plane, device: torch.device) -> Picture:
        """Normalise the image of a plane, and put it on the device."""
        return cls(plane_on(device, plane.image))

    @cached_property
    def _edges(self) -> NDArray[np.float32]:
        return edge_strength(self.pixels.numpy(force=True))

    def edges(self, window: Window | None = None) -> NDArray[np.float32]:
        """Return (Y, X) how much the image changes from pixel to pixel; of all of it they are kept."""
        return self._edges if window is None else edge_strength(self.pixels[:, *window].numpy(force=True))

    def segments(self, window: Window, scale: float, wanted: NDArray[np.bool_]) -> NDArray[np.int32]:
        """Return (Y, X) segments of a window about as large as objects, as `segments_near`; the last ones are kept."""
        known, self._segments = self._segments, {}

        def segments_in(part: Window) -> NDArray[np.int32]:
            rows, columns = part
            key = (rows.start, rows.stop, columns.start, columns.stop, scale)
            if key not in known:
                image = self.pixels[:, rows, columns].permute(1, 2, 0).numpy(force=True)
                known[key] = find_segments(np.ascontiguousarray(image), scale)
            self._segments[key] = known[key]
            return known[key]

        return segments_near(wanted, window, segments_in)


@dataclass(eq=False)
class Page:
    """One plane of a run.

    Parameters
    ----------
    picture
        Its image.
    labels
        (Y, X) int32 ids: right where `trusted`, of low quality elsewhere.
    trusted
        (Y, X) where the labels are right.
    held_out
        (Y, X) the part of `trusted` that is not trained on, but measured on.
    others
        (Y, X) ids of objects that could be taken for these; None where they are to be looked for when they are needed.
    """

    picture: Picture
    labels: NDArray[np.int32]
    trusted: NDArray[np.bool_]
    held_out: NDArray[np.bool_]
    others: NDArray[np.integer] | None
    _held_ids: tuple[int, ...] = field(default=(), init=False, repr=False)
    _layers: Tensor = field(init=False, repr=False)
    _spots: dict[bool, NDArray[np.intp]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._lay_out()

    @property
    def image(self) -> Tensor:
        """(C, H, W) float32, normalised, on the device."""
        return self.picture.pixels

    @property
    def whole(self) -> Tile:
        """All of the plane."""
        everything = slice(0, self.labels.shape[0]), slice(0, self.labels.shape[1])
        return Tile(everything, everything)

    def first_piece(self) -> Tile | None:
        """Return the piece beside the right part that is seen first of a large plane; None of another plane."""
        if self.trusted.all():
            return None
        return first_piece_beside(self.trusted, np.argwhere(self.trusted), MARGIN)

    def hold_out(self, ids: Sequence[int]) -> None:
        """Measure on these of the right objects and on the background nearest to them, and train on the rest."""
        if tuple(ids) == self._held_ids:
            return
        self._held_ids = tuple(ids)
        self.held_out = _around(self.labels, self.trusted, np.array(ids, np.intp))
        self._lay_out()

    def _lay_out(self) -> None:
        ranks = relabel_sequential(self.labels)  # a float32 holds any of them exactly
        layers = np.stack([ranks, self.trusted & ~self.held_out, self.held_out]).astype(np.float32)
        self._layers = torch.from_numpy(layers).to(self.image.device)
        parts = {False: self.trusted & ~self.held_out, True: self.held_out}
        self._spots = {which: np.argwhere(part) for which, part in parts.items()}

    @cached_property
    def _others(self) -> Tensor:
        """(1, H, W) ranks of the other objects: looking for them takes long, and not all that is learned needs them."""
        others = _others_near(self.picture, self.labels, self.trusted) if self.others is None else self.others
        return torch.from_numpy(relabel_sequential(others).astype(np.float32)).unsqueeze(0).to(self.image.device)

    @cached_property
    def right_ids(self) -> NDArray[np.integer]:
        """(N,) the ids of the right objects, to train on or to measure on."""
        return ids_of(self.labels[self.trusted])

    @cached_property
    def right_sizes(self) -> NDArray[np.int64]:
        """(N,) pixels of the right objects that are seen whole."""
        return sizes_of_whole(self.labels, self.trusted)

    def area(self, held_out: bool = False) -> int:
        """Return how many pixels there are to train on, or to measure on."""
        return len(self._spots[held_out])

    def objects(self) -> int:
        """Return how many right objects there are to train on."""
        return len(ids_of(self.labels[self.trusted & ~self.held_out]))

    def extent(self) -> int:
        """Return the longer side of the box around the right part, in pixels."""
        spots = np.argwhere(self.trusted)
        return int((np.ptp(spots, axis=0) + 1).max()) if len(spots) else 0

    def crops(self, count: int, size: int, how: Perturbation, rng: np.random.Generator, held_out: bool) -> Crops:
        """Cut random crops out of the right part, or straight ones out of the held-out part, and spoil their labels.

        Each is spoiled by a random share of `how`: a network that has seen nothing but strong errors redraws labels
        that were right. Of such, on stained tissue, an F1 of 0.90 was left then, and 0.95 with random shares.
        """
        strays = Augmentation() if not held_out else Augmentation(0.0, 0.0, 0.0, 0.0)
        centres = rng.choice(self._spots[held_out], count)
        grid = random_grid(self.image, centres, size, strays, rng)
        image = look(self.image, grid, "bilinear")
        if not held_out:
            image = random_light(image, strays)
        ranks, train, measure = look(self._layers, grid, "nearest").unbind(1)
        others = look(self._others, grid, "nearest")[:, 0] if how.inclusion else torch.zeros_like(ranks)
        right, other = (layer.numpy(force=True).astype(np.int32) for layer in (ranks, others))
        pairs = zip(right, other, strict=True)
        spoiled = np.stack([perturb(a, b, how.scaled(rng.random()), rng) > 0 for a, b in pairs])
        given = torch.from_numpy(spoiled).to(image).unsqueeze(1)
        return Crops(image, given, (ranks > 0).long(), (measure if held_out else train) > 0)


class Crops(NamedTuple):
    """A batch: `image` (B, C, S, S), `given` (B, 1, S, S) 0 or 1, `target` and `known` (B, S, S)."""

    image: Tensor
    given: Tensor
    target: Tensor
    known: Tensor


def make_page(plane: Plane, picture: Picture, seed: int) -> Page:
    """Lay the labels of a plane over its image; one without annotation has empty labels of low quality.

    A fifth of its right objects is held out, unless they are too few: `hold_out_together` is for these.
    """
    given = plane.annotation if isinstance(plane.annotation, Instances) else Instances(np.zeros(plane.shape, np.int32))
    labels, trusted = given.labels.astype(np.int32), given.known()
    return Page(picture, labels, trusted, hold_out(labels, trusted, np.random.default_rng(seed)), given.others)


def replaced(page: Page, labels: NDArray[np.int32], trusted: NDArray[np.bool_]) -> Page:
    """Return a page with other labels of which more is right; what is held out stays held out."""
    return Page(page.picture, labels, trusted | page.trusted, page.held_out, np.zeros_like(labels))


def random_crops(
    pages: Sequence[Page], count: int, size: int, how: Perturbation, rng: np.random.Generator, held_out: bool = False
) -> Crops:
    """Cut crops out of pages, more out of those with more to learn from."""
    counts = share_out(count, [page.area(held_out) for page in pages], rng)
    parts = [page.crops(n, size, how, rng, held_out) for page, n in zip(pages, counts, strict=True) if n]
    return Crops(*(torch.cat(tensors) for tensors in zip(*parts, strict=True)))


def hold_out(labels: NDArray[np.integer], trusted: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return the pixels of a fifth of the right objects, each with the background that is nearer to it than to others.

    So there are objects and background in it, however few they are.
    """
    ids = ids_of(labels[trusted])
    if len(ids) < _FEWEST_TO_HOLD_OUT:
        return np.zeros(labels.shape, bool)
    return _around(labels, trusted, rng.choice(ids, max(1, round(_HELD_OUT_SHARE * len(ids))), replace=False))


def hold_out_together(pages: Sequence[Page], seed: int) -> None:
    """Hold out a fifth of the right objects of all those pages that have too few to spare one each.

    When an object's turn comes depends on itself alone: one that is added changes little of what is held out.
    """
    few = {at: page for at, page in enumerate(pages) if 0 < len(page.right_ids) < _FEWEST_TO_HOLD_OUT}
    objects = [(at, number) for at, page in few.items() for number in page.right_ids.tolist()]
    turns = sorted(objects, key=lambda each: np.random.default_rng([seed, *each]).random())
    spared = turns[: round(_HELD_OUT_SHARE * len(turns))] if len(turns) >= _FEWEST_TO_HOLD_OUT else []
    for at, page in few.items():
        page.hold_out([number for where, number in spared if where == at])


def edge_strength(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (Y, X) the length of the gradient of an image (C, Y, X), smoothed and over all channels."""
    squares = [ndimage.gaussian_gradient_magnitude(channel, _SMOOTHING) ** 2 for channel in image]
    return np.sqrt(np.sum(squares, axis=0), dtype=np.float32)


def _around(labels: NDArray[np.integer], trusted: NDArray[np.bool_], chosen: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Return the right pixels that are of the chosen objects, or nearer to one of them than to others."""
    right = np.where(trusted, labels, 0)
    inside = np.isin(right, chosen) & trusted
    others = (right > 0) & ~inside
    if not inside.any() or not others.any():
        return trusted & inside.any()
    distances = [cv2.distanceTransform((~of).astype(np.uint8), cv2.DIST_L2, 5) for of in (inside, others)]
    return trusted & (distances[0] < distances[1])


def _others_near(picture: Picture, labels: NDArray[np.int32], trusted: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Look for other objects in and around the right part alone: elsewhere none are needed."""
    others = np.zeros(labels.shape, np.int32)
    spots = np.argwhere(trusted)
    if len(spots):
        # by whole margins: a right part that grows by a stroke mostly has the same surroundings
        low, high = (spots.min(axis=0) // NEARBY - 1) * NEARBY, (spots.max(axis=0) // NEARBY + 2) * NEARBY
        rows, columns = map(slice, np.maximum(low, 0).tolist(), np.minimum(high, labels.shape).tolist())
        window = rows, columns
        segments = picture.segments(window, object_scale(labels[window]), trusted)
        others[window] = other_objects(segments, labels[window], np.random.default_rng(0))
    return others
