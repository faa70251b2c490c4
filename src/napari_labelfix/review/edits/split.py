"""One object becomes several: along a drawn line, or around two or more seeds."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy  # its parts are loaded on use: docks open without them
import skimage

from napari_labelfix.review.boxes import boxes_in, pixels_within, widened
from napari_labelfix.review.edits.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_labelfix.review.boxes import Box
    from napari_labelfix.review.edits.draft import Outcome

_SLIVER = 0.01  # a part with less than this share of the object comes from a trembling hand, and is not one
_NEARNESS = 0.5  # how much a pixel's distance to the seed counts beside its depth; without it the deepest seed wins all
_SMOOTHING = 1.0  # pixels; noise in the image is not a border between two cells


def split_by_line(
    labels: NDArray[np.integer],
    path: Sequence[Sequence[float]] | NDArray[np.floating],
    ids: Collection[int],
    new_id: int,
    *,
    locked: Collection[int] = (),
    boxes: Mapping[int, Box] | None = None,
) -> Outcome:
    """Part the objects that a line crosses from edge to edge. No pixel is lost: those under the line join a part.

    Parameters
    ----------
    labels
        (..., Y, X), 0 = background. A body is cut in all planes along the same line.
    path
        (N, 2) row and column of the line's corners.
    ids
        The objects that may be parted, as `ids_along` finds them.
    new_id
        The first id for new objects. The largest part of an object keeps its id.
    locked
        Ids that must not change.
    boxes
        Where the objects lie, if that is known.
    """
    draft, parents = Draft(labels), dict[int, tuple[int, ...]]()
    pixels = _pixels_along(np.round(np.asarray(path, np.float64)).astype(np.intp))
    for object_id, box in boxes_in(labels, ids, boxes, locked).items():
        mask = labels[box] == object_id
        parts = _parts_beside(mask, _line(pixels, box) & mask)
        parents |= draft.write_parts(box, parts, object_id, new_id + len(parents))
    return draft.outcome(parents)


def split_by_seeds(
    labels: NDArray[np.integer],
    ids: Collection[int],
    seeds: Sequence[Sequence[float]] | NDArray[np.floating],
    new_id: int,
    *,
    image: NDArray[np.generic] | None = None,
    spacing: Sequence[float] | None = None,
    locked: Collection[int] = (),
    boxes: Mapping[int, Box] | None = None,
) -> Outcome:
    """Part objects around the seeds that lie in them, by a watershed that floods from there.

    Parameters
    ----------
    labels
        (..., Y, X), 0 = background.
    ids
        The objects that may be parted. One in which fewer than two seeds lie stays as it is.
    seeds
        (N, ndim) positions.
    new_id
        The first id for new objects. The largest part keeps its object's id, and so does a piece without a seed.
    image
        Of the labels' shape: the parts meet along what lies between the seeds, a dark valley or a bright ridge. Without
        it they meet at necks of the object's shape.
    spacing
        How far apart pixels are along each axis; 1 where it is None.
    locked
        Ids that must not change.
    boxes
        Where the objects lie, if that is known.
    """
    draft, parents = Draft(labels), dict[int, tuple[int, ...]]()
    _, pixels = pixels_within(np.asarray(seeds, np.float64).reshape(-1, labels.ndim), labels.shape)
    under = labels[tuple(pixels.T)]
    for object_id, found in boxes_in(labels, ids, boxes, locked).items():
        box = widened(found, 1, labels.shape)
        markers = _markers(box, pixels[under == object_id])
        if markers.max(initial=0) < 2:
            continue
        mask = labels[box] == object_id
        depth = _depth_of_shape(mask, spacing) if image is None else _depth_of_image(image[box], mask, markers)
        parts = skimage.segmentation.watershed(
            -depth, markers, connectivity=labels.ndim, mask=mask, compactness=_NEARNESS
        )
        parents |= draft.write_parts(box, np.asarray(parts), object_id, new_id + len(parents))
    return draft.outcome(parents)


def _pixels_along(corners: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the pixels (M, 2) under a line, without diagonal steps: nothing slips through between two of them."""
    walks = [corners[:1]]
    for start, end in pairwise(corners):
        way = end - start
        length = np.abs(way).sum()  # one axis moves by one pixel at each step
        steps = np.arange(1, length + 1)
        down = (2 * steps * abs(way[0]) + length) // (2 * length) if length else steps
        walks.append(start + np.sign(way) * np.stack([down, steps - down], axis=1))
    return np.concatenate(walks)


