"""Whether what is proposed still changes: a person need not wait for what does not come any more."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.review.marks import near_any, overlapping_any
from napari_labelfix.snapshots import BoxRole, Detections, FoundBoxes, PointRole, Proposal

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_labelfix.snapshots import Belief, Snapshot

APART = 15.0  # seconds between what is compared
_BEGINNING = 0.1  # of a run's steps
STEADY = 0.005  # share that changes meanwhile, up to which it counts as settled


class Steadiness:
    """Compares what is proposed of each plane with what was proposed a while before.

    Parameters
    ----------
    clock
        Returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._looks: dict[int, tuple[float, NDArray[Any]]] = {}  # no whole beliefs: planes may be many, and large
        self._changes: dict[int, float | None] = {}
        self._longest = APART  # seconds between two looks that were compared

    def begin(self) -> None:
        """Forget what was proposed: another run begins, or a person has helped this one."""
        self._looks, self._changes, self._longest = {}, {}, APART

    def note(self, snapshot: Snapshot) -> None:
        """Take in what is proposed now; nothing of the beginning of a run, which has learned little yet."""
        if snapshot.step >= _BEGINNING * snapshot.total:
            for plane, belief in snapshot.results.items():
                self._note(plane, belief)

    @property
    def sentence(self) -> str:
        """What to say if hardly anything changes any more, in no plane that was seen; "" if something does."""
        shares = [share for share in self._changes.values() if share is not None]
        if not shares or max(shares) > STEADY or self._changes.keys() != self._looks.keys():
            return ""
        return f"Hardly anything changes any more ({max(shares):.1%} in {self._longest:.0f} s)."

    def _note(self, plane: int, belief: Belief) -> None:
        now, what = self._clock(), compared(belief)
        since, before = self._looks.get(plane, (now, what))
        if plane not in self._looks:
            self._looks[plane] = now, what
        elif now - since >= APART:
            self._changes[plane] = changed_share(before, belief)
            self._longest = max(self._longest, now - since)
            self._looks[plane] = now, what


def compared(belief: Belief) -> NDArray[Any]:
    """Return what tells whether something else is proposed: classes (Y, X), or what marks cells, (N, 2) or (N, 4)."""
    match belief:
        case Proposal(classes=classes):
            return classes
        case Detections(positions=positions, roles=roles):
            return positions[roles != PointRole.PSEUDO_NEGATIVE]
        case FoundBoxes(corners=corners, roles=roles):
            return corners[roles != BoxRole.DROPPED]


def changed_share(before: NDArray[Any], belief: Belief) -> float | None:
    """Return how much of what is proposed differs from what was `compared` before, 0..1; None if there is nothing.

    Of proposals these are pixels of another class, among those that belong to an object in either; of points and boxes
    those without a counterpart, among all of both.
    """
    after = compared(belief)
    match belief:
        case Proposal():
            either = np.count_nonzero(before | after)
            return np.count_nonzero(before != after) / either if either else None
        case Detections(radius=radius):
            return _unmatched(before, after, lambda a, b: near_any(a, b, radius))
        case FoundBoxes():
            return _unmatched(before, after, _same_boxes)


def _unmatched(
    before: NDArray[np.floating],
    after: NDArray[np.floating],
    found: Callable[[NDArray[np.floating], NDArray[np.floating]], NDArray[np.bool_]],
) -> float | None:
    missing = (~found(before, after)).sum() + (~found(after, before)).sum()
    total = len(before) + len(after)
    return float(missing / total) if total else None


def _same_boxes(boxes: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.bool_]:
    planes, their_planes = (np.zeros((len(each), 0), np.intp) for each in (boxes, others))
    return overlapping_any(boxes, planes, others, their_planes)
