"""From what is believed of a plane to what is proposed: objects, how small they may be, and what to say of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.data.instances import split_instances
from napari_labelfix.methods.prediction import shown_classes
from napari_labelfix.methods.scribble2label.smallest import SmallestObject
from napari_labelfix.snapshots import Proposal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_labelfix.data.tiles import Window
    from napari_labelfix.methods.scribble2label.canvas import Canvas
    from napari_labelfix.methods.scribble2label.params import Scribble2LabelParams

_TOO_SMALL = (
    "Most of what was found is smaller than {} pixels and left out. Stop, lower “Smallest object” and Run to see it."
)
_SMALLER = "You have drawn on small objects, so those from {} pixels on are kept."


class Proposer:
    """Makes the proposals of a run.

    Parameters
    ----------
    params
        The run's parameters.
    """

    def __init__(self, params: Scribble2LabelParams) -> None:
        self._said = params
        self._smallest = SmallestObject(params.minimum_size)
        self._lowered = False  # whether smaller objects are kept than the parameter says
        self._shown: dict[int, NDArray[np.int32]] = {}  # objects (Y, X) of planes that are read in pieces
        self._news = ""
        self._warned = False  # that most of what was found is too small

    @property
    def params(self) -> Scribble2LabelParams:
        """The run's parameters, with a smaller smallest object if what is drawn asks for it."""
        return self._said.replace(minimum_size=self._smallest.pixels) if self._lowered else self._said

    def propose(self, index: int, canvas: Canvas, pieces: Sequence[Window] | None) -> Proposal:
        """Return what is believed of a plane as plain numpy; where somebody has drawn, the drawing is right.

        Parameters
        ----------
        index
            Of the plane.
        canvas
            With a belief.
        pieces
            Where it has changed since the last proposal; None where it may have changed everywhere.
        """
        assert canvas.belief is not None  # planes are shown when something is believed of them
        classes, confidence = (each.numpy(force=True) for each in shown_classes(canvas.belief))
        marked = canvas.marked.numpy(force=True)
        found = int(np.count_nonzero(classes))
        self._look_at_drawn(index, classes > 0, marked)
        before = None if pieces is None else (self._shown.setdefault(index, np.zeros(marked.shape, np.int32)), pieces)
        proposal = make_proposal(classes, confidence, self.params, marked, before)
        if _much_less(proposal, found) and self._keep_smaller():
            proposal = make_proposal(classes, confidence, self.params, marked, before)
        if _much_less(proposal, found) and not self._warned:
            self._warned = True
            self._news = _TOO_SMALL.format(self.params.minimum_size)
        if index in self._shown:
            self._shown[index] = proposal.labels.copy()
        return proposal

    def news(self) -> str:
        """Return what a person should know of the proposals, each sentence once; "" if there is nothing new."""
        news, self._news = self._news, ""
        return news

    def _look_at_drawn(self, index: int, found: NDArray[np.bool_], marked: NDArray[np.integer]) -> None:
        """See how large the objects of a plane are that have a stroke; (Y, X) each."""
        strokes = marked > 0
        if strokes.any():
            self._smallest.note(index, (found & (marked != 0)) | strokes, strokes)
        else:
            self._smallest.forget(index)

    def _keep_smaller(self) -> bool:
        """Keep smaller objects from now on if such were drawn on; return whether that is new."""
        if self._lowered or self._smallest.pixels >= self._said.minimum_size:
            return False
        self._lowered = True
        self._news = _SMALLER.format(self.params.minimum_size)
        return True


def make_proposal(
    classes: NDArray[np.uint8],
    confidence: NDArray[np.float32],
    params: Scribble2LabelParams,
    marked: NDArray[np.integer] | None = None,
    before: tuple[NDArray[np.int32], Sequence[Window]] | None = None,
) -> Proposal:
    """Turn classes (Y, X), which it changes, and their probabilities into a proposal with objects.

    `marked` (Y, X) has the class where somebody has drawn, and is negative elsewhere; the drawing is right. For
    `before` see `split_instances`.
    """
    ignored = confidence <= params.threshold
    strokes = None if marked is None else marked > 0
    if marked is not None:
        drawn = marked >= 0
        classes[drawn] = marked[drawn]
        ignored &= ~drawn
    labels = split_instances(classes, params.instances, params.minimum_size, strokes, before, confidence)
    if marked is not None:
        labels[marked == 0] = 0  # however small, it is no hole that is to be filled
    return Proposal(labels, _classes_of(labels, classes), confidence, ignored)


def _classes_of(labels: NDArray[np.int32], classes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (Y, X) the class of the object that each pixel belongs to, also in holes that were filled."""
    class_of = np.zeros(labels.max(initial=0) + 1, np.uint8)
    class_of[labels[classes > 0]] = classes[classes > 0]
    class_of[0] = 0
    return class_of[labels]


def _much_less(proposal: Proposal, found: int) -> bool:
    """Return whether less than half of the pixels that were found are proposed."""
    return bool(np.count_nonzero(proposal.labels) * 2 < found)
