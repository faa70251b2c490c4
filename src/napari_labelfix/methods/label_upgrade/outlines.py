"""From an upgraded foreground to upgraded labels: old outlines that were drawn with care stay as they were.

What speaks for them are the edges of the image, and that they differ from those of the network by chance or by habit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from skimage.segmentation import find_boundaries

from napari_labelfix.data.label_images import rank_objects
from napari_labelfix.methods.label_upgrade.changes import MOSTLY
from napari_labelfix.methods.label_upgrade.objects import count_parts, make_objects
from napari_labelfix.metrics.instances import count_overlaps

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SURE = 0.5  # of foreground: more is foreground
_ALIKE = 0.85  # IoU of an object before and after, from which it is left as it was
_AGREEING = 0.75  # from which it is much the same
_AKIN = 0.3  # from which it is the same object at all
_STRONG = 0.8  # of the edges on which the network's outlines lie: right outlines had 0.79 to 1.09, off ones 0.72
_CUSTOM = 1.3  # pixels between two outlines, if alike for all objects: what one person draws otherwise than another
_SCATTER = 0.8  # pixels, mean over objects, by which that may differ: right outlines had 0.1 to 0.7, off ones 1 to 3
_FEWEST = 3  # objects that show it
_THIN = 0.5  # of a typical radius: what is no deeper, beside an object whose outline is kept, is its rim
_UNSEEN = 0.4  # of a careful object's pixels: with more it may be there after all; of what is none nine tenths have 0.3
_CERTAIN = 0.95  # mean foreground of an object that is added to careful ones: of real ones 90 % have 0.97 and more
_FEW = 0.5  # of the careful objects: if fewer are added, these have to be
_MORE_CERTAIN = 0.98  # where nothing was missing there were others of up to 0.97


def upgraded_objects(
    probabilities: NDArray[np.float32],
    old: NDArray[np.integer],
    trusted: NDArray[np.bool_],
    edges: NDArray[np.float32],
    minimum_size: int,
    right_outlines: bool | None = None,
) -> NDArray[np.int32]:
    """Cut a foreground into objects, and leave those whose old outlines can be believed as they were to the pixel.

    Where the outlines of a plane were drawn with care, an object that the network sees, too, or may have overlooked,
    keeps its own, and of what lies outside of these only objects are added that the network is certain of. In other
    planes only an object that hardly changes keeps its outline. So labels that were right stay right, and nobody has to
    look at changes that are none.

    Parameters
    ----------
    probabilities
        (Y, X) of foreground.
    old, minimum_size
        As for `make_objects`.
    trusted
        (Y, X) where the labels are right; how others were drawn does not show there.
    edges
        (Y, X) how much the image changes at each pixel.
    right_outlines
        Whether outlines are right, if a person has said so.

    Returns
    -------
    NDArray[np.int32]
        (Y, X) ids, 0 = background.
    """
    foreground = probabilities > _SURE
    labels = make_objects(foreground, old, minimum_size)
    was = _compare(labels, old, foreground)
    seen = was.inside > MOSTLY
    doubted = seen & ~np.isin(was.ids, old[trusted])
    kept = doubted & _careful(was, doubted, labels, old, edges) if right_outlines is None else seen & right_outlines
    if not kept.any():
        return _with_old(labels, old, was.ids[was.iou >= _ALIKE])
    kept = kept | np.isin(was.ids, old[trusted]) | (~seen & (was.inside > _UNSEEN))
    labels = _with_more(np.where(np.isin(old, was.ids[kept]), old, 0), foreground, old, minimum_size)
    return _without_doubtful(labels, old, was.ids[kept & doubted], probabilities)


def _careful(
    was: _Comparison,
    doubted: NDArray[np.bool_],
    labels: NDArray[np.int32],
    old: NDArray[np.integer],
    edges: NDArray[np.float32],
) -> NDArray[np.bool_]:
    """Return (N,) the old objects whose outlines are believed, by what is seen of the doubted ones.

    Outlines that are a few pixels off lie on much weaker edges than those of the network, and right ones on edges about
    as strong even where the network has its own mind. In a blurred image edges tell little. But mistakes differ from
    object to object, while a network that draws otherwise than a person does so everywhere, and by little.
    """
    nothing = np.zeros(len(was.ids), bool)
    if not doubted.any():
        return nothing
    median = float(np.median(was.iou[doubted]))
    before, now = (_edge_strength(image, was.ids[doubted], edges) for image in (old, labels))
    if median < MOSTLY or (before < _STRONG * now and not _is_custom(was.growth[doubted & (was.parts < 2)])):
        return nothing
    least = 0 if median > _AGREEING else _AKIN
    return np.where(was.parts < 2, was.iou >= least, was.iou > _AGREEING)


def _is_custom(growth: NDArray[np.floating]) -> bool:
    """Return whether outlines differ by little, and alike for all objects."""
    if len(growth) < _FEWEST:
        return False
    typical = float(np.median(growth))
    return abs(typical) < _CUSTOM and float(np.abs(growth - typical).mean()) < _SCATTER


def _edge_strength(labels: NDArray[np.integer], ids: NDArray[np.integer], edges: NDArray[np.float32]) -> float:
    outlines = find_boundaries(np.where(np.isin(labels, ids), labels, 0))
    return float(edges[outlines].mean()) if outlines.any() else 0.0


class _Comparison(NamedTuple):
    """What became of old objects, in the order of their ids.

    Parameters
    ----------
    ids
        (N,) of the old objects.
    iou
        (N,) with the new object of the same id; 0 without one.
    inside
        (N,) share of the pixels that are foreground.
    parts
        (N,) how many new objects lie mostly in it.
    growth
        (N,) pixels by which the radius of a disc of its area has grown; without a new object it has shrunk to 0.
    """

    ids: NDArray[np.integer]
    iou: NDArray[np.floating]
    inside: NDArray[np.floating]
    parts: NDArray[np.int64]
    growth: NDArray[np.floating]


def _compare(labels: NDArray[np.int32], old: NDArray[np.integer], foreground: NDArray[np.bool_]) -> _Comparison:
    overlaps = count_overlaps(labels, old)
    pairs, ids = overlaps.shared.tocoo(), overlaps.true.ids
    same = ids[pairs.row] == overlaps.predicted.ids[pairs.col]
    row, column, shared = pairs.row[same], pairs.col[same], pairs.data[same]
    iou, sizes = np.zeros(len(ids)), np.zeros(len(ids))
    sizes[row] = overlaps.predicted.sizes[column]
    iou[row] = shared / (overlaps.true.sizes[row] + overlaps.predicted.sizes[column] - shared)
    seen = np.bincount(overlaps.true.ranks[foreground], minlength=len(ids) + 1)[1:]
    parts, growth = count_parts(pairs, overlaps.predicted.sizes), np.sqrt(sizes / np.pi)
    growth -= np.sqrt(overlaps.true.sizes / np.pi)
    return _Comparison(ids, iou, seen / overlaps.true.sizes, parts, growth)


def _with_old(labels: NDArray[np.int32], old: NDArray[np.integer], ids: NDArray[np.integer]) -> NDArray[np.int32]:
    """Return labels in which the objects of these ids are as they were."""
    stays = ~np.isin(labels, ids)
    return np.where(np.isin(old, ids), old, np.where(stays, labels, 0)).astype(np.int32)


def _with_more(
    kept: NDArray[np.integer], foreground: NDArray[np.bool_], old: NDArray[np.integer], minimum_size: int
) -> NDArray[np.int32]:
    """Return objects that are kept, and around them what else is in the foreground, but not their rims."""
    rest = foreground & (kept == 0)
    left = np.where(kept > 0, 0, old)
    more = make_objects(rest, left, minimum_size)
    fresh = (more > 0) & ~np.isin(more, left)
    more[fresh] += int(old.max()) - int(left.max())  # ids above all old ones
    sizes = rank_objects(kept).sizes
    radius = float(np.sqrt(np.median(sizes) / np.pi)) if len(sizes) else 0.0
    depth = cv2.distanceTransform(rest.astype(np.uint8), cv2.DIST_L2, 5)
    beside = cv2.dilate((kept > 0).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    rims = np.setdiff1d(more[beside], more[depth > _THIN * radius])
    return np.where(kept > 0, kept, np.where(np.isin(more, rims), 0, more)).astype(np.int32)


def _without_doubtful(
    labels: NDArray[np.int32],
    old: NDArray[np.integer],
    careful: NDArray[np.integer],
    probabilities: NDArray[np.float32],
) -> NDArray[np.int32]:
    """Leave out objects that were not there before and that the network is not certain of.

    Where few are missing beside the careful ones (of these ids), what seems to be is more likely a mistake of the
    network. A network that is not that certain of what it confirms is asked for no more than there.
    """
    found, ranks = np.unique(np.where(probabilities > _SURE, labels, 0), return_inverse=True)
    certainty = np.bincount(ranks.ravel(), probabilities.ravel()) / np.bincount(ranks.ravel())
    fresh, confirmed = ~np.isin(found, old), np.isin(found, careful)
    if not fresh.any() or not confirmed.any():
        return labels
    usual = float(np.median(certainty[confirmed]))
    added = fresh & (certainty >= min(_CERTAIN, usual))
    least = _MORE_CERTAIN if added.sum() < _FEW * confirmed.sum() else _CERTAIN
    doubtful = found[fresh & (certainty < min(least, usual))]
    return np.where(np.isin(labels, doubtful), 0, labels).astype(np.int32)
