"""The state of a run between its steps: planes on the device, what is drawn on them, what is believed."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_labelfix.annotations import same_annotation
from napari_labelfix.data.instances import split_instances
from napari_labelfix.data.normalize import normalize
from napari_labelfix.data.tiles import middle_of
from napari_labelfix.methods.scribble2label.canvas import Canvas
from napari_labelfix.methods.scribble2label.guide import Guide
from napari_labelfix.methods.scribble2label.instant import InstantClassifier
from napari_labelfix.methods.scribble2label.reading import Reading, patched
from napari_labelfix.methods.scribble2label.smallest import SmallestObject
from napari_labelfix.methods.scribble2label.targets import average, class_indices, count_classes, with_accepted
from napari_labelfix.methods.scribble2label.trust import Trust, agreement, difference_of
from napari_labelfix.networks.device import choose_device
from napari_labelfix.networks.unet import NetworkSpec
from napari_labelfix.snapshots import Clock, Proposal

_TOO_SMALL = (
    "Most of what was found is smaller than {} pixels and left out. Stop, lower “Smallest object” and Run to see it."
)
_SMALLER = "You have drawn on small objects, so those from {} pixels on are kept."
PIECES_EVERY = 1.0  # seconds, at least, between two looks at a large plane that is read piece by piece

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from napari_labelfix.annotations import Plane, Task
    from napari_labelfix.data.tiles import Window
    from napari_labelfix.methods.scribble2label.params import Scribble2LabelParams


class Session:
    """Everything about the planes of one run.

    Parameters
    ----------
    task
        Planes with `Scribbles`, and planes without.
    params
        The run's parameters.

    Raises
    ------
    InputError
        If the task cannot be learned from.
    """

    def __init__(self, task: Task, params: Scribble2LabelParams) -> None:
        task.check()
        self.params = params
        self.classes = self._drawn_classes = count_classes(task)
        self.device = choose_device(params.device)
        self._images = [normalize(plane.image) for plane in task.planes]
        self.canvases = [
            Canvas(
                torch.from_numpy(image).permute(2, 0, 1).to(self.device),
                *self._known(plane),
                self.classes,
            )
            for image, plane in zip(self._images, task.planes, strict=True)
        ]
        self._annotations = [plane.annotation for plane in task.planes]
        self._unshown = self.marked_first  # planes for which there is no instant proposal yet
        self._changed: list[int] = []  # planes that were drawn on and not shown since, the newest first
        self._guide = Guide(self.device) if params.instant and params.pretrained else None
        self._classifier: InstantClassifier | None = None
        self._knows_all = False  # whether the classifier has learned from the newest scribbles
        self._outdated: set[int] = set()  # planes of which the classifier's opinion is older than the scribbles
        self._drawn_at = {index: _middle(canvas.marked >= 0) for index, canvas in enumerate(self.canvases)}
        self._pieces: dict[int, list[Window]] = {}  # what has changed of planes that are being read
        self._unread = set(range(len(self.canvases)))  # planes that have not been read to their end yet
        self._shown: dict[int, NDArray[np.int32]] = {}  # objects (Y, X) of planes that are read in pieces
        self._seen: dict[int, NDArray[np.float32]] = {}  # what was believed when the newest scribbles were drawn
        self._taken_back: set[int] = set()  # planes of which some were erased or changed since
        self._instant: dict[int, Tensor] = {}
        self._first_look: dict[int, Tensor] = {}
        self._network: dict[int, Tensor] = {}
        self._trust = Trust()
        self._credit: dict[int, float] = {}
        self._sure: dict[int, float] = {}  # share of pixels, of the planes whose belief has not changed since
        self._smallest = SmallestObject(params.minimum_size)
        self._turn = 0
        self._news = ""  # what a person should know of the proposals, and has not been told yet
        self._warned = False  # that most of what was found is too small
        self._lowered = False  # whether smaller objects are kept than the parameter says

    @property
    def channels(self) -> int:
        """Channels of every image."""
        return int(self._images[0].shape[2])

    @property
    def spec(self) -> NetworkSpec:
        """The network that the task needs."""
        return NetworkSpec(self.params.encoder, self.channels, self.classes)

    @property
    def marked_first(self) -> list[int]:
        """Indices of the planes, those with scribbles before the others."""
        return sorted(range(len(self.canvases)), key=lambda index: not self.canvases[index].is_marked)

    @property
    def redrawn(self) -> bool:
        """Whether there are new scribbles that have not been shown."""
        return bool(self._changed)

    @property
    def overdue(self) -> list[int]:
        """Indices of the planes that the network has not predicted, or not since other scribbles changed."""
        return [index for index in self.marked_first if index not in self._network or index in self._outdated]

    @property
    def params_of_objects(self) -> Scribble2LabelParams:
        """The run's parameters, with a smaller smallest object if what is drawn asks for it."""
        return self.params.replace(minimum_size=self._smallest.pixels) if self._lowered else self.params

    def annotate(self, task: Task) -> None:
        """Take up newly drawn scribbles.

        Raises
        ------
        InputError
            If they cannot be learned from, as while the user erases them all; then they leave things as they are.
        """
        task.check()
        drawn_before, self._drawn_classes = self._drawn_classes, count_classes(task)
        if self._drawn_classes > self.classes:
            self.classes = self._drawn_classes
            self._first_look.clear()  # it knows nothing of the new ones
        for index, plane in enumerate(task.planes):
            canvas, drawn = self.canvases[index], plane.annotation
            canvas.classes = self.classes
            if drawn_before != self._drawn_classes or not same_annotation(self._annotations[index], drawn):
                self._annotations[index] = drawn
                marked, taught = self._known(plane)
                before = canvas.marked
                canvas.mark(marked, taught)
                if torch.equal(before, marked):  # what is accepted is what is proposed: no news to the instant proposal
                    continue
                self._drawn_at[index] = _middle(before != marked)
                if not _only_more(before, marked):
                    self._taken_back.add(index)
                if not canvas.is_marked:
                    self._trust.forget(index)
                self._changed = [index, *(other for other in self._changed if other != index)]
                self._knows_all = False

    def _known(self, plane: Plane) -> tuple[Tensor, Tensor]:
        """Return what is drawn on a plane, and with it what a network learns from: (H, W) class indices."""
        drawn = class_indices(plane)
        taught = with_accepted(drawn, plane, self._drawn_classes)
        return torch.from_numpy(drawn).to(self.device), torch.from_numpy(taught).to(self.device)

    def instant_beliefs(self) -> Iterator[int]:
        """Let the instant classifier learn from the scribbles; yield each plane whose belief it has updated.

        A large plane is yielded several times: first when the surroundings of the newest scribbles have been read.
        The first time these are all planes. Later they are those that were drawn on, at once; the others are updated
        when it is their turn, so that a long stack does not keep the training waiting. Scribbles that come meanwhile
        are taken up before the next plane, or piece of one.
        """
        if not self.params.instant:
            self._changed.clear()
        while self.params.instant and (self._changed or self._unshown):
            if not self._knows_all:
                self._learn_instantly()
            index = (self._changed or self._unshown).pop(0)
            self._unshown = [other for other in self._unshown if other != index]
            for _ in self._update_instant(index, PIECES_EVERY):
                yield index
                if not self._knows_all:
                    break
            if index in self._outdated and index not in self._changed:
                self._changed.append(index)

    def _learn_instantly(self) -> None:
        """Learn from all scribbles, and rehearse what was believed when the newest were drawn.

        Where some were taken back, what was believed since they were drawn is forgotten.
        """
        marks = [canvas.marked.numpy(force=True) if canvas.is_marked else None for canvas in self.canvases]
        for index, canvas in enumerate(self.canvases):
            if canvas.is_marked and canvas.belief is not None and index not in self._taken_back:
                self._seen[index] = canvas.belief.numpy(force=True)
        self._taken_back.clear()
        self._classifier = InstantClassifier(self._images, marks, self.classes, self.params.seed, beliefs=self._seen)
        self._outdated = set(range(len(self.canvases)))
        self._knows_all = True

    def _update_instant(self, index: int, every: float = math.inf) -> Iterator[None]:
        """Ask the instant classifier and the guide again, and let the network's belief follow what has changed.

        So new scribbles show at once, and what was learned stays. Of a large plane only what was read has changed, each
        time that this yields, until it is all: at first, and then `every` seconds, or as rarely as looks take time.
        """
        assert self._classifier is not None  # nothing is outdated before there is one
        canvas = self.canvases[index]
        instant, network, belief = self._instant.get(index), self._network.get(index), canvas.belief
        reading = Reading(self._classifier, self._guide, self._images[index], canvas, self._drawn_at[index])
        unshown: list[Window] = []
        pause = Clock(every, first=0.0 if math.isfinite(every) else math.inf)
        while not reading.finished:
            unshown.append(reading.read_piece())
            if not reading.finished and not pause.due():
                continue
            now = self._instant[index] = reading.over(instant)
            if network is not None and instant is not None:
                self._network[index] = _moved(network, instant, now)
            mixed = self._mix(index)
            if reading.finished:
                self._outdated.discard(index)
                self._unread.discard(index)
                self._pieces.pop(index, None)
            else:
                canvas.belief = belief = mixed if belief is None else patched(belief, mixed, unshown)
                self._pieces[index], unshown = unshown, []
                self._shown.setdefault(index, np.zeros(canvas.marked.shape, np.int32))
            yield
            pause.done()

    def next_turn(self) -> list[int]:
        """Return the planes to train on and predict next: all with scribbles, and as many of the others in turn."""
        marked = [index for index in self.marked_first if self.canvases[index].is_marked]
        others = [index for index in self.marked_first if not self.canvases[index].is_marked]
        turn = [others[(self._turn + i) % len(others)] for i in range(min(len(marked), len(others)))]
        self._turn += len(turn)
        return marked + turn

    def believe(self, index: int, prediction: Tensor) -> None:
        """Let a prediction (classes, H, W) of the network enter the average of a plane."""
        if index in self._outdated:
            for _ in self._update_instant(index):
                pass
        average_so_far = self._network.get(index)
        if average_so_far is not None and len(average_so_far) != len(prediction):
            average_so_far = None  # there are more classes than before
        self._network[index] = average(average_so_far, prediction, self.params.ensemble_weight)
        self._mix(index)

    def look_first(self, index: int, prediction: Tensor) -> None:
        """Take in what a trained network predicts of a plane before it has learned from the scribbles."""
        self._first_look[index] = prediction
        self.believe(index, prediction)

    def _mix(self, index: int) -> Tensor:
        """Weigh instant proposal and network; return their mean, which is shown, and learned from where it is sure."""
        self._sure.pop(index, None)
        instant, network = self._instant.get(index), self._network.get(index)
        canvas = self.canvases[index]
        if instant is None or network is None or len(instant) != len(network):
            only = network if instant is None else instant
            assert only is not None  # there is nothing to mix before there is one
            canvas.belief = only
            return only
        first_look = self._first_look.get(index)
        if canvas.is_marked:
            at_first = 0.0 if first_look is None else agreement(first_look, canvas.marked)
            self._trust.note(index, agreement(network, canvas.marked), at_first)
        if first_look is not None:
            self._credit[index] = self._trust.credit(difference_of(instant, first_look))
        vote = self._trust.vote(difference_of(instant, network))
        canvas.belief = instant.lerp(network, vote / (1 + vote))
        return canvas.belief

    def credit(self) -> float:
        """Return how far the network's first look is believed, over all planes that it has seen; 0 if there is none."""
        return float(np.mean(list(self._credit.values()))) if self._credit else 0.0

    def confident_share(self) -> float:
        """Return the share of pixels above the threshold, over all planes with a belief."""
        for index, canvas in enumerate(self.canvases):
            if canvas.belief is not None and index not in self._sure:
                self._sure[index] = (canvas.belief.amax(dim=0) > self.params.threshold).float().mean().item()
        return float(np.mean([self._sure[index] for index in sorted(self._sure)])) if self._sure else 0.0

    def news(self) -> str:
        """Return what a person should know of the proposals, each sentence once; "" if there is nothing new."""
        news, self._news = self._news, ""
        return news

    def proposal(self, index: int) -> Proposal:
        """Return what is believed of a plane as plain numpy; where somebody has drawn, the drawing is right."""
        canvas = self.canvases[index]
        assert canvas.belief is not None  # planes are shown when something is believed of them
        belief = canvas.belief.numpy(force=True)
        marked = canvas.marked.numpy(force=True)
        windows = self._pieces.pop(index, None)
        before = None if windows is None else (self._shown[index], windows)
        classes, confidence = belief.argmax(axis=0).astype(np.uint8), belief.max(axis=0)
        found = np.count_nonzero(classes)
        self._look_at_drawn(index, classes > 0, marked)
        proposal = make_proposal(classes, confidence, self.params_of_objects, marked, before)
        if np.count_nonzero(proposal.labels) * 2 < found and self._keep_smaller():
            proposal = make_proposal(classes, confidence, self.params_of_objects, marked, before)
        if not self._warned and np.count_nonzero(proposal.labels) * 2 < found:
            self._warned = True
            self._news = _TOO_SMALL.format(self.params_of_objects.minimum_size)
        if index in self._shown:
            self._shown[index] = proposal.labels.copy()
        return replace(proposal, partial=windows is not None and index in self._unread)

    def _look_at_drawn(self, index: int, found: NDArray[np.bool_], marked: NDArray[np.integer]) -> None:
        """See how large the objects of a plane are that have a stroke; (Y, X) each."""
        strokes = marked > 0
        if strokes.any():
            self._smallest.note(index, (found & (marked != 0)) | strokes, strokes)
        else:
            self._smallest.forget(index)

    def _keep_smaller(self) -> bool:
        """Keep smaller objects from now on if such were drawn on; return whether that is new."""
        if self._lowered or self._smallest.pixels >= self.params.minimum_size:
            return False
        self._lowered = True
        self._news = _SMALLER.format(self._smallest.pixels)
        return True


def _middle(chosen: Tensor) -> tuple[int, int]:
    """Return the chosen pixel (H, W) nearest to the median of all; that of the plane's middle if there is none."""
    return middle_of(chosen.nonzero().numpy(force=True), (chosen.shape[0], chosen.shape[1]))


def _only_more(before: Tensor, now: Tensor) -> bool:
    """Return whether all that was drawn (H, W) is drawn still, and as it was."""
    return bool((now == before)[before >= 0].all())


def _moved(belief: Tensor, before: Tensor, now: Tensor) -> Tensor:
    if not len(belief) == len(before) == len(now):
        return belief
    moved = (belief + now - before).clamp(0, 1)
    return moved / moved.sum(dim=0, keepdim=True).clamp(min=1e-6)


def make_proposal(
    classes: NDArray[np.uint8],
    confidence: NDArray[np.float32],
    params: Scribble2LabelParams,
    marked: NDArray[np.integer] | None = None,
    before: tuple[NDArray[np.int32], Sequence[Window]] | None = None,
) -> Proposal:
    """Turn the likeliest classes (Y, X), which it changes, and their probabilities into a proposal with objects.

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
