"""Labels held against points, one for each cell: which objects have none or several, and which points no object."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from napari_labelfix.review.boxes import pixels_within
from napari_labelfix.review.differences import Differences, members_of
from napari_labelfix.review.in_parts import always, rank_all
from napari_labelfix.review.suspects import Reason
from napari_labelfix.snapshots import Change

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_labelfix.review.in_parts import GoOn

_DOT = 4  # pixels: how far the mark of a point without an object reaches


@dataclass(frozen=True, eq=False)
class Miscounts(Differences):
    """Objects and points that do not belong to one another one by one.

    Those with several points come first, then points without an object, then objects without a point. In `before` are
    the numbers of points, in `after` those of objects; `MERGED` are objects with several points, `REMOVED` are points
    without an object, `ADDED` are objects without a point. `f1` is that of points and objects matched one to one.
    """

    REASONS: ClassVar[Mapping[Change, Reason]] = {
        Change.ADDED: Reason.NO_POINT,
        Change.MERGED: Reason.SEVERAL_POINTS,
    }
    NAMES: ClassVar[Mapping[Change, str]] = {
        Change.MERGED: "several points",
        Change.REMOVED: "no object",
        Change.ADDED: "no point",
    }


def find_miscounts(points: NDArray[np.floating], labels: Any, go_on: GoOn = always) -> Miscounts:
    """Say which objects have no point or several, and which points have no object.

    Parameters
    ----------
    points
        (M, ndim) in pixels of the labels. Those that are not finite, or outside of the labels, are left out.
    labels
        (..., Y, X), 0 = background. In a stack an object is a body, which has one point.
    go_on
        Asked all along.
    """
    array = np.asarray(labels)
    ids, sizes, ranks = rank_all(array, go_on)
    counted, pixels = pixels_within(points, array.shape)
    at = ranks[tuple(pixels.T)]  # 0 in the background
    number = np.bincount(at, minlength=ids.size + 1)
    largest = np.argsort(-sizes, kind="stable") + 1
    several, bare = largest[number[largest] > 1], largest[number[largest] == 0]
    lonely = at == 0
    of_several = members_of(several, at, counted, number.size)
    rows = [
        *zip(repeat(Change.MERGED), of_several, ids[several - 1], sizes[several - 1], strict=False),
        *((Change.REMOVED, (point,), 0, 0) for point in counted[lonely].tolist()),
        *zip(repeat(Change.ADDED), repeat(()), ids[bare - 1], sizes[bare - 1], strict=False),
    ]
    matched, total = int(np.count_nonzero(number[1:])), counted.size + ids.size
    return Miscounts(
        kinds=np.array([kind for kind, *_ in rows], np.uint8),
        before=[of for _, of, *_ in rows],
        after=[(int(label),) if label else () for *_, label, _ in rows],
        pixels=np.array([size for *_, size in rows], np.int64),
        overlap=np.zeros(len(rows)),
        codes=_codes(ranks, several, bare, pixels[lonely]),
        f1=2 * matched / total if total else 1.0,
        dice=float("nan"),
        points=np.asarray(points, np.float64),
    )


def _codes(
    ranks: NDArray[np.int32], several: NDArray[np.intp], bare: NDArray[np.intp], lonely: NDArray[np.intp]
) -> NDArray[np.uint8]:
    """Return the ranks' shape of `Change`: whole objects, and a dot on the background for each lonely point."""
    from skimage.draw import disk

    of_rank = np.zeros(int(ranks.max(initial=0)) + 1, np.uint8)
    of_rank[several], of_rank[bare] = Change.MERGED, Change.ADDED
    codes = of_rank[ranks]
    for *plane, row, column in lonely.tolist():
        rows, columns = disk((row, column), _DOT + 0.5, shape=ranks.shape[-2:])
        dot = (*plane, rows, columns)
        codes[dot] = np.where(ranks[dot] == 0, np.uint8(Change.REMOVED), codes[dot])
    return codes
