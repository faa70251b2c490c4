"""What a running method yields: what it now believes, as plain numpy that owns its data and pickles."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from napari_labelfix.annotations import Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_labelfix.methods.checkpoint import TrainedModel

PAUSE = 4  # times as long as something takes, at least, nothing like it is done afterwards


@dataclass(frozen=True, eq=False)
class Proposal:
    """What a method believes about one plane. It is never an accepted label by itself.

    Parameters
    ----------
    labels
        (Y, X) int32 instance ids, 0 = background.
    classes
        (Y, X) uint8: 0 background, 1.. foreground classes.
    confidence
        (Y, X) float32 in [0, 1].
    ignored
        (Y, X) bool: pixels too unsure to be learned from.
    probabilities
        (classes, Y, X) float16 with the background first; only in the proposals of `predict`.
    changes
        (Y, X) uint8 of `Change`: what was made of labels that were given; None where a method starts from none.
    partial
        Whether a part of the plane has not been looked at yet: it is empty there.
    as_given
        Whether the labels are those that were given, of which nothing has been made yet.
    """

    labels: NDArray[np.int32]
    classes: NDArray[np.uint8]
    confidence: NDArray[np.float32]
    ignored: NDArray[np.bool_]
    probabilities: NDArray[np.float16] | None = None
    changes: NDArray[np.uint8] | None = None
    partial: bool = False
    as_given: bool = False


class Change(IntEnum):
    """What became of an object, at each of its pixels that are not as they were."""

    NONE = 0
    ADDED = 1
    REMOVED = 2
    RESHAPED = 3
    SPLIT = 4
    MERGED = 5


class PointRole(IntEnum):
    """Where a detected point comes from."""

    GIVEN = 0  # by a person
    PSEUDO_POSITIVE = 1  # learned from as an object
    DETECTED = 2  # and not chosen to be learned from
    PSEUDO_NEGATIVE = 3  # learned from as no object


@dataclass(frozen=True, eq=False)
class Detections:
    """The objects that a method finds in one plane, as points.

    Parameters
    ----------
    positions
        (N, 2) float32 row, column in pixels.
    scores
        (N,) float32 in [0, 1]: how sure it is that there is an object.
    roles
        (N,) uint8 of `PointRole`.
    radius
        Of an object, in pixels.
    heatmap
        (Y, X) float32 in [0, 1], high at the centres of objects.
    labels
        (Y, X) int32 instance ids, 0 = background: masks grown from the points; None when none were asked for.
    partial
        Whether a part of the plane has not been looked at yet: only given points are there, the heatmap is 0, and there
        are no masks.
    """

    positions: NDArray[np.float32]
    scores: NDArray[np.float32]
    roles: NDArray[np.uint8]
    radius: float
    heatmap: NDArray[np.float32]
    labels: NDArray[np.int32] | None = None
    partial: bool = False

    @property
    def count(self) -> int:
        """How many objects there are: all points but the pseudo-negatives."""
        return int((self.roles != PointRole.PSEUDO_NEGATIVE).sum())


class BoxRole(IntEnum):
    """What a box is to those that were given."""

    CONFIRMED = 0  # one was given there
    ADDED = 1  # none was
    DROPPED = 2  # it was given, and nothing is found there


@dataclass(frozen=True, eq=False)
class FoundBoxes:
    """The objects that a method finds in one plane, as bounding boxes.

    Parameters
    ----------
    corners
        (N, 4) float32 y0, x0, y1, x1 in pixels.
    scores
        (N,) float32 in [0, 1]: how sure it is that there is an object; 0 of those that were dropped.
    roles
        (N,) uint8 of `BoxRole`.
    labels
        (Y, X) int32: masks grown in the boxes, each with one more than the box's number, 0 = background; None when none
        were asked for.
    training_image
        (Y, X) or (Y, X, C) uint8: what is learned from in the place of the image; None while that is the image.
    partial
        Whether a part of the plane has not been looked at yet: it is not known there which boxes were found again, and
        there are no masks.
    """

    corners: NDArray[np.float32]
    scores: NDArray[np.float32]
    roles: NDArray[np.uint8]
    labels: NDArray[np.int32] | None = None
    training_image: NDArray[np.uint8] | None = None
    partial: bool = False

    @property
    def count(self) -> int:
        """How many objects there are: all boxes but the dropped ones."""
        return int((self.roles != BoxRole.DROPPED).sum())


Belief = Proposal | Detections | FoundBoxes


@dataclass(frozen=True, eq=False)
class Ranking:
    """Candidates from the likeliest to the unlikeliest, and which of them were chosen to be learned from.

    Parameters
    ----------
    scores
        (N,) float32, falling.
    chosen
        By what they were chosen for, (K,) places in the ranking.
    """

    scores: NDArray[np.float32]
    chosen: Mapping[str, NDArray[np.intp]]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A moment of a run.

    Parameters
    ----------
    stage
        What is going on, in words: "instant proposal", "warm-up", ...
    step, total
        Progress: `step` of `total` steps of the whole run.
    metrics
        Numbers to plot, by name: "loss", "confident", ...
    proposals
        By index of the plane in the task; only what changed since the last snapshot.
    model
        The best model so far, every few seconds; None in between.
    message
        A sentence for the user, or "".
    ranking
        To plot; None but where candidates have just been ranked.
    answers
        Whether it has the first proposal of a plane since something new was drawn there: somebody is waiting for it.
    """

    stage: str
    step: int
    total: int
    metrics: Mapping[str, float] = field(default_factory=dict)
    proposals: Mapping[int, Belief] = field(default_factory=dict)
    model: TrainedModel | None = None
    message: str = ""
    ranking: Ranking | None = None
    answers: bool = False

    @property
    def results(self) -> dict[int, Belief]:
        """The proposals of planes that were looked at as a whole."""
        return {plane: belief for plane, belief in self.proposals.items() if not belief.partial}


Training = Generator[Snapshot, Task | None, "TrainedModel"]


class Clock:
    """Says when something is due that should happen every `interval` seconds, first in `first` seconds."""

    def __init__(self, interval: float, first: float = 0.0) -> None:
        self.interval = interval
        self._began = self._next = time.monotonic() + first

    def due(self) -> bool:
        """Return whether `interval` seconds have passed since this last returned True, or more: see `done`."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._began, self._next = now, now + self.interval
        return True

    def done(self) -> None:
        """Let the pause begin now that what was due is done, and be longer than `interval` if that took long.

        Otherwise what takes longer than `interval` would be due again at once, and nothing else would be done.
        """
        now = time.monotonic()
        self._next = now + max(self.interval, PAUSE * (now - self._began))


def run_to_end(
    training: Training, seconds: float | None = None, on_snapshot: Callable[[Snapshot], object] | None = None
) -> tuple[dict[int, Belief], TrainedModel | None]:
    """Drain a training and return the last proposal of every plane and the best model.

    Parameters
    ----------
    training
        A method's generator.
    seconds
        Wall-clock budget from now; the run is closed at the first snapshot after it that shows no mere part of a plane.
        None waits for the end.
    on_snapshot
        Called with each snapshot.
    """
    started = time.monotonic()
    proposals: dict[int, Belief] = {}
    model = None
    while True:
        try:
            snapshot = next(training)
        except StopIteration as end:
            return proposals, end.value
        proposals.update(snapshot.results)
        model = snapshot.model or model
        if on_snapshot is not None:
            on_snapshot(snapshot)
        is_over = seconds is not None and time.monotonic() - started >= seconds
        if is_over and len(snapshot.results) == len(snapshot.proposals):
            training.close()
            return proposals, model
