"""The planes of a run in the size in which the detector wants to see cells, and random crops to learn from.

Boxes are (N, 4) y0, x0, y1, x1; those of a person are in pixels of the image, all others in pixels of the page.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch.nn import functional
from torchvision import tv_tensors
from torchvision.transforms import v2

from napari_labelfix.annotations import Boxes, FinishedInstances
from napari_labelfix.data.augment import share_out
from napari_labelfix.data.label_images import boxes_of_labels
from napari_labelfix.data.patches import plane_on
from napari_labelfix.data.tiles import middle_of
from napari_labelfix.methods.foreground import see_foreground
from napari_labelfix.networks.faster_rcnn import swap
from napari_labelfix.sample_data.synthetic import bright_field, fluorescence, stained_tissue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from napari_labelfix.annotations import Plane

NO_BOXES = np.zeros((0, 4), np.float32)
NARROWEST = 3.0  # pixels: what is seen of a cell at the edge of a crop is no box if it is narrower
_ZOOM = 1.25
_SOURCE_PLANES, _SOURCE_SIDE = 12, 256  # of the synthetic cells that serve where there are no good labels
_SMALLEST_SCALE, _LARGEST_SCALE = 0.05, 4.0
_LIGHT = v2.RandomApply([v2.GaussianBlur(5, (0.3, 1.5))], 0.2)
_BLURRED = 3  # pixels: what is narrower cannot be mirrored at its edge, as blurring wants it
_TURNED = v2.Compose(
    [v2.RandomHorizontalFlip(), v2.RandomVerticalFlip(), v2.SanitizeBoundingBoxes(NARROWEST, labels_getter=None)]
)


@dataclass(eq=False)
class Page:
    """One plane to learn from.

    Parameters
    ----------
    image
        (C, H, W) float32, normalised, on the device, in the detector's size.
    corners
        (N, 4) the boxes that are learned from.
    shown
        (C, H, W) what is shown of the image when it is learned from, if not the image itself.
    """

    image: Tensor
    corners: NDArray[np.float32]
    shown: Tensor | None = None

    @property
    def area(self) -> int:
        """Pixels of the page."""
        return int(self.image.shape[1] * self.image.shape[2])


@dataclass(eq=False)
class TargetPage(Page):
    """A plane whose boxes are not to be trusted.

    Parameters
    ----------
    scale
        Pixels of the page in one of the plane.
    given
        (N, 4) the boxes that were there when the run began, and those that a person has drawn since and not removed.
    certain
        (N, 4) those of them that a person has drawn since: they have seen what is proposed.
    negatives
        (M, 4) boxes around what a person has said is no cell.
    known
        (Y, X) of the plane, where a person has labelled every cell: those are `certain`; None where they have nowhere.
    corrected
        Whether the boxes that are learned from are no longer the given ones.
    """

    scale: float = 1.0
    given: NDArray[np.float32] = field(default_factory=lambda: NO_BOXES)
    certain: NDArray[np.float32] = field(default_factory=lambda: NO_BOXES)
    negatives: NDArray[np.float32] = field(default_factory=lambda: NO_BOXES)
    known: NDArray[np.bool_] | None = None
    corrected: bool = False

    @cached_property
    def foreground(self) -> NDArray[np.float32]:
        """(H, W) the probability of a cell, in which masks grow; seen when it is first needed."""
        return see_foreground(self.image)

    @property
    def believed(self) -> NDArray[np.float32]:
        """(N, 4) the given boxes, and in their place the labelled cells where a person has labelled every one."""
        if self.known is None:
            return self.given
        return np.concatenate([self.given[~self.in_known(self.given)], self.certain])

    @property
    def place(self) -> tuple[int, int]:
        """Row and column in the page, around which a person has drawn or labelled; the middle if nowhere."""
        middles = (self.believed[:, :2] + self.believed[:, 2:]) / 2
        return middle_of(middles, (self.image.shape[1], self.image.shape[2]))

    def in_known(self, corners: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Return (N,) which boxes (N, 4) of the page have their middle where a person has labelled every cell."""
        if self.known is None:
            return np.zeros(len(corners), bool)
        middles = ((corners[:, :2] + corners[:, 2:]) / 2 / self.scale).astype(np.intp)
        rows, columns = np.clip(middles, 0, np.array(self.known.shape) - 1).T
        return np.asarray(self.known[rows, columns])

    def label_part(self, known: NDArray[np.bool_] | None, corners: NDArray[np.floating]) -> None:
        """Take up the part in which a person has labelled every cell, and their boxes in pixels of the plane."""
        self.known = known
        if known is not None:
            self.certain = (corners * self.scale).astype(np.float32)

    def redraw(self, corners: NDArray[np.floating], negatives: NDArray[np.floating]) -> None:
        """Take up what a person has drawn, and removed, meanwhile: boxes in pixels of the plane."""
        self.negatives = (negatives * self.scale).astype(np.float32)
        now = (corners * self.scale).astype(np.float32)
        before = set(map(tuple, self.given.tolist()))
        there = set(map(tuple, now.tolist()))
        new = [box for box in now.tolist() if tuple(box) not in before]
        kept = [box for box in self.certain.tolist() if tuple(box) in there]
        self.given = now
        if not self.corrected:
            self.corners = now
        self.certain = np.array(kept + new, np.float32).reshape(-1, 4)


