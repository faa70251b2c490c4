"""Training in another process, of this computer or another one."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from napari_labelfix.errors import InputError, TrainingError
from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.methods.table import METHODS
from napari_labelfix.params import folder_said
from napari_labelfix.trainer.messages import Annotate, Apply, Failed, Finished, Progress, Start
from napari_labelfix.trainer.process import TrainerProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari_labelfix.annotations import Task
    from napari_labelfix.methods.table import Method
    from napari_labelfix.params import Device, Params
    from napari_labelfix.snapshots import Snapshot
    from napari_labelfix.trainer.computers import Computer
    from napari_labelfix.trainer.messages import Message
    from napari_labelfix.trainer.runs import RunState

logger = logging.getLogger(__name__)


class Trainer:
    """Starts trainings, each in a process of its own, and keeps the next process warm.

    A process serves one run: whatever a run did to it, its memory on the graphics card included, goes with it.

    Parameters
    ----------
    preload
        Dotted names of the modules that a waiting process imports; by default the code of all methods.
    computer
        The other computer that trains; None is this one.
    """

    def __init__(self, preload: Sequence[str] | None = None, computer: Computer | None = None) -> None:
        self._preload = [method.code for method in METHODS.values()] if preload is None else list(preload)
        self._computer = computer
        self._keeps_warm = False
        self._warm: TrainerProcess | None = None
        self._runs: list[TrainerRun] = []

    @property
    def ready(self) -> bool:
        """Whether a process waits that has imported everything."""
        return self._warm is not None and self._warm.alive and self._warm.ready.is_set()

    @property
    def computer(self) -> Computer | None:
        """The other computer on which the next run trains; None is this one."""
        return self._computer

    def move_to(self, computer: Computer | None) -> None:
        """Let the next runs train on another computer, or on this one again; those that run stay where they are."""
        if computer == self._computer:
            return
        self._computer = computer
        if self._warm is not None:
            self._warm.kill()
            self._warm = None
        if self._keeps_warm:
            self.warm_up()

    def warm_up(self) -> None:
        """Start a process ahead, now and after each run, so that `start` need not wait for torch; returns at once."""
        self._keeps_warm = True
        if self._warm is None or not self._warm.alive:
            with suppress(TrainingError):  # `start` says it, when somebody wants to know
                self._warm = TrainerProcess(self._preload, self._computer)

    def start(self, method: Method, task: Task, params: Params) -> TrainerRun:
        """Start a training; returns at once. What `Run.send` says of arrays holds for the task too.

        Raises
        ------
        TrainingError
            If no process can be started.
        ModelError
            If the model to start from cannot be read; told here only where another computer is to start from it.
        """
        away = self._computer is not None and params.start_from
        model = TrainedModel.load(folder_said(params.start_from)) if away else None
        return self._begin(Start(method, task, params, model), task)

    def apply(self, method: Method, model: TrainedModel, task: Task, device: Device = "auto") -> TrainerRun:
        """Let a model of a method tell what it says of the planes of a task, without training; returns at once.

        Raises
        ------
        TrainingError
            If no process can be started.
        """
        return self._begin(Apply(method, model, task, device), task)

    def close(self) -> None:
        """End everything that still runs."""
        self._keeps_warm = False
        for run in list(self._runs):
            run.stop()
        if self._warm is not None:
            self._warm.kill()

    def _begin(self, order: Message, task: Task) -> TrainerRun:
        warm, self._warm = self._warm, None
        process = warm if warm is not None and warm.alive else TrainerProcess(self._preload, self._computer)
        process.send(order)
        run = TrainerRun(process, task, self._run_ended)
        self._runs.append(run)
        return run

    def _run_ended(self, run: TrainerRun) -> None:
        self._runs.remove(run)
        if self._keeps_warm:
            self.warm_up()


class TrainerRun:
    """A training in another process; see `Run`."""

    def __init__(self, process: TrainerProcess, task: Task, on_end: Callable[[TrainerRun], None]) -> None:
        self.model: TrainedModel | None = None
        self.state: RunState = "running"
        self._process = process
        self._shapes = [plane.shape for plane in task.planes]
        self._annotations = [plane.annotation for plane in task.planes]
        self._on_end = on_end
        self._failure: Failed | None = None  # the first, which waits while the snapshots before it are told

    @property
    def pid(self) -> int:
        """The process, for those who look after it."""
        return self._process.pid

    def poll(self) -> list[Snapshot]:
        """Return what has come since the last call; see `Run.poll`."""
        return self._take_in() if self.state == "running" else []

    def snapshots(self) -> Iterator[Snapshot]:
        """Yield what comes until the run ends; see `Run.snapshots`."""
        while self.state == "running":
            if self._failure is None:
                self._process.inbox.wait()
            yield from self.poll()

    def send(self, task: Task) -> None:
        """Hand in new annotations; see `Run.send`."""
        shapes = [plane.shape for plane in task.planes]
        if shapes != self._shapes:
            raise InputError(
                f"Expected annotations for the run's {len(self._shapes)} planes, but got other planes. "
                "Stop the run and start it again to change the images."
            )
        now = [plane.annotation for plane in task.planes]
        pairs = enumerate(zip(self._annotations, now, strict=True))
        changed = {index: newer for index, (older, newer) in pairs if newer is not older}
        self._annotations = now
        if changed:
            self._process.send(Annotate(changed))

    def stop(self) -> None:
        """End the run; see `Run.stop`.

        The process is killed, not asked: it may be deep in a computation or still importing, and what it knows has
        come with its last snapshot.
        """
        if self.state == "running":
            for message in self._process.inbox.take():
                self._keep_model(message)
            self._end("stopped")

    def _take_in(self) -> list[Snapshot]:
        snapshots: list[Snapshot] = []
        waiting = [] if self._failure is None else [self._failure]
        for message in [*waiting, *self._process.inbox.take()]:
            self._keep_model(message)
            match message:
                case Progress(snapshot):
                    snapshots.append(snapshot)
                case Finished():
                    self._end("finished")
                    break
                case Failed() if snapshots:
                    self._failure = message
                    break
                case Failed(error):
                    logger.info("%s\n%s", error.reason, error.details)
                    self._end("failed")
                    raise error
        return snapshots

    def _keep_model(self, message: Message) -> None:
        match message:
            case Progress(snapshot):
                self.model = snapshot.model or self.model
            case Finished(model):
                self.model = model

    def _end(self, state: RunState) -> None:
        self.state = state
        self._process.kill()
        self._on_end(self)
