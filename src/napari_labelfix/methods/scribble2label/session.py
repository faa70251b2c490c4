"""The state of a run between its steps: its planes, who is heard on them, and which of them are to be looked at."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.data.normalize import normalize
from napari_labelfix.methods.scribble2label.drawn_plane import DrawnPlane
from napari_labelfix.methods.scribble2label.guide import Guide
from napari_labelfix.methods.scribble2label.instant import InstantClassifier
from napari_labelfix.methods.scribble2label.proposer import Proposer
from napari_labelfix.methods.scribble2label.reading import Reading, patched
from napari_labelfix.methods.scribble2label.targets import count_classes
from napari_labelfix.methods.scribble2label.trust import Trust
from napari_labelfix.networks.device import choose_device
from napari_labelfix.networks.unet import NetworkSpec
from napari_labelfix.snapshots import Clock, Proposal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from napari_labelfix.annotations import Task
    from napari_labelfix.data.tiles import Window
    from napari_labelfix.methods.scribble2label.canvas import Canvas
    from napari_labelfix.methods.scribble2label.params import Scribble2LabelParams

PIECES_EVERY = 1.0  # seconds, at least, between two looks at a large plane that is read piece by piece


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
        self._planes = [
            DrawnPlane(index, plane, normalize(plane.image), self.classes, self.device)
            for index, plane in enumerate(task.planes)
        ]
        self._changed: list[int] = []  # planes that were drawn on and not shown since, the newest first
        self._unshown = self.marked_first  # planes for which there is no instant proposal yet
        self._guide = Guide(self.device) if params.instant and params.pretrained else None
        self._classifier: InstantClassifier | None = None
        self._knows_all = False  # whether the classifier has learned from the newest scribbles
        self._trust = Trust()
        self._proposer = Proposer(params)
        self._turn = 0

    @property
    def canvases(self) -> list[Canvas]:
        """What is drawn on the planes and believed of them, on the device."""
        return [plane.canvas for plane in self._planes]

    @property
    def channels(self) -> int:
        """Channels of every image."""
        return int(self._planes[0].image.shape[2])

    @property
    def spec(self) -> NetworkSpec:
        """The network that the task needs."""
        return NetworkSpec(self.params.encoder, self.channels, self.classes)

    @property
    def marked_first(self) -> list[int]:
        """Indices of the planes, those with scribbles before the others."""
        return sorted(range(len(self._planes)), key=lambda index: not self._planes[index].canvas.is_marked)

    @property
    def redrawn(self) -> bool:
        """Whether there are new scribbles that have not been shown."""
        return bool(self._changed)

    @property
    def overdue(self) -> list[int]:
        """Indices of the planes that the network has not predicted, or not since other scribbles changed."""
        due = [plane.network is None or plane.outdated for plane in self._planes]
        return [index for index in self.marked_first if due[index]]

    @property
    def params_of_objects(self) -> Scribble2LabelParams:
        """The run's parameters, with a smaller smallest object if what is drawn asks for it."""
        return self._proposer.params

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
            for plane in self._planes:
                plane.first_look = None  # it knows nothing of the new ones
                plane.canvas.classes = self.classes
        for plane, drawn in zip(self._planes, task.planes, strict=True):
            if drawn_before == self._drawn_classes and plane.is_drawn_as(drawn):
                continue
            if plane.redraw(drawn, self._drawn_classes, self._trust):
                self._changed = [plane.index, *(other for other in self._changed if other != plane.index)]
                self._knows_all = False

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
            plane = self._planes[index]
            for _ in self._read(plane, PIECES_EVERY):
                yield index
                if not self._knows_all:
                    break
            if plane.outdated and index not in self._changed:
                self._changed.append(index)

    def _learn_instantly(self) -> None:
        """Learn from all scribbles, and rehearse what was believed when the newest were drawn."""
        for plane in self._planes:
            plane.remember()
            plane.outdated = True
        self._classifier = InstantClassifier(
            [plane.image for plane in self._planes],
            [plane.canvas.marked.numpy(force=True) if plane.canvas.is_marked else None for plane in self._planes],
            self.classes,
            self.params.seed,
            beliefs={plane.index: plane.seen for plane in self._planes if plane.seen is not None},
        )
        self._knows_all = True

    def _read(self, plane: DrawnPlane, every: float = math.inf) -> Iterator[None]:
        """Ask the instant classifier and the guide again, and let the network's belief follow what has changed.

        So new scribbles show at once, and what was learned stays. Of a large plane only what was read has changed, each
        time that this yields, until it is all: at first, and then `every` seconds, or as rarely as looks take time.
        """
        assert self._classifier is not None  # nothing is outdated before there is one
        instant, network, belief = plane.instant, plane.network, plane.canvas.belief
        reading = Reading(self._classifier, self._guide, plane, self._trust)
        unshown: list[Window] = []
        pause = Clock(every, first=0.0 if math.isfinite(every) else math.inf)
        while not reading.finished:
            unshown.append(reading.read_piece())
            if not reading.finished and not pause.due():
                continue
            plane.instant = reading.over(instant)
            if network is not None and instant is not None:
                plane.network = _moved(network, instant, plane.instant)
            mixed = plane.mix(self._trust)
            if reading.finished:
                plane.outdated = plane.unread = False
                plane.pieces, plane.held_back = None, reading.held_back
            else:
                plane.canvas.belief = belief = mixed if belief is None else patched(belief, mixed, unshown)
                plane.pieces, unshown = unshown, []
            yield
            pause.done()

    def next_turn(self) -> list[int]:
        """Return the planes to train on and predict next: all with scribbles, and as many of the others in turn."""
        marked = [plane.index for plane in self._planes if plane.canvas.is_marked]
        others = [plane.index for plane in self._planes if not plane.canvas.is_marked]
        turn = [others[(self._turn + i) % len(others)] for i in range(min(len(marked), len(others)))]
        self._turn += len(turn)
        return marked + turn

    def believe(self, index: int, prediction: Tensor) -> None:
        """Let a prediction (classes, H, W) of the network enter the average of a plane."""
        plane = self._planes[index]
        if plane.outdated:
            for _ in self._read(plane):
                pass
        plane.hear(prediction, self.params.ensemble_weight)
        plane.mix(self._trust)

    def look_first(self, index: int, prediction: Tensor) -> None:
        """Take in what a trained network predicts of a plane before it has learned from the scribbles."""
        self._planes[index].look_first(prediction, self._trust)
        self.believe(index, prediction)

    def credit(self) -> float:
        """Return how far the network's first look is believed, over all planes that it has seen; 0 if there is none."""
        return _mean(plane.credit for plane in self._planes)

    def confident_share(self) -> float:
        """Return the share of pixels above the threshold, over all planes with a belief."""
        return _mean(plane.sure(self.params.threshold) for plane in self._planes)

    def news(self) -> str:
        """Return what a person should know of the proposals, each sentence once; "" if there is nothing new."""
        return self._proposer.news()

    def proposal(self, index: int) -> Proposal:
        """Return what is believed of a plane as plain numpy; where somebody has drawn, the drawing is right."""
        plane = self._planes[index]
        pieces, plane.pieces = plane.pieces, None
        proposal = self._proposer.propose(index, plane.canvas, pieces)
        return replace(proposal, partial=pieces is not None and plane.unread)


def _mean(values: Iterator[float | None]) -> float:
    """Return the mean of those that are known; 0 if none is."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else 0.0


def _moved(belief: Tensor, before: Tensor, now: Tensor) -> Tensor:
    """Return a belief (classes, H, W) that has moved as another one did, from before to now."""
    if not len(belief) == len(before) == len(now):
        return belief
    moved = (belief + now - before).clamp(0, 1)
    return moved / moved.sum(dim=0, keepdim=True).clamp(min=1e-6)