def _line(pixels: NDArray[np.intp], box: Box) -> NDArray[np.bool_]:
    """Return where in a box the pixels of a line lie."""
    canvas = np.zeros([side.stop - side.start for side in box], bool)
    here = pixels - [side.start for side in box[-2:]]
    here = here[((here >= 0) & (here < canvas.shape[-2:])).all(axis=1)]
    canvas[..., here[:, 0], here[:, 1]] = True
    return canvas


def _parts_beside(mask: NDArray[np.bool_], line: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return the parts 1..N that a line makes of an object; 0 where it leaves the object alone, everywhere if N < 2."""
    pieces = skimage.measure.label(mask & ~line)
    neighbours = scipy.ndimage.binary_dilation(line, np.ones((3,) * mask.ndim, bool))
    sizes = np.bincount(pieces.ravel())
    beside = np.unique(pieces[neighbours & (pieces > 0)])
    beside = beside[sizes[beside] >= _SLIVER * np.count_nonzero(mask)]
    if beside.size < 2:
        return np.zeros(mask.shape, np.int32)
    rank = np.zeros(sizes.size, np.int32)
    rank[beside] = np.arange(beside.size) + 1
    parts = rank[pieces]
    # what the line and slivers cover goes to the nearest part; a piece that the line does not touch is none of them
    whole = skimage.measure.label(mask)
    orphans = (parts == 0) & np.isin(whole, np.unique(whole[parts > 0])) & mask
    nearest = scipy.ndimage.distance_transform_edt(parts == 0, return_distances=False, return_indices=True)
    parts[orphans] = parts[tuple(nearest[:, orphans])]
    return parts


def _markers(box: Box, pixels: NDArray[np.intp]) -> NDArray[np.int32]:
    """Return a box with pixels of the array (N, ndim) numbered in their order; one that comes again is left out."""
    markers = np.zeros([side.stop - side.start for side in box], np.int32)
    first = dict.fromkeys(map(tuple, (pixels - [side.start for side in box]).tolist()))
    for number, pixel in enumerate(first, start=1):
        markers[pixel] = number
    return markers


def _depth_of_shape(mask: NDArray[np.bool_], spacing: Sequence[float] | None) -> NDArray[np.float64]:
    return np.asarray(scipy.ndimage.distance_transform_edt(mask, sampling=spacing))


def _depth_of_image(image: Any, mask: NDArray[np.bool_], markers: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return how far each pixel is from the border between the seeds: high at the seeds, low in valley or on ridge.

    Whether the border is dark or bright is read from the straight lines between the seeds: it is what departs most from
    the brightness at the seeds. The result spans as much as the object is wide, as a depth of its shape would.
    """
    smooth = scipy.ndimage.gaussian_filter(np.asarray(image, np.float64), _SMOOTHING)
    inside = smooth[mask]
    spread = float(inside.max() - inside.min())
    if spread <= 0:  # the seeds part it by what is nearest
        return np.zeros(mask.shape)
    places = np.argwhere(markers)[np.argsort(markers[markers > 0])]
    darker = brighter = 0.0
    for start, end in pairwise(places):
        profile = scipy.ndimage.map_coordinates(smooth, np.linspace(start, end, 50).T, order=1)
        darker = max(darker, float(profile[[0, -1]].min() - profile.min()))
        brighter = max(brighter, float(profile.max() - profile[[0, -1]].max()))
    rising = smooth if darker >= brighter else -smooth
    reach = np.sqrt(np.count_nonzero(mask))
    return np.asarray((rising - rising[mask].min()) * (reach / spread))
