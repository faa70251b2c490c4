"""Training in another process. The GUI's process never imports torch; the trainer's does nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_labelfix.trainer.trainer import Trainer

if TYPE_CHECKING:
    from napari_labelfix.annotations import Task
    from napari_labelfix.methods.table import Method
    from napari_labelfix.params import Params
    from napari_labelfix.trainer.computers import Computer
    from napari_labelfix.trainer.runs import Run

__all__ = ["Trainer", "start"]


def start(method: Method, task: Task, params: Params, computer: Computer | None = None) -> Run:
    """Start one training, on this computer or another one; returns at once.

    Raises
    ------
    TrainingError
        If no process can be started.
    """
    return Trainer(preload=[], computer=computer).start(method, task, params)
