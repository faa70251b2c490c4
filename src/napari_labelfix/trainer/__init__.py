"""Training in another process. The GUI's process never imports torch; the trainer's does nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_labelfix.trainer.local import LocalTrainer

if TYPE_CHECKING:
    from napari_labelfix.annotations import Task
    from napari_labelfix.methods.table import Method
    from napari_labelfix.params import Params
    from napari_labelfix.trainer.runs import Run

__all__ = ["LocalTrainer", "start"]


def start(method: Method, task: Task, params: Params) -> Run:
    """Start one training on this machine; returns at once.

    Raises
    ------
    TrainingError
        If no process can be started.
    """
    return LocalTrainer(preload=[]).start(method, task, params)
