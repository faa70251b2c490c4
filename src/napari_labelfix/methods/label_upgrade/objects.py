"""From a foreground to objects, with the help of old labels: these keep their ids, and touching cells stay apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from skimage.measure import regionprops
from skimage.segmentation import watershed

from napari_labelfix.data.instances import split_instances
from napari_labelfix.data.label_images import rank_objects
from napari_labelfix.methods.label_upgrade.changes import MOSTLY
from napari_labelfix.metrics.instances import count_overlaps, f1_score

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from scipy.sparse import coo_array

    from napari_labelfix.params import Split

_ENOUGH, _SIDE = 50, 512  # objects, and pixels, that tell which way to part is better
_CLEARLY = 0.1  # of F1: long objects that are no threads are hardly cut, and what touches them should be
_WORTHY = 0.1  # of a piece's pixels: with less an old object does not part it
_CONVEX = 0.93  # solidity from which an old object is believed to be one cell; two touching discs have 0.88


def make_objects(
    foreground: NDArray[np.bool_], old: NDArray[np.integer], minimum_size: int, how: Split = "watershed"
) -> NDArray[np.int32]:
    """Cut a foreground into objects, by the old labels where these make sense and by its shape, or not, elsewhere.

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
    how
        "watershed" parts what touches at its necks, where the old labels do not say otherwise; "components" does not.

    Returns
    -------
    NDArray[np.int32]
        (Y, X) ids, 0 = background.
    """
    pieces = split_instances(foreground.astype(np.uint8), how, minimum_size)
    if not pieces.any() or not old.any():
        return pieces + np.where(pieces > 0, np.int32(old.max(initial=0)), np.int32(0))
    overlaps = count_overlaps(pieces, old)
    shared, ids = overlaps.shared.tocoo(), overlaps.true.ids
    visible = np.bincount(shared.row, weights=shared.data, minlength=len(ids))  # pixels of old objects in any piece
    names = _names(shared, overlaps.true.sizes, overlaps.predicted.sizes, ids)
    whole = _convex(old, ids[count_parts(shared, overlaps.predicted.sizes) > 1])
    in_piece = (shared.data > MOSTLY * visible[shared.row]) & (
        shared.data > _WORTHY * overlaps.predicted.sizes[shared.col]
    )
    joined = (shared.data > MOSTLY * overlaps.predicted.sizes[shared.col]) & np.isin(ids[shared.row], whole)
    names[shared.col[joined]] = ids[shared.row[joined]]
    crowded = np.flatnonzero(np.bincount(shared.col[in_piece], minlength=len(names)) > 1)
    labels = np.append(0, names)[pieces].astype(np.int32)
    return _flood_crowded(labels, pieces, crowded + 1, old, ids[shared.row[in_piece]])


def way_to_part(right: Iterable[NDArray[np.integer]]) -> Split:
    """Return how right objects come out of their own foreground: by "watershed", unless "components" is clearly better.

    Parameters
    ----------
    right
        (Y, X) the right objects of each plane. `_ENOUGH` objects are looked at, and of a large plane a part.
    """
    gain, seen = 0.0, 0
    for labels in right:
        part = labels[_middle_part(labels)]
        mask, count = (part > 0).astype(np.uint8), rank_objects(part).ids.size
        gain += count * (f1_score(split_instances(mask, "components"), part) - f1_score(split_instances(mask), part))
        seen += count
        if seen >= _ENOUGH:
            break
    return "components" if gain > _CLEARLY * seen else "watershed"


def _middle_part(labels: NDArray[np.integer]) -> tuple[slice, slice]:
    """Return the window of `_SIDE` pixels in the middle of what holds all objects (Y, X), or all of that."""
    spots = [np.flatnonzero(labels.any(axis=axis)) for axis in (1, 0)]
    middles = [int(at[0] + at[-1]) // 2 if len(at) else 0 for at in spots]
    y, x = (slice(max(0, middle - _SIDE // 2), middle + _SIDE // 2) for middle in middles)
    return y, x


def count_parts(shared: coo_array, piece_sizes: NDArray[np.int64]) -> NDArray[np.int64]:
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