class Crops(NamedTuple):
    """A batch: `images` (B, C, S, S), and the boxes (N, 4) of each."""

    images: Tensor
    boxes: list[Tensor]


def target_page(plane: Plane, cell: float, wanted: float, device: torch.device) -> TargetPage:
    """Put a plane on the device, so that cells of a side of `cell` pixels have one of `wanted`."""
    scale = scale_of(cell, wanted)
    given, negatives = (
        (boxes * scale).astype(np.float32) for boxes in (boxes_of_plane(plane), no_cells_of_plane(plane))
    )
    image = page_image(plane.image, scale, device)
    page = TargetPage(image, given, scale=scale, given=given, negatives=negatives)
    page.label_part(finished_part(plane), finished_boxes(plane))
    return page


def page_image(image: NDArray[np.generic], scale: float, device: torch.device) -> Tensor:
    """Return a plane (Y, X) or (Y, X, C) as (C, H, W), normalised and scaled, on the device."""
    return resized(plane_on(device, image), scale)


def resized(image: Tensor, scale: float) -> Tensor:
    """Return an image (C, H, W) in another size; it keeps a pixel at least."""
    size = [max(1, round(length * scale)) for length in image.shape[1:]]
    if size == list(image.shape[1:]):
        return image
    return functional.interpolate(image[None], size, mode="bilinear", antialias=True, align_corners=False)[0]


def scale_of(cell: float, wanted: float) -> float:
    """Return by how much to scale cells of one side so that they have another, within reason."""
    return float(np.clip(wanted / cell, _SMALLEST_SCALE, _LARGEST_SCALE))


def boxes_of_plane(plane: Plane) -> NDArray[np.float64]:
    """Return the boxes (N, 4) that a person has drawn in a plane; none where it has other labels, or none."""
    return np.asarray(plane.annotation.corners, float) if isinstance(plane.annotation, Boxes) else np.zeros((0, 4))


def no_cells_of_plane(plane: Plane) -> NDArray[np.float64]:
    """Return the boxes (N, 4) around what a person has said is no cell."""
    return np.asarray(plane.annotation.negatives, float) if isinstance(plane.annotation, Boxes) else np.zeros((0, 4))


def is_finished(plane: Plane) -> bool:
    """Return whether a person has labelled every cell of a plane, not only those of a part."""
    finished = plane.annotation
    return isinstance(finished, FinishedInstances) and (finished.trusted is None or bool(finished.trusted.all()))


def finished_part(plane: Plane) -> NDArray[np.bool_] | None:
    """Return (Y, X) where a person has labelled every cell of a plane; None if that is everywhere, or nowhere."""
    if not isinstance(plane.annotation, FinishedInstances) or is_finished(plane):
        return None
    known = plane.annotation.known()
    return known if known.any() else None


def finished_boxes(plane: Plane) -> NDArray[np.float64]:
    """Return the boxes (N, 4) of the cells that a person has labelled in a plane, or a part, that is finished."""
    finished = plane.annotation
    return boxes_of_labels(finished.right()) if isinstance(finished, FinishedInstances) else np.zeros((0, 4))


