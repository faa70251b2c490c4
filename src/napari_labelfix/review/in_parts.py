"""Work on large arrays a part at a time, so that it can be ended in between when nobody waits for it any more."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.data.label_images import Ranked, rank_objects
from napari_labelfix.review.boxes import Box, around, find_boxes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

GoOn = Callable[[], object]  # called between two parts; it raises where the work is to end

_PART = 2**22  # pixels
_BODY_PART = 2**20  # of those whose neighbours are looked at
_PLANES = 8  # of a part of a stack


def always() -> None:
    """Go on, whatever happens."""


def parts_of(size: int) -> Iterator[slice]:
    """Yield the parts of a flat array."""
    return (slice(start, start + _PART) for start in range(0, size, _PART))


def rank_all(labels: NDArray[np.integer], go_on: GoOn = always) -> Ranked:
    """Return the objects of an array, as `rank_objects` does."""
    flat, found = labels.reshape(-1), []
    for part in parts_of(labels.size):
        go_on()
        found.append(rank_objects(flat[part]))
    ids = np.unique(np.concatenate([np.zeros(0, np.int64), *(one.ids for one in found)]))
    sizes, ranks = np.zeros(ids.size, np.int64), np.zeros(labels.size, np.int32)
    for part, one in zip(parts_of(labels.size), found, strict=True):
        go_on()
        places = np.searchsorted(ids, one.ids)
        sizes[places] += one.sizes
        ranks[part] = np.append(0, places + 1)[one.ranks]
    return Ranked(ids, sizes, ranks.reshape(labels.shape))


def find_all_boxes(labels: NDArray[np.integer], go_on: GoOn = always) -> dict[int, Box]:
    """Return the bounding boxes of all objects, as `find_boxes` does."""
    found: dict[int, Box] = {}
    step = max(1, _PART // max(1, labels[:1].size))
    for start in range(0, len(labels), step):
        go_on()
        for label, (first, *others) in find_boxes(labels[start : start + step]).items():
            box = (slice(first.start + start, first.stop + start), *others)
            found[label] = around([found[label], box]) if label in found else box
    return found


def find_bodies(stack: NDArray[np.integer], go_on: GoOn = always) -> NDArray[np.integer]:
    """Return the id of each connected body of a plane or a stack of them, (N,); corners connect.

    Each part is looked at with a margin that belongs to the parts before it, so that any two pixels that touch are seen
    together in one of them; where a body of a part has pixels in that margin, it is the body that was found there.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from skimage.measure import label

    bodies, ids, links, count = np.zeros(stack.shape, np.int32), [], [], 0
    for part in _blocks(stack.shape):
        go_on()
        wide = tuple(slice(max(0, side.start - 1), side.stop) for side in part)
        own = tuple(slice(side.start - margin.start, None) for side, margin in zip(part, wide, strict=True))
        here = label(stack[wide], connectivity=stack.ndim, background=0)
        of_body = np.zeros(int(here.max(initial=0)) + 1, stack.dtype)
        of_body[here.ravel()] = stack[wide].ravel()
        ids.append(of_body[1:])
        before = bodies[wide]
        both = before > 0
        links.append(np.unique(np.stack([before[both] - 1, here[both] + count - 1]), axis=1))
        bodies[part] = np.where(here[own] > 0, here[own] + count, 0)
        count += of_body.size - 1
    if not count:
        return np.zeros(0, stack.dtype)
    rows, columns = np.concatenate(links, axis=1)
    graph = coo_array((np.ones(rows.size, bool), (rows, columns)), shape=(count, count))
    _, one_of = np.unique(connected_components(graph, directed=False)[1], return_index=True)
    return np.concatenate(ids)[one_of]


def _blocks(shape: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    """Yield the parts of a plane or a stack, along all axes but the last, each after those that lie before it."""
    *planes, width = shape
    sizes = [1] * len(planes)
    left = max(1, _BODY_PART // max(1, width))
    for axis, most in enumerate([_PLANES] * (len(planes) - 1) + [left]):
        sizes[axis] = max(1, min(most, planes[axis], left))
        left = max(1, left // sizes[axis])
    ranges = [range(0, length, size) for length, size in zip(planes, sizes, strict=True)]
    for starts in product(*ranges):
        yield (*(slice(start, start + size) for start, size in zip(starts, sizes, strict=True)), slice(0, width))
