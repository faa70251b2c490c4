"""Whether the outlines of a plane were drawn with care, and of which objects they are believed then.

Outlines that are a few pixels off lie on much weaker edges than those of the network, and right ones on edges about as
strong even where the network has its own mind. In a blurred image edges tell little. But mistakes differ from object to
object, while a network that draws otherwise than a person does so everywhere, and by little.

Where no figure stands beside a threshold, none was noted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from skimage.segmentation import find_boundaries

from napari_labelfix.methods.label_upgrade.objects import count_parts
from napari_labelfix.metrics.instances import count_overlaps

if TYPE_CHECKING:
    from numpy.typing import NDArray

# of a plane: IoU of its median object, old and new, under which nothing is said of outlines
_COMPARABLE = 0.5
# of a plane, by its edges: how strong those under old outlines are at least, beside those under the network's. Right
# outlines had 0.79 to 1.09, those that are a few pixels off mostly less than 0.72.
_STRONG = 0.8
# of a plane, by what one person draws otherwise than another: pixels between two outlines, in the median. With it
# labels that are all a pixel too large stay so; those that are all two pixels too large are mended as without.
_CUSTOM = 1.3
# pixels, mean over objects, by which that may differ: with right outlines it did by 0.1 to 0.7, with mistakes by 1 to 3
_SCATTER = 0.8
_FEWEST = 3  # objects that show a custom
# of an object of such a plane: IoU from which it is much the same, and from which it is the same object at all
_AGREEING, _AKIN = 0.75, 0.3


class OldObjects(NamedTuple):
    """Old objects in the order of their ids, and what became of them.

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


def what_became(old: NDArray[np.integer], labels: NDArray[np.int32], foreground: NDArray[np.bool_]) -> OldObjects:
    """Return what became of old objects in new labels, made of a foreground; (Y, X) each."""
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
    return OldObjects(ids, iou, seen / overlaps.true.sizes, parts, growth)


def drawn_with_care(
    was: OldObjects,
    doubted: NDArray[np.bool_],
    old: NDArray[np.integer],
    labels: NDArray[np.integer],
    edges: NDArray[np.float32],
) -> NDArray[np.bool_]:
    """Return (N,) the doubted objects whose outlines are believed: none if those of the plane were not drawn with care.

    If they were, those of all objects are believed where the typical one is much as the network sees it, and elsewhere
    of those that are the same object at all. Of one that fell into parts they are if it is much the same itself.

    Parameters
    ----------
    was
        The old objects.
    doubted
        (N,) which of them tell how the plane was drawn: the network sees them, and nobody has said that they are right.
    old, labels, edges
        (Y, X) objects as they were and as the network sees them, and how much the image changes.
    """
    nothing = np.zeros_like(doubted)
    if not doubted.any():
        return nothing
    typical = float(np.median(was.iou[doubted]))
    if typical < _COMPARABLE:
        return nothing
    before, now = (_edge_strength(image, was.ids[doubted], edges) for image in (old, labels))
    if before < _STRONG * now and not _is_custom(was.growth[doubted & (was.parts < 2)]):
        return nothing
    least = 0 if typical > _AGREEING else _AKIN
    return doubted & np.where(was.parts < 2, was.iou >= least, was.iou > _AGREEING)


def _is_custom(growth: NDArray[np.floating]) -> bool:
    """Return whether outlines differ by little, and alike for all objects."""
    if len(growth) < _FEWEST:
        return False
    typical = float(np.median(growth))
    return abs(typical) < _CUSTOM and float(np.abs(growth - typical).mean()) < _SCATTER


def _edge_strength(labels: NDArray[np.integer], ids: NDArray[np.integer], edges: NDArray[np.float32]) -> float:
    outlines = find_boundaries(np.where(np.isin(labels, ids), labels, 0))
    return float(edges[outlines].mean()) if outlines.any() else 0.0
