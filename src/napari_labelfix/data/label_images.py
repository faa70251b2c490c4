"""Label images (Y, X), in which 0 is background and every other number is one object."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
import scipy  # its parts are loaded on use: docks open without them

if TYPE_CHECKING:
    from numpy.typing import NDArray


_Id = TypeVar("_Id", bound=np.generic)


class Ranked(NamedTuple):
    """The objects of a label image, in the order of their ids.

    Parameters
    ----------
    ids
        (N,) however high.
    sizes
        (N,) pixels.
    ranks
        (Y, X) the image with each id replaced by its place, 1..N; 0 stays 0.
    """

    ids: NDArray[np.int64]
    sizes: NDArray[np.int64]
    ranks: NDArray[np.int32]


def rank_objects(labels: NDArray[np.integer]) -> Ranked:
    """Return the objects of a label image, or of a stack of them; what is below 0 counts as background."""
    if labels.dtype == bool:
        labels = labels.astype(np.uint8)
    lowest, highest = (labels.min(), labels.max()) if labels.size else (0, 0)
    if lowest >= 0 and highest <= labels.size:  # counting is many times faster than sorting
        counts = np.bincount(labels.ravel(), minlength=1)
        counts[0] = 0
        ids = np.flatnonzero(counts)
        return Ranked(ids, counts[ids], np.cumsum(counts > 0, dtype=np.int32)[labels])
    found = np.unique(labels)
    ids = found[found > 0]
    ranks = np.where(labels > 0, np.searchsorted(ids, labels) + 1, 0).astype(np.int32)
    return Ranked(ids.astype(np.int64), np.bincount(ranks.ravel())[1:], ranks)


def ids_of(labels: NDArray[_Id]) -> NDArray[_Id]:
    """Return (N,) the ids above 0 of labels (..., Y, X), or of some pixels (M,), ascending; plane by plane."""
    planes = (labels[index] for index in np.ndindex(labels.shape[:-2]))
    found = np.unique(np.concatenate([np.zeros(0, labels.dtype), *map(np.unique, planes)]))
    return found[found > 0]


def relabel_sequential(labels: NDArray[np.integer]) -> NDArray[np.int32]:
    """Return labels with ids 1..N without gaps, in the order of the old ones, however high they are; 0 stays 0."""
    return rank_objects(labels).ranks


def remove_small_objects(
    labels: NDArray[np.integer], minimum_size: int, sure: NDArray[np.bool_] | None = None
) -> NDArray[np.integer]:
    """Return labels without the objects of fewer pixels; the others keep their ids.

    `sure` (Y, X) holds pixels of objects that stay, however small they are; None if there are none.
    """
    _, sizes, ranks = rank_objects(labels)
    small = np.append(False, sizes < minimum_size)
    if sure is not None:
        small[ranks[sure]] = False
    return np.where(small[ranks], 0, labels)


def sizes_of_whole(labels: NDArray[np.integer], somewhere: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return (N,) the pixels of the objects that have one of some pixels (Y, X) and do not touch the image's border."""
    found = rank_objects(labels)
    edge = np.ones(labels.shape, bool)
    edge[1:-1, 1:-1] = False
    counts = np.zeros(len(found.ids) + 1, bool)
    counts[found.ranks[somewhere]] = True
    counts[found.ranks[edge]] = False
    return found.sizes[counts[1:]]


def fill_label_holes(labels: NDArray[np.integer]) -> NDArray[np.integer]:
    """Return labels with the holes filled: background that lies wholly inside one object.

    Background is connected through sides, objects through sides and corners. What lies between two objects, or
    touches the border of the image, is no hole.
    """
    regions, count = scipy.ndimage.label(labels == 0)
    framed = np.pad(labels.astype(np.int64), 1, constant_values=-1)  # outside the image is a neighbour of its own
    highest = np.full(count + 1, -1)
    lowest = np.full(count + 1, np.iinfo(np.int64).max)
    height, width = labels.shape
    for dy, dx in [(0, 1), (1, 0), (1, 2), (2, 1)]:
        neighbour = framed[dy : dy + height, dx : dx + width]
        edge = (labels == 0) & (neighbour != 0)
        np.maximum.at(highest, regions[edge], neighbour[edge])
        np.minimum.at(lowest, regions[edge], neighbour[edge])
    fill = np.where((lowest == highest) & (highest > 0), highest, 0).astype(labels.dtype)
    return np.where(labels == 0, fill[regions], labels)


def mostly_in(labels: NDArray[np.integer], where: NDArray[np.bool_], share: float) -> NDArray[np.int64]:
    """Return the ids of the objects of a label image with at least that share of their pixels in a mask (Y, X)."""
    ids, inside = np.unique(labels[where & (labels > 0)], return_counts=True)
    if not ids.size:
        return np.zeros(0, np.int64)
    _, sizes = np.unique(labels[np.isin(labels, ids)], return_counts=True)
    return ids[inside >= share * sizes].astype(np.int64)


def middles(labels: NDArray[np.integer], depth: float) -> NDArray[np.bool_]:
    """Return (Y, X) which pixels of objects are at least that share as deep as the deepest of the same object."""
    middle = np.zeros(labels.shape, bool)
    if not labels.size:
        return middle
    deep = depth_in_objects(labels)
    found = rank_objects(labels)
    pixels = np.flatnonzero(found.ranks)
    ranks, deep = found.ranks.ravel()[pixels].astype(np.intp), deep.ravel()[pixels] + 1
    deepest = np.zeros(found.ids.size + 1, deep.dtype)
    np.maximum.at(deepest, ranks, deep)
    middle.flat[pixels[deep >= depth * deepest[ranks]]] = True
    return middle


def depth_in_objects(labels: NDArray[np.integer]) -> NDArray[np.float32]:
    """Return (Y, X) how far each pixel lies from the outline of its object: 0 on that, and in the background."""
    import cv2  # docks open without it

    inside = labels > 0
    for axis in (0, 1):
        same = np.diff(labels, axis=axis) == 0
        first, last = ((slice(None),) * axis + (part,) for part in (np.s_[:-1], np.s_[1:]))
        inside[first] &= same
        inside[last] &= same
    return np.asarray(cv2.distanceTransform(inside.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5), np.float32)


def boxes_of_labels(labels: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return the bounding boxes (N, 4) y0, x0, y1, x1 of objects, in pixels, in the order of their ids."""
    return boxes_of_ranks(relabel_sequential(labels)).astype(float)


def boxes_of_ranks(ranks: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the bounding boxes (N, 4) y0, x0, y1, x1 of objects with ids 1..N, in pixels."""
    found = filter(None, scipy.ndimage.find_objects(ranks))
    return np.array([(y.start, x.start, y.stop, x.stop) for y, x in found], np.int64).reshape(-1, 4)