def typical_side(corners: NDArray[np.floating]) -> float:
    """Return the side of a square as large as the median box."""
    return float(np.sqrt(np.median((corners[:, 2:] - corners[:, :2]).prod(axis=1))))


def finished_page(plane: Plane, wanted: float, device: torch.device) -> Page | None:
    """Return a plane in which all cells are labelled, or the part of it that holds those; None if it holds none."""
    finished = plane.annotation
    if not isinstance(finished, FinishedInstances) or not finished.teaches:
        return None
    rows, columns = (np.flatnonzero(finished.known().any(axis=axis)) for axis in (1, 0))
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return _labelled_page(plane.image[part], finished.right()[part], wanted, device)


def synthetic_pages(channels: int, wanted: float, seed: int, device: torch.device) -> list[Page]:
    """Return made-up cells with exact boxes, of several modalities."""
    makers = (fluorescence, bright_field, stained_tissue) if channels == 3 else (fluorescence, bright_field)
    pages = []
    for number in range(_SOURCE_PLANES):
        image, labels = makers[number % len(makers)](1000 * seed + number, (_SOURCE_SIDE, _SOURCE_SIDE))
        if image.ndim == 2:
            image = np.repeat(image[..., np.newaxis], channels, axis=2)
        pages.append(_labelled_page(image, labels, wanted, device))
    return pages


def _labelled_page(
    image: NDArray[np.generic], labels: NDArray[np.integer], wanted: float, device: torch.device
) -> Page:
    corners = boxes_of_labels(labels)
    scale = scale_of(typical_side(corners), wanted)
    return Page(page_image(image, scale, device), (corners * scale).astype(np.float32))


def random_crops(pages: Sequence[Page], count: int, size: int, rng: np.random.Generator) -> Crops:
    """Cut crops out of pages, more out of larger ones; they are mirrored, zoomed, and some are blurred.

    A cell is not turned by less than it takes to mirror it: the box around a turned box would be too large.
    """
    counts = share_out(count, [page.area for page in pages], rng)
    cut = [_random_crop(page, size, rng) for page, n in zip(pages, counts, strict=True) for _ in range(n)]
    return Crops(torch.stack([image for image, _ in cut]), [boxes for _, boxes in cut])


def joined(parts: Sequence[Crops]) -> Crops:
    """Return several batches as one."""
    return Crops(torch.cat([part.images for part in parts]), [boxes for part in parts for boxes in part.boxes])


def _random_crop(page: Page, size: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return a crop (C, size, size), 0 where a page is smaller, and its boxes."""
    image = page.image if page.shown is None else page.shown
    zoom = _ZOOM ** rng.uniform(-1, 1)
    length = [min(side, round(size / zoom)) for side in image.shape[1:]]
    corner = [int(rng.integers(side - part + 1)) for side, part in zip(image.shape[1:], length, strict=True)]
    shape = [min(size, round(part * zoom)) for part in length]
    pixels = image[:, corner[0] : corner[0] + length[0], corner[1] : corner[1] + length[1]]
    pixels = functional.interpolate(pixels[None], shape, mode="bilinear", antialias=True, align_corners=False)[0]
    if image.shape[0] == 3:  # colours of a stain; channels of a microscope mean something
        pixels = pixels[rng.permutation(3)] if rng.random() < 0.5 else pixels
    boxes = (torch.from_numpy(page.corners) - torch.tensor(corner * 2)) * torch.tensor(
        [whole / part for whole, part in zip(shape, length, strict=True)] * 2
    )
    marked = tv_tensors.BoundingBoxes(swap(boxes), format="XYXY", canvas_size=(shape[0], shape[1]))
    lit = _LIGHT(pixels) if min(shape) >= _BLURRED else pixels
    seen, marked = _TURNED(lit, v2.functional.clamp_bounding_boxes(marked))
    padded = functional.pad(seen, (0, size - shape[1], 0, size - shape[0]))
    return padded, swap(marked.as_subclass(torch.Tensor)).to(image.device)
