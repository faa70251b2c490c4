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

_PART = 2**22  # pixels, or runs of them


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

    What is connected are runs, the pixels of an id that lie beside one another in a row. Of these there are many times
    fewer than pixels, unless objects are as small as a few of them.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    starts, stops, ids = _find_runs(stack, go_on)
    line = stack.shape[-1] + 2
    plane = line * (stack.shape[-2] + 2)
    links = [np.zeros((2, 0), np.intp)]
    for back, part in product((line, plane - line, plane, plane + line), parts_of(ids.size)):  # to the rows before
        go_on()
        one = np.arange(ids.size)[part]
        other = np.searchsorted(stops, starts[one] - back)  # the first that may touch it
        while one.size:
            touching = starts[other] <= stops[one] - back
            one, other = one[touching], other[touching]
            links.append(np.stack([one, other])[:, ids[one] == ids[other]])
            other = other + 1
    rows, columns = np.concatenate(links, axis=1)
    graph = coo_array((np.ones(rows.size, bool), (rows, columns)), shape=(ids.size, ids.size))
    _, one_of = np.unique(connected_components(graph, directed=False)[1], return_index=True)
    return ids[one_of]


def _find_runs(
    stack: NDArray[np.integer], go_on: GoOn
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.integer]]:
    """Return where each run of an id in a row starts and stops, (N,) ascending, and (N,) the ids.

    Pixels are counted as if each plane had a margin of a pixel, so that no rows touch that are not beside one another.
    """
    height, width = stack.shape[-2:]
    lines, many = stack.reshape(-1, width), max(1, _PART // width)
    found = []
    for first in range(0, len(lines), many):
        go_on()
        part = lines[first : first + many]
        begins = np.ones(part.shape, bool)
        np.not_equal(part[:, 1:], part[:, :-1], out=begins[:, 1:])
        at = np.flatnonzero(begins)
        ids, lengths = part.ravel()[at], np.diff(at, append=part.size)
        row, column = np.divmod(at[ids > 0], width)
        row += first
        starts = (row + 2 * (row // height) + 1) * (width + 2) + column + 1
        found.append((starts, starts + lengths[ids > 0], ids[ids > 0]))
    starts, stops, ids = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return starts, stops, ids
