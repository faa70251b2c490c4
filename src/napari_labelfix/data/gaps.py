"""Where an image has no numbers: NaN around what was stitched or registered, and where something was divided by 0.

Such pixels count as empty: as dark as the darkest that there are. Nothing is proposed where there are many together.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.annotations import Instances, Scribbles, middles_of_boxes
from napari_labelfix.snapshots import BoxRole, Detections, FoundBoxes, PointRole, Proposal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from napari_labelfix.annotations import Annotation, Plane
    from napari_labelfix.snapshots import Belief

_WIDE = 5  # pixels: narrower gaps, such as dead pixels, may lie within an object


def has_gaps(image: NDArray[np.generic]) -> bool:
    """Return whether a pixel is NaN or infinite; no copy is made of the image."""
    return image.dtype.kind == "f" and not bool(np.isfinite(image.min()) and np.isfinite(image.max()))


def filled(image: NDArray[Any]) -> NDArray[Any]:
    """Return an image with the lowest number of a channel where there is none, or itself: (Y, X) or (Y, X, C)."""
    if not has_gaps(image):
        return image
    known = np.isfinite(image)
    lowest = np.where(known, image, np.inf).min(axis=(0, 1))
    return np.where(known, image, np.where(np.isfinite(lowest), lowest, 0)).astype(image.dtype, copy=False)


def wide_gaps(image: NDArray[np.generic]) -> NDArray[np.bool_] | None:
    """Return (Y, X) where no channel of an image has numbers, but for narrow gaps; None where there is no such place.

    Parameters
    ----------
    image
        (Y, X) or (Y, X, C).
    """
    if not has_gaps(image):
        return None
    import cv2

    known = np.isfinite(image)
    empty = ~known if known.ndim == 2 else ~known.any(axis=2)
    wide = cv2.morphologyEx(empty.view(np.uint8), cv2.MORPH_OPEN, np.ones((_WIDE, _WIDE), np.uint8)).view(bool)
    return wide if wide.any() else None


def beside_what_is_said(gaps: NDArray[np.bool_] | None, given: Annotation | None) -> NDArray[np.bool_] | None:
    """Return gaps (Y, X) without where a person has said what is there; None stays None."""
    return gaps & ~given.known() if gaps is not None and isinstance(given, Scribbles | Instances) else gaps


def without_gaps(belief: Belief, gaps: NDArray[np.bool_] | None) -> Belief:
    """Return what is believed of a plane without what lies in its gaps (Y, X); given points and boxes stay."""
    if gaps is None:
        return belief
    match belief:
        case Proposal(labels=labels, classes=classes, ignored=ignored):
            return replace(
                belief,
                labels=np.where(gaps, 0, labels),
                classes=np.where(gaps, 0, classes).astype(classes.dtype, copy=False),
                ignored=ignored & ~gaps,
            )
        case Detections(positions=positions, roles=roles):
            kept = (roles == PointRole.GIVEN) | ~_lie_in(gaps, positions)
            return replace(
                belief,
                positions=positions[kept],
                scores=belief.scores[kept],
                roles=roles[kept],
                heatmap=np.where(gaps, np.float32(0), belief.heatmap),
                labels=_of_kept(belief.labels, kept, gaps),
            )
        case FoundBoxes(corners=corners, roles=roles):
            kept = (roles != BoxRole.ADDED) | ~_lie_in(gaps, middles_of_boxes(corners))
            masks = _of_kept(belief.labels, kept, gaps)
            return replace(belief, corners=corners[kept], scores=belief.scores[kept], roles=roles[kept], labels=masks)


def _lie_in(gaps: NDArray[np.bool_], positions: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return (N,) whether positions (N, 2) lie in the gaps (Y, X)."""
    row, column = np.clip(np.round(positions).astype(np.intp), 0, np.subtract(gaps.shape, 1)).T
    return gaps[row, column]


def _of_kept(
    labels: NDArray[np.int32] | None, kept: NDArray[np.bool_], gaps: NDArray[np.bool_]
) -> NDArray[np.int32] | None:
    """Return the masks (Y, X) of marks of which some are kept: each has one more than the number of its mark."""
    if labels is None:
        return None
    numbers = np.concatenate([[0], np.where(kept, np.cumsum(kept), 0)]).astype(np.int32)
    return np.where(gaps, 0, numbers[labels])


def sentence_about(planes: Iterable[Plane]) -> str:
    """Return a sentence about the planes that have gaps, or ""."""
    shares = [(plane.name, 1 - np.isfinite(plane.image).mean()) for plane in planes if has_gaps(plane.image)]
    if not shares:
        return ""
    name, share = shares[0]
    told = "Less than 1 %" if share < 0.01 else f"{100 * share:.0f} %"
    if len(shares) == 1:
        return f"{told} of the pixels of {name} are NaN or infinite. They are taken as empty."
    return f"{len(shares)} planes have pixels that are NaN or infinite. They are taken as empty."
