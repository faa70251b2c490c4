"""Objects of planes that are too large to be looked at in one piece."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from napari_labelfix.data.label_images import relabel_sequential
from napari_labelfix.data.tiles import Tile, Window, tiles, with_margin, within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

SIDE = 4096  # pixels of a tile
MARGIN = 256  # pixels that a tile sees beyond each of its edges
_AROUND = 128  # pixels that are seen around a window of which the objects are found anew


def join_tiles(shape: tuple[int, ...], find: Callable[[Window], NDArray[np.int32]]) -> NDArray[np.int32]:
    """Let objects be found in overlapping tiles, and number them through the plane.

    Each tile keeps the pixels up to the seams. Parts on two sides of a seam are one object where both tiles, each of
    which sees beyond the seam, say so.

    Parameters
    ----------
    shape
        (Y, X) of the plane.
    find
        Returns the objects of a window, (h, w) int32 with ids 1..N without gaps.

    Returns
    -------
    NDArray[np.int32]
        (Y, X) ids 1..N without gaps, 0 = background.
    """
    height, width = shape
    pieces = list(tiles((height, width), MARGIN, SIDE))
    if len(pieces) == 1:
        return find(pieces[0].read)
    labels = np.zeros((height, width), np.int32)
    beyond: list[tuple[Window, NDArray[np.int32]]] = []  # what a tile sees on the other side of a seam
    count = 0
    for tile in pieces:
        found = find(tile.read)
        number = np.arange(found.max(initial=0) + 1, dtype=np.int32)
        number[1:] += count
        labels[tile.keep] = number[found[tile.inner]]
        beyond += [(there, number[found[within(there, tile.read)]]) for there in _across_the_seams(tile)]
        count += number.size - 1
    final = _numbers(count, _said_by_both(labels, beyond), labels, pieces)
    for tile in pieces:
        labels[tile.keep] = final[labels[tile.keep]]
    return labels


def join_window(
    labels: NDArray[np.int32], window: Window, find: Callable[[Window], NDArray[np.int32]]
) -> NDArray[np.int32]:
    """Let the objects of a window be found anew, and leave those around it as they are.

    An object that goes on beyond the window keeps the id that it has there; where it has several, that of the longest
    seam.

    Parameters
    ----------
    labels
        (Y, X) int32 objects of a plane, 0 = background.
    window
        Where they have changed.
    find
        As for `join_tiles`.

    Returns
    -------
    NDArray[np.int32]
        (Y, X) ids 1..N without gaps, 0 = background.
    """
    tile = with_margin(window, _AROUND, labels.shape)
    found = find(tile.read)
    number = np.arange(found.max(initial=0) + 1, dtype=np.int32)
    number[1:] += labels.max(initial=0)
    seams = [(found[within(there, tile.read)].ravel(), labels[there].ravel()) for there in _across_the_seams(tile)]
    if seams:
        here, beyond = (np.concatenate(ids) for ids in zip(*seams, strict=True))
        both = (here > 0) & (beyond > 0)
        pairs, lengths = np.unique(np.stack([here[both], beyond[both]], axis=1), axis=0, return_counts=True)
        by_length = pairs[np.argsort(lengths, kind="stable")]
        number[by_length[:, 0]] = by_length[:, 1]  # of several the last one stays
    joined = labels.copy()
    joined[window] = number[found[tile.inner]]
    return relabel_sequential(joined)


def _across_the_seams(tile: Tile) -> Iterator[Window]:
    """Yield the lines of pixels that lie next to what a tile keeps, and are seen by it."""
    (y, x), (seen_y, seen_x) = tile.keep, tile.read
    for line in (y.start - 1, y.stop):
        if seen_y.start <= line < seen_y.stop:
            yield slice(line, line + 1), seen_x
    for line in (x.start - 1, x.stop):
        if seen_x.start <= line < seen_x.stop:
            yield seen_y, slice(line, line + 1)


def _said_by_both(labels: NDArray[np.int32], beyond: list[tuple[Window, NDArray[np.int32]]]) -> NDArray[np.int32]:
    """Return (M, 2) pairs of ids: the tile of each sees its object where the other's is."""
    seen = np.concatenate([np.stack([ids.ravel(), labels[window].ravel()], axis=1) for window, ids in beyond])
    pairs = np.unique(seen[(seen > 0).all(axis=1)], axis=0)
    told = set(map(tuple, pairs.tolist()))
    return np.array([pair for pair in told if pair[::-1] in told], np.int32).reshape(-1, 2)


def _numbers(count: int, same: NDArray[np.int32], labels: NDArray[np.int32], pieces: list[Tile]) -> NDArray[np.int32]:
    """Return (count + 1,) the final number of each id: one for those that are the same, no gaps, 0 for unused ones."""
    graph = coo_array((np.ones(len(same), bool), (same[:, 0], same[:, 1])), shape=(count + 1, count + 1))
    _, group = connected_components(graph, directed=False)
    used = np.zeros(count + 1, bool)
    for tile in pieces:
        used[np.unique(labels[tile.keep])] = True
    used[0] = False
    number = np.zeros(count + 1, np.int32)
    number[used] = np.unique(group[used], return_inverse=True)[1] + 1
    return number
