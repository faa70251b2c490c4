"""From the outputs of HoVer-Net to objects: where the maps jump, one object ends and the next begins.

Graham et al., HoVer-Net, Medical Image Analysis 2019, and Xue, "Weakly Supervised Cell Instance Segmentation for
Multi-Modality Microscopy", 2022. The steps are MONAI's, but for the scale of the border: there the steepest rise and
fall in the image are 0 and 1, so that where nothing touches the flat middle of a cell counts as half a border. Here no
fall is 0, and one from 1 to -1 within a pixel is 1, in every image and in every part of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from monai.apps.pathology.transforms.post.array import (
    GenerateDistanceMap,
    GenerateWatershedMarkers,
    Watershed,
)
from monai.transforms.intensity.array import GaussianSmooth
from monai.transforms.post.array import FillHoles, SobelGradients
from scipy.special import expit

from napari_labelfix.data.instances import fill_small_holes, with_unmarked
from napari_labelfix.data.label_images import relabel_sequential, remove_small_objects
from napari_labelfix.data.large import join_tiles
from napari_labelfix.methods.prediction import UNSURE
from napari_labelfix.snapshots import Proposal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_labelfix.data.tiles import Window
    from napari_labelfix.methods.hovernet_stpp.params import HoverNetParams

_KERNEL = 7  # pixels, of the gradient
_RADIUS = 2  # pixels: thinner bridges between markers are cut, and smaller markers vanish


def objects_of(
    foreground: NDArray[np.floating], maps: NDArray[np.floating], threshold: float, minimum_size: int
) -> NDArray[np.int32]:
    """Number the objects.

    Parameters
    ----------
    foreground
        (Y, X) probability.
    maps
        (2, Y, X) horizontal and vertical distance to the centre of mass.
    threshold
        Of the border, in (0, 1): where it is weaker, an object goes on.
    minimum_size
        Objects with fewer pixels are dropped, and holes of fewer pixels are filled.

    Returns
    -------
    NDArray[np.int32]
        (Y, X) ids 1..N without gaps, 0 = background.
    """

    def find(window: tuple[slice, slice]) -> NDArray[np.int32]:
        mask = fill_small_holes(foreground[window] > 0.5, minimum_size)
        parts = _parts(mask, maps[:, *window].astype(np.float32), threshold)
        return relabel_sequential(remove_small_objects(parts, minimum_size))

    return join_tiles(foreground.shape, find)


def foreground_of(outputs: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return (Y, X) the probability of an object, from the network's outputs (4, Y, X)."""
    probability: NDArray[np.float32] = expit(outputs[1].astype(np.float32) - outputs[0].astype(np.float32))
    return probability


def proposal_of(outputs: NDArray[np.floating], params: HoverNetParams) -> Proposal:
    """Return what the network's outputs (4, Y, X) say of a plane: its objects, and how sure each pixel is."""
    foreground = foreground_of(outputs)
    labels = objects_of(foreground, outputs[2:], params.marker_threshold, params.minimum_size)
    confidence = np.maximum(foreground, 1 - foreground)
    return Proposal(labels, (labels > 0).astype(np.uint8), confidence, confidence < UNSURE)


def of_a_piece(found: Proposal, piece: Window, shape: tuple[int, ...]) -> Proposal:
    """Return the proposal of a plane (Y, X) of which only a piece was looked at: nothing is known of the rest."""
    whole = Proposal(
        np.zeros(shape, np.int32),
        np.zeros(shape, np.uint8),
        np.full(shape, 0.5, np.float32),
        np.ones(shape, bool),
        partial=True,
    )
    for name in ("labels", "classes", "confidence", "ignored"):
        getattr(whole, name)[piece] = getattr(found, name)
    return whole


def as_given(labels: NDArray[np.int32]) -> Proposal:
    """Return the labels (Y, X) of a plane that a person has finished, of which nothing is doubtful."""
    shape = labels.shape
    return Proposal(labels.copy(), (labels > 0).astype(np.uint8), np.ones(shape, np.float32), np.zeros(shape, bool))


def with_given(found: Proposal, labels: NDArray[np.int32], known: NDArray[np.bool_]) -> Proposal:
    """Return a proposal that says what a person has said, where they have (Y, X); their objects keep their ids."""
    others = np.where(found.labels > 0, found.labels + labels.max(initial=0), 0)
    joined = np.where(known, labels, others).astype(np.int32)
    confidence = np.where(known, np.float32(1), found.confidence)
    return Proposal(joined, (joined > 0).astype(np.uint8), confidence, found.ignored & ~known, partial=found.partial)


def _parts(mask: NDArray[np.bool_], maps: NDArray[np.float32], threshold: float) -> NDArray[np.int32]:
    if not mask.any():
        return np.zeros(mask.shape, np.int32)
    if min(mask.shape) <= _KERNEL // 2:  # too narrow to be mirrored at its edge, as the gradient wants it
        more = [(0, max(0, _KERNEL - length)) for length in mask.shape]
        wider = _parts(np.pad(mask, more, "edge"), np.pad(maps, [(0, 0), *more], "edge"), threshold)
        return wider[: mask.shape[0], : mask.shape[1]]
    there = mask[np.newaxis].astype(np.float32)
    border = _border(maps * mask)[np.newaxis] * there
    distance = GenerateDistanceMap(GaussianSmooth())(there, border)
    marked = GenerateWatershedMarkers(threshold, _RADIUS, 0, FillHoles())(there, border)
    markers = with_unmarked(np.asarray(marked[0], np.int32), mask)
    return np.asarray(Watershed()(np.asarray(distance), there, markers[np.newaxis])[0], np.int32)


def _border(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how steeply the maps (2, Y, X) fall: (Y, X), 0 where they do not, 1 where from 1 to -1 within a pixel."""
    gradients = SobelGradients(_KERNEL)
    edge = torch.ones(1, 2 * _KERNEL, 2 * _KERNEL)
    edge[..., _KERNEL:] = -1
    steepest = -float(gradients(edge)[1].min())
    horizontal, vertical = (np.asarray(gradients(torch.from_numpy(one[np.newaxis]))) for one in maps)
    return np.clip(np.maximum(-horizontal[1], -vertical[0]) / steepest, 0, 1)
