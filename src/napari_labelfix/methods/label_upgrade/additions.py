"""What is added to objects that keep their careful outlines: what the network sees beside them and is certain of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from scipy.ndimage import maximum

from napari_labelfix.data.label_images import depth_in_objects, rank_objects
from napari_labelfix.methods.label_upgrade.objects import make_objects

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_labelfix.params import Split

_THIN = 0.5  # of a typical radius: what is no deeper, beside an object whose outline is kept, is its rim
# Mean foreground of an object that is added: of real ones 90 % had 0.97 and more. Where nothing was missing there were
# others of up to 0.97, so that more is asked for where few are missing.
_CERTAIN, _MORE_CERTAIN = 0.95, 0.98
_FEW = 0.5  # missing objects for each careful one
_LONG = 1.5  # half-widths: the radius of an object that is longer counts as that


def with_more(
    kept: NDArray[np.integer],
    foreground: NDArray[np.bool_],
    old: NDArray[np.integer],
    minimum_size: int,
    how: Split = "watershed",
) -> NDArray[np.int32]:
    """Return objects that are kept, and around them what else is in the foreground, but not their rims."""
    rest = foreground & (kept == 0)
    left = np.where(kept > 0, 0, old)
    more = make_objects(rest, left, minimum_size, how)
    fresh = (more > 0) & ~np.isin(more, left)
    more[fresh] += int(old.max()) - int(left.max())  # ids above all old ones
    depth = cv2.distanceTransform(rest.astype(np.uint8), cv2.DIST_L2, 5)
    beside = cv2.dilate((kept > 0).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    rims = np.setdiff1d(more[beside], more[depth > _THIN * _typical_radius(kept)])
    return np.where(kept > 0, kept, np.where(np.isin(more, rims), 0, more)).astype(np.int32)


def _typical_radius(kept: NDArray[np.integer]) -> float:
    """Return that of a disc as large as the median object (Y, X), less for long ones; 0 if there is none."""
    found = rank_objects(kept)
    if not found.ids.size:
        return 0.0
    deepest = maximum(depth_in_objects(kept) + 1, found.ranks, np.arange(1, found.ids.size + 1))
    return float(min(np.sqrt(np.median(found.sizes) / np.pi), _LONG * np.median(deepest)))


def without_doubtful(
    labels: NDArray[np.int32],
    old: NDArray[np.integer],
    careful: NDArray[np.integer],
    probabilities: NDArray[np.float32],
    foreground: NDArray[np.bool_],
) -> NDArray[np.int32]:
    """Leave out objects that were not there before and that the network is not certain of.

    Where few are missing beside the careful ones (of these ids), what seems to be is more likely a mistake of the
    network. A network that is not that certain of what it confirms is asked for no more than there.
    """
    found, ranks = np.unique(np.where(foreground, labels, 0), return_inverse=True)
    certainty = np.bincount(ranks.ravel(), probabilities.ravel()) / np.bincount(ranks.ravel())
    fresh, confirmed = ~np.isin(found, old), np.isin(found, careful)
    if not fresh.any() or not confirmed.any():
        return labels
    missing = fresh & (certainty >= _CERTAIN)
    least = _MORE_CERTAIN if missing.sum() < _FEW * confirmed.sum() else _CERTAIN
    usual = float(np.median(certainty[confirmed]))
    doubtful = found[fresh & (certainty < min(least, usual))]
    return np.where(np.isin(labels, doubtful), 0, labels).astype(np.int32)
