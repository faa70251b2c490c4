"""From an upgraded foreground to objects: one that was right keeps its id, and touching cells stay apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from skimage.measure import regionprops
from skimage.segmentation import find_boundaries, watershed

from napari_labelfix.data.instances import split_instances
from napari_labelfix.data.label_images import rank_objects
from napari_labelfix.methods.label_upgrade.changes import MOSTLY
from napari_labelfix.metrics.instances import count_overlaps

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import coo_array

_WORTHY = 0.1  # of a piece's pixels: with less an old object does not part it
_CONVEX = 0.93  # solidity from which an old object is believed to be one cell; two touching discs have 0.88

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
    parts, growth = _count_parts(pairs, overlaps.predicted.sizes), np.sqrt(sizes / np.pi)
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


def make_objects(foreground: NDArray[np.bool_], old: NDArray[np.integer], minimum_size: int) -> NDArray[np.int32]:
    """Cut a foreground into objects, by the old labels where these make sense and by its shape elsewhere.

    - A piece of the foreground in which several old objects lie is flooded from these.
    - Pieces that lie in one old object of convex shape are that object.
    - A piece that has one old object for a counterpart keeps its id; others get ids above all old ones.

    Parameters
    ----------
    foreground
        (Y, X).
    old
        (Y, X) object ids of low quality, 0 = background.
    minimum_size
        Objects with fewer pixels are dropped, and holes of fewer pixels are filled.

    Returns
    -------
    NDArray[np.int32]
        (Y, X) ids, 0 = background.
    """
    pieces = split_instances(foreground.astype(np.uint8), "watershed", minimum_size)
    if not pieces.any() or not old.any():
        return pieces + np.where(pieces > 0, np.int32(old.max(initial=0)), np.int32(0))
    overlaps = count_overlaps(pieces, old)
    shared, ids = overlaps.shared.tocoo(), overlaps.true.ids
    visible = np.bincount(shared.row, weights=shared.data, minlength=len(ids))  # pixels of old objects in any piece
    names = _names(shared, overlaps.true.sizes, overlaps.predicted.sizes, ids)
    whole = _convex(old, ids[_count_parts(shared, overlaps.predicted.sizes) > 1])
    in_piece = (shared.data > MOSTLY * visible[shared.row]) & (
        shared.data > _WORTHY * overlaps.predicted.sizes[shared.col]
    )
    joined = (shared.data > MOSTLY * overlaps.predicted.sizes[shared.col]) & np.isin(ids[shared.row], whole)
    names[shared.col[joined]] = ids[shared.row[joined]]
    crowded = np.flatnonzero(np.bincount(shared.col[in_piece], minlength=len(names)) > 1)
    labels = np.append(0, names)[pieces].astype(np.int32)
    return _flood_crowded(labels, pieces, crowded + 1, old, ids[shared.row[in_piece]])


def _count_parts(shared: coo_array, piece_sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each old object how many pieces lie mostly in it."""
    inside = shared.data > MOSTLY * piece_sizes[shared.col]
    return np.bincount(shared.row[inside], minlength=shared.shape[0])


def _names(
    shared: coo_array, old_sizes: NDArray[np.int64], piece_sizes: NDArray[np.int64], ids: NDArray[np.integer]
) -> NDArray[np.int64]:
    """Return an id for each piece: that of the old object it shares most with, if most of either lies in the other.

    Of several pieces that share with one old object the one that shares most keeps the id.
    """
    names = np.arange(1, len(piece_sizes) + 1) + int(ids.max())
    akin = shared.data > MOSTLY * np.minimum(old_sizes[shared.row], piece_sizes[shared.col])
    taken_ids, taken_pieces = set[int](), set[int]()
    for pair in np.flatnonzero(akin)[np.argsort(-shared.data[akin], kind="stable")]:
        row, column = int(shared.row[pair]), int(shared.col[pair])
        if row not in taken_ids and column not in taken_pieces:
            names[column] = ids[row]
            taken_ids.add(row)
            taken_pieces.add(column)
    return names


def _convex(old: NDArray[np.integer], ids: NDArray[np.integer]) -> NDArray[np.integer]:
    """Return those of the ids whose objects have the shape of one cell."""
    ids = np.unique(ids)  # they may be far higher than there are objects
    ranks = np.where(np.isin(old, ids), np.searchsorted(ids, old) + 1, 0)
    ranked = [region.label for region in regionprops(ranks) if region.solidity > _CONVEX]
    return np.asarray(ids[np.array(ranked, np.int64) - 1], np.int64)


def _flood_crowded(
    labels: NDArray[np.int32],
    pieces: NDArray[np.int32],
    crowded: NDArray[np.int64],
    old: NDArray[np.integer],
    credible: NDArray[np.integer],
) -> NDArray[np.int32]:
    """Part the pieces in which several credible old objects lie, growing these until they meet."""
    mask = np.isin(pieces, crowded)
    if not mask.any():
        return labels
    markers = np.where(mask & np.isin(old, credible), old, 0).astype(np.int32)
    flooded = watershed(np.zeros(labels.shape, np.uint8), markers, connectivity=2, mask=mask)
    return np.where(mask & (flooded > 0), flooded, labels).astype(np.int32)
