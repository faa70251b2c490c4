"""A run as the dock sees it: Qt signals instead of polling, errors as sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from napari_labelfix.errors import LabelfixError

if TYPE_CHECKING:
    from napari_labelfix.annotations import Task
    from napari_labelfix.methods.checkpoint import TrainedModel
    from napari_labelfix.methods.table import Method
    from napari_labelfix.params import Params
    from napari_labelfix.trainer import Trainer
    from napari_labelfix.trainer.runs import Run

_POLL_MS = 50  # until the first snapshot has come
_REFRESH_MS = 750  # later: each look at the run makes the window paint, and somebody works in it


class Session(QObject):
    """Starts runs, one at a time, and tells what comes from them.

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
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._poll)

    @property
    def running(self) -> bool:
        """Whether a run is going on."""
        return self._timer.isActive()

    @property
    def model(self) -> TrainedModel | None:
        """The best model of the last run."""
        return self._run.model if self._run is not None else None

    def warm_up(self) -> None:
        """Start the trainer's process ahead."""
        self.trainer.warm_up()

    def start(self, method: Method, task: Task, params: Params) -> None:
        """Start a run.

        Raises
        ------
        TrainingError
            If no process can be started.
        """
        self._run = self.trainer.start(method, task, params)
        self._timer.setInterval(_POLL_MS)
        self._timer.start()
        self.started.emit()

    def send(self, task: Task) -> None:
        """Hand new annotations to the run."""
        if self._run is not None and self.running:
            self._run.send(task)

    def stop(self, *, listen: bool = False) -> None:
        """End the run; if somebody still listens, what has come from it is told first, and that may be its end."""
        if listen:
            self._poll()
        if self._run is not None and self.running:
            self._run.stop()
            self._end()

    def close(self) -> None:
        """End the run and the trainer."""
        self.stop()
        self.trainer.close()

    def _poll(self) -> None:
        run = self._run
        if run is None or not self.running:
            return
        try:
            snapshots = run.poll()
        except LabelfixError as error:
            self.failed.emit(str(error))
            snapshots = []
        if snapshots:
            self._timer.setInterval(_REFRESH_MS)
            self.snapshotsReceived.emit(snapshots)
        if run.state != "running" and self.running:
            self._end()

    def _end(self) -> None:
        self._timer.stop()
        if self._run is not None:
            self.ended.emit(self._run.state)
