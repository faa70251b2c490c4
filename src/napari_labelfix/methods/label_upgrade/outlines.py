"""From an upgraded foreground to upgraded labels: old outlines that were drawn with care stay as they were.

What is decided, and where the thresholds of it stand:

- what is foreground, and what becomes of an object that is only seen in part or hardly changes: here;
- whether the outlines of a plane were drawn with care, and of which objects they are believed: `care.py`;
- what is added to these: `additions.py`;
- where one object ends and the next begins: `objects.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.methods.label_upgrade.additions import with_more, without_doubtful
from napari_labelfix.methods.label_upgrade.care import drawn_with_care, what_became
from napari_labelfix.methods.label_upgrade.changes import MOSTLY
from napari_labelfix.methods.label_upgrade.objects import make_objects

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_labelfix.params import Split

_FOREGROUND = 0.5  # probability above which a pixel is of an object: that is likelier than that it is not
# of an object's pixels, beside careful ones: with more it may be there after all; of what is none nine tenths have 0.3
_OVERLOOKED = 0.4
_ALIKE = 0.85  # IoU of an object before and after, from which it is left as it was


def upgraded_objects(
    probabilities: NDArray[np.float32],
    old: NDArray[np.integer],
    trusted: NDArray[np.bool_],
    edges: NDArray[np.float32],
    minimum_size: int,
    right_outlines: bool | None = None,
    how: Split = "watershed",
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
    old, minimum_size, how
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
    foreground = probabilities > _FOREGROUND
    labels = make_objects(foreground, old, minimum_size, how)
    was = what_became(old, labels, foreground)
    seen, right = was.inside > MOSTLY, np.isin(was.ids, old[trusted])
    if right_outlines is None:
        careful = drawn_with_care(was, seen & ~right, old, labels, edges)
    else:
        careful = seen & right_outlines
    if not careful.any():
        return _with_old(labels, old, was.ids[was.iou >= _ALIKE])
    stays = careful | right | (~seen & (was.inside > _OVERLOOKED))
    labels = with_more(np.where(np.isin(old, was.ids[stays]), old, 0), foreground, old, minimum_size, how)
    return without_doubtful(labels, old, was.ids[careful & ~right], probabilities, foreground)


def _with_old(labels: NDArray[np.int32], old: NDArray[np.integer], ids: NDArray[np.integer]) -> NDArray[np.int32]:
    """Return labels in which the objects of these ids are as they were."""
    stays = ~np.isin(labels, ids)
    return np.where(np.isin(old, ids), old, np.where(stays, labels, 0)).astype(np.int32)
