"""Objects that are far smaller than their boxes, such as threads, rings and combs, are looked at in tiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_labelfix.review.boxes import around, widened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_labelfix.review.boxes import Box

_LARGE = 2**16  # pixels of a box; in a smaller one nothing is gained
_SIDE, _DEPTH = 64, 8  # pixels of a tile along Y and X, and planes
_GAIN = 2  # tiles must have so many times fewer pixels than the box


class Part(NamedTuple):
    """A part of an object.

    Parameters
    ----------
    box
        What is looked at: the part, and what lies around it.
    core
        Where in the box the part lies. Parts share no pixel, and together they are the object.
    near
        Where in the box it is seen as far as it reaches what is there.
    """

    box: Box
    core: Box
    near: Box


def parts_of_objects(
    labels: NDArray[np.integer], found: Mapping[int, Box], margin: Sequence[int], reach: Sequence[int], beyond: int = 0
) -> Iterator[tuple[int, list[Part]]]:
    """Yield each object with its parts: all of it, or what of it lies in each tile.

    Parameters
    ----------
    labels
        (..., Y, X), 0 = background.
    found
        Boxes that hold all pixels of their object, by id.
    margin
        Pixels along each axis that are looked at around a whole object.
    reach
        Pixels along each axis: what lies farther away from a pixel changes nothing there.
    beyond
        How many times the reach lies around a tile in what is near it.
    """
    sides = [_DEPTH] * (labels.ndim - 2) + [_SIDE, _SIDE]
    around_tile = [(1 + beyond) * pixels for pixels in reach]
    tiles = _tiles_of(labels, found, sides, around_tile)
    for object_id, known in found.items():
        if object_id not in tiles:
            box = widened(known, margin, labels.shape)
            yield object_id, [Part(box, _from(box, known), _from(box, box))]
            continue
        parts = []
        for tile in tiles[object_id]:
            box = widened(tile, around_tile, labels.shape)
            near = widened(tile, [beyond * pixels for pixels in reach], labels.shape)
            parts.append(Part(box, _from(box, tile), _from(box, near)))
        yield object_id, parts


def _from(box: Box, other: Box) -> Box:
    """Return a box, counted from the corner of one that holds it."""
    return tuple(
        slice(side.start - corner.start, side.stop - corner.start) for side, corner in zip(other, box, strict=True)
    )


def _tiles_of(
    labels: NDArray[np.integer], found: Mapping[int, Box], sides: Sequence[int], margin: Sequence[int]
) -> dict[int, list[Box]]:
    """Return the tiles of those objects for which they are less than the box."""
    sizes = {object_id: int(np.prod([side.stop - side.start for side in box])) for object_id, box in found.items()}
    large = np.array([object_id for object_id, size in sizes.items() if size > _LARGE], np.int64)
    if not large.size:
        return {}
    large.sort()
    grid = tuple(-(-length // side) for length, side in zip(labels.shape, sides, strict=True))
    there = _presence(labels, large, around([found[object_id] for object_id in large.tolist()]), sides, grid)
    costs = np.prod([side + 2 * more for side, more in zip(sides, margin, strict=True)])
    tiles = {}
    for object_id, places in zip(large.tolist(), there, strict=True):
        if len(places) * costs * _GAIN < sizes[object_id]:
            tiles[object_id] = [
                tuple(
                    slice(at * side, min(length, (at + 1) * side))
                    for at, side, length in zip(place, sides, labels.shape, strict=True)
                )
                for place in places.tolist()
            ]
    return tiles


def _presence(
    labels: NDArray[np.integer], ids: NDArray[np.int64], box: Box, sides: Sequence[int], grid: tuple[int, ...]
) -> list[NDArray[np.intp]]:
    """Return for each of the ascending ids the tiles (N, axes) in which it has pixels; a layer of tiles at a time."""
    pairs = [np.zeros(0, np.int64)]
    for first in range(box[0].start, box[0].stop, sides[0]):
        layer = labels[first : first + sides[0]]
        inside = np.nonzero(np.isin(layer, ids))
        rank = np.searchsorted(ids, layer[inside])
        inside = (inside[0] + first, *inside[1:])
        tile = np.ravel_multi_index(tuple(axis // side for axis, side in zip(inside, sides, strict=True)), grid)
        pairs.append(np.unique(rank * int(np.prod(grid)) + tile))
    rank, tile = np.divmod(np.unique(np.concatenate(pairs)), int(np.prod(grid)))
    places = np.stack(np.unravel_index(tile, grid), axis=1)
    return np.split(places, np.searchsorted(rank, np.arange(1, ids.size)))
