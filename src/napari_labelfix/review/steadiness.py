"""Whether what is proposed still changes: a person need not wait for what does not come any more."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_labelfix.review.marks import near_any, overlapping_any
from napari_labelfix.snapshots import BoxRole, Detections, FoundBoxes, PointRole, Proposal

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_labelfix.snapshots import Belief, Snapshot

# Measured with Scribble2Label on 20 real images, 140 of 300 epochs (65 s of one core): 13 of kinds that the weights
# know, 4 of others, 3 without the instant proposal; each looked at from five moments on, at two speeds. It is said in
# 44 % of these cases (with 0.5 %: 32 %), half of the times by 40 s (62 s). By the end IoU then gains 0.001, and more
# than 0.01 in 5 %, all of one image; with 2 % in 7 %, of two. At a tenth of the speed, where 15 s are a few epochs, it
# would be said in 95 %, with more than 0.01 to come in 16 % of them; with a tenth of the steps between in 55 %, and in
# none.
APART = 15.0  # seconds, at least, between what is compared: it is about a person's time
LEARNED = 0.1  # of a run's steps, at least, lie between, too, and before the first
STEADY = 0.01  # share that changes meanwhile, up to which it counts as settled


class _Look(NamedTuple):
    """What was proposed of a plane at some time, as far as it is compared: planes may be many, and large."""

    time: float
    step: int
    what: NDArray[Any]


class Steadiness:
    """Compares what is proposed of each plane with what was proposed a while before.

    Parameters
    ----------
    clock
        Returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._looks: dict[int, _Look] = {}
        self._changes: dict[int, float | None] = {}
        self._longest = APART  # seconds between two looks that were compared

    def begin(self) -> None:
        """Forget what was proposed: another run begins, or a person has helped this one."""
        self._looks, self._changes, self._longest = {}, {}, APART

    def note(self, snapshot: Snapshot) -> bool:
        """Take in what is proposed now, and return whether it was compared with what was before.

        Nothing of the beginning of a run counts, which has learned little yet.
        """
        some = LEARNED * snapshot.total
        if snapshot.step < some:
            return False
        planes = [self._note(plane, belief, snapshot.step, some) for plane, belief in snapshot.results.items()]
        return any(planes)

    @property
    def sentence(self) -> str:
        """What to say if hardly anything changes any more, in no plane that was seen; "" if something does."""
        shares = [share for share in self._changes.values() if share is not None]
        if not shares or max(shares) > STEADY or self._changes.keys() != self._looks.keys():
            return ""
        return f"Hardly anything changes any more ({max(shares):.1%} in {self._longest:.0f} s)."

    def _note(self, plane: int, belief: Belief, step: int, some: float) -> bool:
        now = _Look(self._clock(), step, compared(belief))
        before = self._looks.setdefault(plane, now)
        if now.time - before.time < APART or step - before.step < some:
            return False
        self._changes[plane] = changed_share(before.what, belief)
        self._longest = max(self._longest, now.time - before.time)
        self._looks[plane] = now
        return True


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
    """Return how much of what is proposed differs from what was `compared` before, 0..1; None if that says nothing.

    Of proposals these are pixels of another class, among those that belong to an object in either; of points and boxes
    those without a counterpart, among all of both. It says nothing where there is nothing, and where each pixel is as
    before: a network that learns always changes some, unless it is not heard yet.
    """
    after = compared(belief)
    match belief:
        case Proposal():
            changed = np.count_nonzero(before != after)
            return changed / np.count_nonzero(before | after) if changed else None
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
