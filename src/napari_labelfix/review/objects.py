"""What is known about each proposed object: its class, how sure it is, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.data.label_images import rank_objects
from napari_labelfix.snapshots import Change, PointRole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_labelfix.data.label_images import Ranked
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
        Of one plane.
    before
        (Y, X) the labels that it was made from, if it was; an object that is still the same has kept its id.
    """
    inside = np.flatnonzero(proposal.labels > 0)  # a person waits: no more pixels are looked at than need be
    found = rank_objects(proposal.labels.ravel()[inside])
    total = np.bincount(found.ranks, proposal.confidence.ravel()[inside], minlength=found.ids.size + 1)[1:]
    classes = proposal.classes.ravel()[inside]
    votes = _votes(found, classes, int(classes.max(initial=0)) + 1)
    changes = np.zeros(found.ids.size, np.int64)
    if proposal.changes is not None:
        changes = _changes_of(found, proposal.changes.ravel()[inside])
        if before is not None:
            lost = (proposal.changes == Change.RESHAPED) & (proposal.labels <= 0)
            changes[np.isin(found.ids, before[lost]) & (changes == Change.NONE)] = Change.RESHAPED
    return Objects(found.ids, votes.argmax(axis=1), total / found.sizes, changes)


def _votes(found: Ranked, values: NDArray[np.integer], kinds: int) -> NDArray[np.int64]:
    """Return (N, kinds) how many of the pixels (P,) of each object have each value."""
    pairs = found.ranks.astype(np.intp) * kinds + values
    return np.bincount(pairs, minlength=(found.ids.size + 1) * kinds).reshape(-1, kinds)[1:]


def describe_marked_objects(labels: NDArray[np.integer], detections: Detections) -> Objects:
    """Return masks (Y, X) that were grown from detections as objects that are as sure as the surest point in them."""
    ids, _, ranks = rank_objects(labels)
    cells = detections.roles != PointRole.PSEUDO_NEGATIVE
    rows, columns = np.round(detections.positions[cells]).astype(int).T
    surest = np.zeros(ids.size + 1)
    np.maximum.at(surest, ranks[rows, columns], detections.scores[cells])
    return Objects(ids, np.ones(ids.size, np.int64), surest[1:], np.zeros(ids.size, np.int64))


def describe_boxed_objects(labels: NDArray[np.integer], found: FoundBoxes) -> Objects:
    """Return masks (Y, X) that were grown in boxes, and numbered as these are, as objects as sure as their boxes."""
    ids = rank_objects(labels).ids
    return Objects(ids, np.ones(ids.size, np.int64), found.scores[ids - 1].astype(float), np.zeros(ids.size, np.int64))


def _changes_of(found: Ranked, changes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return (N,) what most of an object's changed pixels (P,) say; one that only lost pixels has none."""
    votes = _votes(found, changes, len(Change))
    votes[:, Change.NONE] = 0
    return votes.argmax(axis=1)
