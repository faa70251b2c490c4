"""Label images (Y, X), in which 0 is background and every other number is one object."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray


def ranks_of(labels: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (N,) the sizes of the objects in pixels, and (Y, X) the rank of each one's id from 0 up, -1 outside."""
    if labels.dtype == bool:
        labels = labels.astype(np.uint8)
    if labels.size and labels.max() <= labels.size:  # counting is many times faster than sorting
        counts = np.bincount(labels.ravel())
        ranks = np.cumsum(counts > 0) - 1
        inverse, sizes = ranks[labels], counts[counts > 0]
        background = counts[0] > 0
    else:
        ids, inverse, sizes = np.unique(labels, return_inverse=True, return_counts=True)
        background = ids.size > 0 and ids[0] == 0
    first = int(background)
    return sizes[first:], inverse.reshape(labels.shape) - first


def relabel_sequential(labels: NDArray[np.integer]) -> NDArray[np.int32]:
    """Return labels with ids 1..N without gaps, in the order of the old ones, however high they are; 0 stays 0."""
    return (ranks_of(labels)[1] + 1).astype(np.int32)


def remove_small_objects(
    labels: NDArray[np.integer], minimum_size: int, sure: NDArray[np.bool_] | None = None
) -> NDArray[np.integer]:
    """Return labels without the objects of fewer pixels; the others keep their ids.

    `sure` (Y, X) holds pixels of objects that stay, however small they are; None if there are none.
    """
    sizes, ranks = ranks_of(labels)
    small = np.append(sizes < minimum_size, False)  # rank -1, the background, reads the last
    if sure is not None:
        small[ranks[sure]] = False
    return np.where(small[ranks], 0, labels)


def fill_label_holes(labels: NDArray[np.integer]) -> NDArray[np.integer]:
    """Return labels with the holes filled: background that lies wholly inside one object.

    Background is connected through sides, objects through sides and corners. What lies between two objects, or
    touches the border of the image, is no hole.
    """
    regions, count = ndimage.label(labels == 0)
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


def boxes_of_labels(labels: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return the bounding boxes (N, 4) y0, x0, y1, x1 of objects, in pixels, in the order of their ids."""
    found = filter(None, ndimage.find_objects(relabel_sequential(labels)))
    return np.array([(y.start, x.start, y.stop, x.stop) for y, x in found], float).reshape(-1, 4)
