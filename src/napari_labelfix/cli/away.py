"""`run --on`: the training is on another computer, the files are here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from napari_labelfix.trainer import start
from napari_labelfix.trainer.trial import start_trial

if TYPE_CHECKING:
    from napari_labelfix.annotations import Task
    from napari_labelfix.methods.checkpoint import TrainedModel
    from napari_labelfix.methods.table import Method
    from napari_labelfix.params import Device, Params
    from napari_labelfix.snapshots import Belief, Training
    from napari_labelfix.trainer.computers import Computer


def device_of(computer: Computer, wanted: Device) -> str:
    """Return what a computer trains on, such as "NVIDIA H200"; that shows that it can, before anything is sent.

    Raises
    ------
    TrainingError
        If it cannot be reached, cannot train, or has no device of that name.
    """
    return "".join(snapshot.message for snapshot in start_trial(computer, wanted).snapshots())


@dataclass(frozen=True)
class CodeAway:
    """The code of a method, of which the training is on another computer."""

    method: Method
    computer: Computer

    def train(self, task: Task, params: Params) -> Training:
        """Yield what the training there tells, as if it were here; it ends when this is closed."""
        run = start(self.method, task, params, self.computer)
        try:
            yield from run.snapshots()
        finally:
            run.stop()
        return cast("TrainedModel", run.model)  # it has finished, or an error was raised

    def predict(self, model: TrainedModel, image: Any, device: str = "auto") -> Belief:
        """Apply a model here, where the device may be another one."""
        return self.method.load().predict(model, image)
