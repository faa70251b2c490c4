"""From a foreground to objects with a number each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from scipy.ndimage import maximum
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from skimage.measure import label
from skimage.segmentation import watershed

from napari_labelfix.data.domes import find_domes
from napari_labelfix.data.label_images import relabel_sequential, remove_small_objects
from napari_labelfix.data.large import join_tiles, join_window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_labelfix.data.tiles import Window
    from napari_labelfix.params import Split

_SMOOTHING = 1.0  # pixels; keeps a rough outline from splitting an object
# Of an object's depth: a dent must be this deep to part two objects. Chosen by F1 on validation images.
_DENT = 0.14
_MIDDLE = 0.75  # of a part's depth, from which on it is its middle
_CERTAIN = 0.8  # probability: between two objects that touch it is often lower
_FLOOR = 0.5  # pixels of depth, up to which nothing is parted


def split_instances(
    classes: NDArray[np.uint8],
    how: Split = "watershed",
    minimum_size: int = 0,
    drawn: NDArray[np.bool_] | None = None,
    before: tuple[NDArray[np.int32], Sequence[Window]] | None = None,
    confidence: NDArray[np.floating] | None = None,
) -> NDArray[np.int32]:
    """Number the objects of a class image.

    Parameters
    ----------
    classes
        (Y, X): 0 background, 1.. foreground classes; objects of different classes never join.
    how
        "components" joins what touches (8-neighbours); "watershed" parts touching objects at their necks, by
        flooding the distance to the background, and to what is not certain, from its maxima.
    minimum_size
        Objects with fewer pixels are dropped, and holes of fewer pixels are filled.
    drawn
        (Y, X) strokes on objects; None if there are none. What they touch is not dropped, however small, and parts
        through whose middles one stroke runs are one object.
    before
        Objects (Y, X) of the image as it was, and the windows in which it has changed since: only there objects are
        looked for, and those outside stay, although one across a window's edge might be parted differently now.
    confidence
        (Y, X) probability of the class; None where nothing but the shape is known.

    Returns
    -------
    NDArray[np.int32]
        (Y, X) ids 1..N without gaps, 0 = background.

    Notes
    -----
    Sides of more than 4096 pixels are worked through in overlapping tiles, so that memory stays bounded. Objects that
    reach less than 256 pixels into the next tile come out as in one piece; longer ones may be parted differently.
    """

    def find(window: tuple[slice, slice]) -> NDArray[np.int32]:
        strokes = None if drawn is None else drawn[window]
        return _split(classes[window], how, minimum_size, strokes, None if confidence is None else confidence[window])

    if before is None:
        return join_tiles(classes.shape, find)
    labels, windows = before
    for window in windows:
        labels = join_window(labels, window, find)
    return labels


def _split(
    classes: NDArray[np.uint8],
    how: Split,
    minimum_size: int,
    drawn: NDArray[np.bool_] | None,
    confidence: NDArray[np.floating] | None,
) -> NDArray[np.int32]:
    labels = np.zeros(classes.shape, np.int32)
    for value in np.unique(classes[classes > 0]):
        mask = fill_small_holes(classes == value, minimum_size) & ((classes == value) | (classes == 0))
        parts = _watershed_parts(mask, confidence, drawn) if how == "watershed" else label(mask, connectivity=2)
        labels[mask] = parts[mask] + labels.max()
    return relabel_sequential(remove_small_objects(labels, minimum_size, drawn))


def _watershed_parts(
    mask: NDArray[np.bool_], confidence: NDArray[np.floating] | None, drawn: NDArray[np.bool_] | None
) -> NDArray[np.int32]:
    depth = _depth(mask)
    if confidence is not None:
        certain = fill_small_holes(mask & (confidence > _CERTAIN), mask.size)
        depth = np.asarray((depth + np.minimum(_depth(certain), depth)) / 2, np.float32)
    distance = np.asarray(cv2.GaussianBlur(depth, (0, 0), _SMOOTHING) * mask, np.float32)
    markers = with_unmarked(find_domes(distance, _DENT, _FLOOR), mask)
    parts = np.asarray(watershed(-distance, markers, connectivity=2, mask=mask), np.int32)
    return parts if drawn is None else _joined_by_strokes(parts, drawn & mask, distance)


def _joined_by_strokes(
    parts: NDArray[np.int32], strokes: NDArray[np.bool_], depth: NDArray[np.float32]
) -> NDArray[np.int32]:
    """Give parts (Y, X) one number if one stroke reaches the middle of each, by its depth."""
    touched = np.unique(parts[strokes])
    if len(touched) < 2:
        return parts
    deepest = np.zeros(parts.max() + 1, np.float32)
    deepest[touched] = maximum(depth, parts, touched)
    middles = strokes & (depth >= _MIDDLE * deepest[parts])
    part_of, stroke_of = parts[middles], label(strokes, connectivity=2)[middles] + parts.max()
    nodes = max(parts.max(), stroke_of.max(initial=0)) + 1
    _, group = connected_components(coo_array((np.ones(len(part_of)), (part_of, stroke_of)), (nodes, nodes)))
    _, lowest = np.unique(group, return_index=True)
    return lowest[group].astype(np.int32)[parts]


def _depth(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the distance (Y, X) to what is not in the mask, and to the border."""
    padded = np.pad(mask, 1).astype(np.uint8)
    return np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_5)[1:-1, 1:-1], np.float32)


def with_unmarked(markers: NDArray[np.int32], mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Let each component of a mask that holds no marker, being too thin for one, be its own; both (Y, X)."""
    components = label(mask, connectivity=2)
    unmarked = np.ones(components.max(initial=0) + 1, bool)
    unmarked[components[markers > 0]] = False
    lonely = unmarked[components] & mask
    return np.where(lonely, components + markers.max(initial=0), markers).astype(np.int32)


def fill_small_holes(mask: NDArray[np.bool_], minimum_size: int) -> NDArray[np.bool_]:
    """Return (Y, X) the mask without holes of fewer pixels; what touches the border is no hole."""
    _, holes, stats, _ = cv2.connectedComponentsWithStats((~mask).view(np.uint8), connectivity=4)
    sizes = stats[:, cv2.CC_STAT_AREA]
    edge = np.concatenate([holes[0], holes[-1], holes[:, 0], holes[:, -1]])
    small = sizes < minimum_size
    small[edge] = False  # what touches the border may go on outside: not a hole
    return mask | small[holes]
