"""Whether what is proposed still changes: a person need not wait for what does not come any more."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

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
        self._looks: dict[int, tuple[float, Belief]] = {}
        self._changes: dict[int, float] = {}
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
        largest = max(self._changes.values(), default=1.0)
        if largest > STEADY or self._changes.keys() != self._looks.keys():
            return ""
        if not any(_is_something(belief) for _, belief in self._looks.values()):
            return ""
        return f"Hardly anything changes any more ({largest:.1%} in {self._longest:.0f} s)."

    def _note(self, plane: int, belief: Belief) -> None:
        now = self._clock()
        since, before = self._looks.get(plane, (now, belief))
        if plane not in self._looks:
            self._looks[plane] = now, belief
        elif now - since >= APART:
            self._changes[plane] = changed_share(before, belief)
            self._longest = max(self._longest, now - since)
            self._looks[plane] = now, belief


def changed_share(before: Belief, after: Belief) -> float:
    """Return how much of what is proposed differs, from 0 to 1.

    Of proposals these are pixels of another class, among those that belong to an object in either; of points and boxes
    those without a counterpart, among all of both.
    """
    if isinstance(before, Proposal) and isinstance(after, Proposal):
        either = (before.classes > 0) | (after.classes > 0)
        return float((before.classes != after.classes).sum() / max(1, either.sum()))
    if isinstance(before, Detections) and isinstance(after, Detections):
        return _unmatched(_points_of(before), _points_of(after), lambda a, b: near_any(a, b, after.radius))
    if isinstance(before, FoundBoxes) and isinstance(after, FoundBoxes):
        return _unmatched(_boxes_of(before), _boxes_of(after), _same_boxes)
    return 1.0


def _is_something(belief: Belief) -> bool:
    return bool(belief.labels.any()) if isinstance(belief, Proposal) else len(belief.scores) > 0


def _unmatched(
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    found: Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.bool_]],
) -> float:
    total = len(before) + len(after)
    missing = (~found(before, after)).sum() + (~found(after, before)).sum()
    return float(missing / max(1, total))


def _points_of(found: Detections) -> NDArray[np.float32]:
    return found.positions[found.roles != PointRole.PSEUDO_NEGATIVE]


def _boxes_of(found: FoundBoxes) -> NDArray[np.float32]:
    return found.corners[found.roles != BoxRole.DROPPED]


def _same_boxes(boxes: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.bool_]:
    planes, their_planes = (np.zeros((len(each), 0), np.intp) for each in (boxes, others))
    return overlapping_any(boxes, planes, others, their_planes)
