"""What is told of the boxes of a plane: which of those given were found again, which are new, and masks in them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from napari_labelfix.data.label_images import boxes_of_labels, relabel_sequential
from napari_labelfix.methods.sissi.masks import masks_in_boxes
from napari_labelfix.metrics.overlap import CARELESS_BOX, lying_in_any, overlapping_any, overlapping_pairs
from napari_labelfix.snapshots import BoxRole, FoundBoxes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_labelfix.annotations import FinishedInstances
    from napari_labelfix.methods.sissi.fusion import Scored
    from napari_labelfix.methods.sissi.params import BoxMasks

_MOSTLY = 0.5  # share of a box


def are_denied(corners: NDArray[np.floating], negatives: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return (N,) which boxes (N, 4) are what a person has boxed (M, 4) as no cell, or lie mostly in that."""
    within = lying_in_any(corners, negatives, _MOSTLY)
    return within | overlapping_any(corners, negatives, CARELESS_BOX)


def boxes_told(
    found: Scored,
    given: NDArray[np.floating],
    scale: float,
    shape: tuple[int, int],
    foreground: NDArray[np.float32] | None,
) -> FoundBoxes:
    """Return what was found in a page, in pixels of its plane, as far as it lies in it.

    Parameters
    ----------
    found
        Boxes in pixels of the page.
    given
        (N, 4) in pixels of the page.
    scale
        Pixels of the page in one of the plane.
    shape
        Height and width of the plane.
    foreground
        (H, W) probability of a cell in the page, in which masks grow; None where none are asked for.
    """
    corners, inside = _clipped(found.corners / scale, shape)
    found = found.taken(inside)
    confirmed, again = overlapping_pairs(found.corners, given, CARELESS_BOX)
    roles = np.full(len(found.corners), BoxRole.ADDED, np.uint8)
    roles[confirmed] = BoxRole.CONFIRMED
    dropped, _ = _clipped(np.delete(given, again, axis=0) / scale, shape)
    labels = None
    if foreground is not None:
        probability = functional.interpolate(
            torch.from_numpy(foreground)[None, None], shape, mode="bilinear", align_corners=False
        )
        labels = masks_in_boxes(probability[0, 0].numpy(), corners)
    return FoundBoxes(
        np.concatenate([corners, dropped]),
        np.concatenate([found.scores, np.zeros(len(dropped))]).astype(np.float32),
        np.concatenate([roles, np.full(len(dropped), BoxRole.DROPPED)]).astype(np.uint8),
        labels,
    )


def partly_told(told: FoundBoxes) -> FoundBoxes:
    """Return what is told of a plane that was not looked at as a whole: that a box was not found again is not known."""
    there = told.roles != BoxRole.DROPPED
    return FoundBoxes(told.corners[there], told.scores[there], told.roles[there], partial=True)


def as_finished(finished: FinishedInstances, masks: BoxMasks) -> FoundBoxes:
    """Return the cells that a person has labelled in a plane, of which nothing is doubtful."""
    labels = relabel_sequential(finished.right())
    corners = boxes_of_labels(labels).astype(np.float32)
    roles = np.full(len(corners), BoxRole.CONFIRMED, np.uint8)
    return FoundBoxes(corners, np.ones(len(corners), np.float32), roles, labels if masks != "none" else None)


def with_finished_part(told: FoundBoxes, finished: FinishedInstances) -> FoundBoxes:
    """Return what is told of a plane with the labels of a person, as they are, in the part that they have finished.

    The boxes of these cells come first.
    """
    if told.labels is None:
        return told
    ranks = relabel_sequential(finished.right())
    return replace(told, labels=np.where(finished.known(), ranks, told.labels).astype(np.int32))


def _clipped(corners: NDArray[np.floating], shape: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return what of boxes (N, 4) lies in a plane: (M, 4), and which they are: (N,)."""
    clipped = np.clip(corners, 0, np.array([*shape, *shape])).astype(np.float32)
    inside: NDArray[np.bool_] = (clipped[:, 2:] > clipped[:, :2]).all(axis=1)
    return clipped[inside], inside
