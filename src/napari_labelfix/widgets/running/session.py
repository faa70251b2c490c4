"""A run as the dock sees it: Qt signals instead of polling, errors as sentences."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from napari_labelfix.errors import LabelfixError
from napari_labelfix.snapshots import PAUSE, Detections, FoundBoxes, Proposal, Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_labelfix.annotations import Task
    from napari_labelfix.methods.checkpoint import TrainedModel
    from napari_labelfix.methods.table import Method
    from napari_labelfix.params import Device, Params
    from napari_labelfix.snapshots import Belief
    from napari_labelfix.trainer import Trainer
    from napari_labelfix.trainer.runs import Run

_POLL_MS = 50  # until the first snapshot has come
_REFRESH_MS = 750  # later: each look at the run makes the window paint, and somebody works in it
_LARGE = 2**20  # pixels of proposals: showing more of them at once holds the window up
_BOX = 2**12  # pixels that are shown in the time of one box, for which napari makes meshes


class Session(QObject):
    """Starts runs, one at a time, and tells what comes from them.

    To show large proposals takes long: they are held back for a while after the last ones, then the newest are told.
    The first ones of a run, the last ones, small ones and answers to strokes are told at once, and so is all else that
    a snapshot says.

    Parameters
    ----------
    trainer
        Where runs are started.
    parent
        The Qt parent.
    """

    started = Signal()
    snapshotsReceived = Signal(list)  # of Snapshot, oldest first
    ended = Signal(str)  # "finished", "stopped" or "failed"
    failed = Signal(str)  # the sentence; before `ended`

    def __init__(self, trainer: Trainer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.trainer = trainer
        self._run: Run | None = None
        self._training: Run | None = None  # the last that has learned something
        self._held: dict[int, Belief] = {}  # large proposals that were not told yet, by plane
        self._newest: Snapshot | None = None  # that was told
        self._due = 0.0  # when large proposals may be shown again
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._poll)

    @property
    def running(self) -> bool:
        """Whether a run is going on."""
        return self._timer.isActive()

    @property
    def learning(self) -> bool:
        """Whether a training is going on, which takes up what is drawn; a model that is applied does not."""
        return self.running and self._run is self._training

    @property
    def model(self) -> TrainedModel | None:
        """The best model of the last training."""
        return self._training.model if self._training is not None else None

    def warm_up(self) -> None:
        """Start the trainer's process ahead."""
        self.trainer.warm_up()

    def start(self, method: Method, task: Task, params: Params) -> None:
        """Start a training.

        Raises
        ------
        TrainingError
            If no process can be started.
        """
        self._training = self.trainer.start(method, task, params)
        self._follow(self._training)

    def apply(self, method: Method, model: TrainedModel, task: Task, device: Device) -> None:
        """Let a model tell what it says of the planes of a task, as a run does.

        Raises
        ------
        TrainingError
            If no process can be started.
        """
        self._follow(self.trainer.apply(method, model, task, device))

    def send(self, task: Task) -> None:
        """Hand new annotations to the training."""
        if self._run is not None and self.learning:
            self._run.send(task)

    def stop(self, *, listen: bool = False) -> None:
        """End the run; if somebody still listens, what has come from it is told first, and that may be its end."""
        if listen:
            self._poll(at_once=True)
        if self._run is not None and self.running:
            self._run.stop()
            self._end()

    def close(self) -> None:
        """End the run and the trainer."""
        self.stop()
        self.trainer.close()

    def _follow(self, run: Run) -> None:
        self._run = run
        self._held, self._newest, self._due = {}, None, 0.0
        self._timer.setInterval(_POLL_MS)
        self._timer.start()
        self.started.emit()

    def _poll(self, *, at_once: bool = False) -> None:
        run = self._run
        if run is None or not self.running:
            return
        try:
            snapshots = run.poll()
        except LabelfixError as error:
            self._tell([], at_once=True)
            self.failed.emit(str(error))
            snapshots = []
        if snapshots:
            self._timer.setInterval(_REFRESH_MS)
        self._tell(snapshots, at_once=at_once or run.state != "running")
        if run.state != "running" and self.running:
            self._end()

    def _tell(self, snapshots: Sequence[Snapshot], *, at_once: bool) -> None:
        """Tell snapshots; large proposals are held back if it is too early to show more, and told later, the newest."""
        at_once = at_once or any(snapshot.answers for snapshot in snapshots)
        newest = _newest_proposals(snapshots)
        if at_once or time.monotonic() >= self._due:
            told = [*self._let_go(), *snapshots]
        elif _size_of(newest) > _LARGE:
            self._held |= newest
            told = [replace(snapshot, proposals={}) for snapshot in snapshots]
        else:
            self._held = {plane: belief for plane, belief in self._held.items() if plane not in newest}
            told = list(snapshots)
        self._newest = told[-1] if told else self._newest
        if told:
            began = time.monotonic()
            self.snapshotsReceived.emit(told)  # whoever shows it does so now
            if _size_of(_newest_proposals(told)) > _LARGE:
                self._due = time.monotonic() + PAUSE * (time.monotonic() - began)

    def _let_go(self) -> list[Snapshot]:
        """Return what was held back, in a snapshot that says nothing again that was told before."""
        held, self._held = self._held, {}
        if not held or self._newest is None:
            return []
        return [Snapshot(self._newest.stage, self._newest.step, self._newest.total, proposals=held)]

    def _end(self) -> None:
        self._timer.stop()
        self._held = {}
        if self._run is not None:
            self.ended.emit(self._run.state)


def _size_of(proposals: Mapping[int, Belief]) -> int:
    """Return how much there is to show, in pixels."""
    return sum(map(_size_of_one, proposals.values()))


def _size_of_one(belief: Belief) -> int:
    match belief:
        case Proposal(labels=labels):
            return labels.size
        case Detections(heatmap=heatmap):
            return heatmap.size
        case FoundBoxes(corners=corners, labels=masks):
            return _BOX * len(corners) + (0 if masks is None else masks.size)


def _newest_proposals(snapshots: Sequence[Snapshot]) -> dict[int, Belief]:
    return {plane: belief for snapshot in snapshots for plane, belief in snapshot.proposals.items()}
