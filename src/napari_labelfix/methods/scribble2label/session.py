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
from napari_labelfix.methods.scribble2label.reading import Reading
from napari_labelfix.methods.scribble2label.reading_list import ReadingList
from napari_labelfix.methods.scribble2label.targets import count_classes
from napari_labelfix.methods.scribble2label.trust import Trust
from napari_labelfix.networks.device import choose_device
from napari_labelfix.networks.unet import NetworkSpec
from napari_labelfix.snapshots import Clock, Proposal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from napari_labelfix.annotations import Task
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
        self._to_read = ReadingList(self.marked_first if params.instant else [])
        self._guide = Guide(self.device) if params.instant and params.pretrained else None
        self._classifier: InstantClassifier | None = None
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
        return self._to_read.is_urgent

    @property
    def overdue(self) -> list[int]:
        """Indices of the planes that the network has not predicted, or not since other scribbles changed."""
        due = [plane.network is None or self._is_outdated(plane) for plane in self._planes]
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
                plane.know_classes(self.classes)
        for plane, drawn in zip(self._planes, task.planes, strict=True):
            if drawn_before == self._drawn_classes and plane.is_drawn_as(drawn):
                continue
            if plane.redraw(drawn, self._drawn_classes, self._trust) and self.params.instant:
                self._to_read.draw_on(plane.index)

    def instant_beliefs(self) -> Iterator[int]:
        """Let the instant classifier learn from the scribbles; yield each plane whose belief it has updated.

        A large plane is yielded several times: first when the surroundings of the newest scribbles have been read.
        The first time these are all planes. Later they are those that were drawn on, at once; the others are updated
        when it is their turn, so that a long stack does not keep the training waiting. Scribbles that come meanwhile
        are taken up before the next plane, or piece of one.
        """
        while self._to_read:
            if self._to_read.must_learn:
                self._learn_instantly()
            plane = self._planes[self._to_read.take()]
            for _ in self._read(plane, PIECES_EVERY):
                yield plane.index
                if self._to_read.must_learn:
                    break
            if not plane.instant.is_current:
                self._to_read.leave(plane.index)

    def _learn_instantly(self) -> None:
        """Learn from all scribbles, and rehearse what was believed when the newest were drawn."""
        for plane in self._planes:
            plane.expect_reading()
        self._classifier = InstantClassifier(
            [plane.image for plane in self._planes],
            [plane.canvas.marked.numpy(force=True) if plane.canvas.is_marked else None for plane in self._planes],
            self.classes,
            self.params.seed,
            beliefs={plane.index: plane.seen for plane in self._planes if plane.seen is not None},
        )
        self._to_read.learned()

    def _is_outdated(self, plane: DrawnPlane) -> bool:
        """Return whether the instant classifier, if there is one, has something new to say of a plane."""
        return self._classifier is not None and not plane.instant.is_current

    def _read(self, plane: DrawnPlane, every: float = math.inf) -> Iterator[None]:
        """Ask the instant classifier and the guide again.

        Of a large plane, each time that this yields, some pieces more are told: at first one, and then those of `every`
        seconds, or as rarely as looks take time.
        """
        assert self._classifier is not None  # nothing is outdated before there is one
        reading = Reading(self._classifier, self._guide, plane, self._trust)
        pause = Clock(every, first=0.0 if math.isfinite(every) else math.inf)
        while not reading.finished:
            reading.read_piece()
            if reading.finished or pause.due():
                reading.tell()
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
        if self._is_outdated(plane):
            for _ in self._read(plane):
                pass
        plane.hear(prediction, self.params.ensemble_weight)
        plane.believe(plane.mix(self._trust))

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
        proposal = self._proposer.propose(index, plane.canvas, plane.instant.pieces)
        return replace(proposal, partial=plane.instant.pieces is not None and not plane.instant.is_complete)


def _mean(values: Iterator[float | None]) -> float:
    """Return the mean of those that are known; 0 if none is."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else 0.0
