"""What is known about each proposed object: its class, how sure it is, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.snapshots import Change, Role

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_labelfix.snapshots import Detections, FoundBoxes, Proposal


@dataclass(frozen=True, eq=False)
class Objects:
    """The objects of one proposed plane.

    Parameters
    ----------
    ids
        (N,) their labels, ascending.
    classes
        (N,) the class of most of an object's pixels.
    confidence
        (N,) mean confidence of an object's pixels, 0..1.
    changes
        (N,) of `Change`; all `NONE` where a method starts from no labels.
    """

    ids: NDArray[np.int64]
    classes: NDArray[np.int64]
    confidence: NDArray[np.float64]
    changes: NDArray[np.int64]


def describe_objects(proposal: Proposal, before: NDArray[np.integer] | None = None) -> Objects:
    """Return what a proposal says of each of its objects.

    Parameters
    ----------
    proposal
        Of one plane; its ids are small numbers, as a method gives them.
    before
        (Y, X) the labels that it was made from, if it was; an object that is still the same has kept its id.
    """
    labels, classes = proposal.labels, proposal.classes
    flat = labels.ravel()
    sizes = np.bincount(flat)
    ids = _ids(sizes)
    total = np.bincount(flat, weights=proposal.confidence.ravel())
    top = int(classes.max(initial=0)) + 1
    votes = np.stack([np.bincount(flat[(classes == c).ravel()], minlength=sizes.size) for c in range(top)])
    changes = np.zeros(ids.size, np.int64)
    if proposal.changes is not None:
        changes = _changes_of(ids, labels, proposal.changes, before)
    return Objects(ids, votes.argmax(axis=0)[ids], total[ids] / sizes[ids], changes)


def describe_marked_objects(labels: NDArray[np.integer], detections: Detections) -> Objects:
    """Return masks (Y, X) that were grown from detections as objects that are as sure as the surest point in them."""
    ids = _ids(np.bincount(labels.ravel()))
    cells = detections.roles != Role.PSEUDO_NEGATIVE
    rows, columns = np.round(detections.positions[cells]).astype(int).T
    surest = np.zeros(labels.max(initial=0) + 1)
    np.maximum.at(surest, labels[rows, columns], detections.scores[cells])
    return Objects(ids, np.ones(ids.size, np.int64), surest[ids], np.zeros(ids.size, np.int64))


def describe_boxed_objects(labels: NDArray[np.integer], found: FoundBoxes) -> Objects:
    """Return masks (Y, X) that were grown in boxes, and numbered as these are, as objects as sure as their boxes."""
    ids = _ids(np.bincount(labels.ravel()))
    return Objects(ids, np.ones(ids.size, np.int64), found.scores[ids - 1].astype(float), np.zeros(ids.size, np.int64))


def _ids(sizes: NDArray[np.intp]) -> NDArray[np.int64]:
    """Return the ids that have pixels, from the number of pixels of each."""
    return np.flatnonzero(sizes[1:]) + 1 if sizes.size else np.zeros(0, np.int64)


def _changes_of(
    ids: NDArray[np.int64],
    labels: NDArray[np.integer],
    changes: NDArray[np.uint8],
    before: NDArray[np.integer] | None,
) -> NDArray[np.int64]:
    """Return (N,) what most of an object's changed pixels say; one that only lost pixels has none, and is reshaped."""
    size = int(labels.max(initial=0)) + 1
    votes = np.stack([np.bincount(labels[changes == change], minlength=size) for change in Change])
    votes[Change.NONE] = 0
    kinds = votes.argmax(axis=0)
    if before is not None:
        lost = before[(changes == Change.RESHAPED) & (labels == 0)]
        shrunk = np.intersect1d(lost[lost > 0], ids)
        kinds[shrunk[kinds[shrunk] == Change.NONE]] = Change.RESHAPED
    return kinds[ids]
