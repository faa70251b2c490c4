"""What a detector finds in a page: at one look, or in twenty views of it that are fused."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.data.patches import without_pause
from napari_labelfix.data.tiles import first_piece, tiles
from napari_labelfix.methods.sissi.fusion import Scored, fuse, most_boxes, suppress
from napari_labelfix.methods.sissi.pages import resized
from napari_labelfix.networks.device import mixed_precision
from napari_labelfix.networks.faster_rcnn import detect

if TYPE_CHECKING:
    from collections.abc import Generator

    from torch import Tensor, nn

    from napari_labelfix.data.tiles import Tile

SCALES = (0.8, 0.9, 1.0, 1.1, 1.2)
FLIPS = tuple(product((False, True), repeat=2))  # upside down, left to right
_SIDE, _MARGIN = 512, 96  # pixels of a tile; no cell that the detector knows is wider than the margin


def find(network: nn.Module, image: Tensor, lowest: float, thorough: bool, cell: float) -> Scored:
    """Return the boxes in a page; the parameters are those of `find_by_part`."""
    return without_pause(find_by_part(network, image, lowest, thorough, cell))


def find_by_part(
    network: nn.Module, image: Tensor, lowest: float, thorough: bool, cell: float
) -> Generator[None, None, Scored]:
    """Look at a page (C, H, W) of any size, pausing now and then, and return the boxes in it, the best first.

    Parameters
    ----------
    network
        From `networks/faster_rcnn.py`; it is put into evaluation mode.
    image
        (C, H, W), normalised, on the network's device.
    lowest
        Boxes with a lower score are left out.
    thorough
        Whether to look at each part in all sizes and mirrored (test-time augmentation), which takes twenty times as
        long.
    cell
        Side of a typical cell, in pixels of the page: of smaller ones there are more.
    """
    height, width = int(image.shape[1]), int(image.shape[2])
    parts = []
    for tile in tiles((height, width), _MARGIN, _SIDE):
        piece = image[:, *tile.read]
        if thorough:
            views = yield from _views(network, piece)
            found = fuse(views)
        else:
            found = _look(network, [piece])[0]
            yield
        parts.append(_kept(found, tile))
    every = Scored(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
    return suppress(every, lowest, most_boxes(height, width, cell))


def find_first(network: nn.Module, image: Tensor, place: tuple[int, int], lowest: float, cell: float) -> Scored | None:
    """Return the boxes of what is seen of a large page in one tile around a place (row, column); None of a small page.

    The other parameters are those of `find_by_part`.
    """
    height, width = int(image.shape[1]), int(image.shape[2])
    tile = first_piece((height, width), _MARGIN, place, _SIDE - 2 * _MARGIN)
    if tile is None:
        return None
    found = _kept(_look(network, [image[:, *tile.read]])[0], tile)
    return suppress(found, lowest, most_boxes(height, width, cell))


def _kept(found: Scored, tile: Tile) -> Scored:
    """Return, in the coordinates of the page, the boxes found in a tile whose middles lie in what is kept of it."""
    corner = np.array([side.start for side in tile.read] * 2, np.float32)
    found = Scored(found.corners + corner, found.scores)
    centres = (found.corners[:, :2] + found.corners[:, 2:]) / 2
    low, high = ([getattr(side, end) for side in tile.keep] for end in ("start", "stop"))
    return found.taken(np.asarray(((centres >= low) & (centres < high)).all(axis=1)))


def _views(network: nn.Module, image: Tensor) -> Generator[None, None, list[Scored]]:
    """Return what is found in each view, in the coordinates of the image; pause after each size."""
    views = []
    for scale in SCALES:
        scaled = resized(image, scale)
        dims = [[axis + 1 for axis, flipped in enumerate(flips) if flipped] for flips in FLIPS]
        found = _look(network, [scaled.flip(axes) for axes in dims])
        shape = np.array(scaled.shape[1:], np.float32)
        factor = np.array(image.shape[1:], np.float32) / shape
        for flips, one in zip(FLIPS, found, strict=True):
            corners = one.corners.copy()
            for axis in np.flatnonzero(flips):
                corners[:, [axis, axis + 2]] = shape[axis] - corners[:, [axis + 2, axis]]
            views.append(Scored(corners * np.tile(factor, 2), one.scores))
        yield
    return views


def _look(network: nn.Module, images: list[Tensor]) -> list[Scored]:
    with mixed_precision(images[0].device):
        found = detect(network, images)
    return [Scored(one.corners.numpy(force=True), one.scores.numpy(force=True)) for one in found]
