"""What accepted objects say about labels of low quality: there, and a little around them, the labels are right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.data.label_images import rank_objects
from napari_labelfix.review.actions import MOSTLY

if TYPE_CHECKING:
    from numpy.typing import NDArray

MARGIN = 4.0  # pixels around an accepted object that are known to be not of it


def trust_accepted(
    labels: NDArray[np.integer], accepted: NDArray[np.integer], margin: float = MARGIN
) -> tuple[NDArray[np.integer], NDArray[np.bool_]]:
    """Put accepted objects in the place of the labels that they correct.

    Parameters
    ----------
    labels
        (Y, X) of low quality, 0 = background.
    accepted
        (Y, X) objects that a person has accepted, 0 = background.
    margin
        In pixels.

    Returns
    -------
    labels
        (Y, X) with the accepted objects, whose ids follow the largest of the others, and without the objects that
        lie mostly under them. What is left of others stays.
    trusted
        (Y, X) bool: the accepted objects and a margin around them, but no pixel of other objects.
    """
    known = accepted > 0
    _, sizes, ranks = rank_objects(labels)
    covered = np.bincount(ranks[known], minlength=sizes.size + 1)[1:]
    corrected = np.append(False, covered > MOSTLY * sizes)[ranks]
    last = int(labels.max(initial=0))
    room = np.min_scalar_type(-last - int(accepted.max(initial=0)))  # what learns refuses ids that need 64 bit
    merged = np.where(corrected & ~known, 0, labels).astype(np.promote_types(np.int32, room))
    merged[known] = accepted[known].astype(merged.dtype) + last
    return merged, known | (_near(known, margin) & (merged == 0))


def _near(mask: NDArray[np.bool_], distance: float) -> NDArray[np.bool_]:
    """Return (Y, X) the pixels up to that distance from one of a mask, and those of the mask."""
    import cv2  # docks open without it

    steps = np.arange(-int(distance), int(distance) + 1)
    disc = np.hypot(steps[:, None], steps) <= distance
    return cv2.dilate(mask.astype(np.uint8), disc.astype(np.uint8)).astype(bool)
