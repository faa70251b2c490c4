"""A run that learns nothing: it tells what a computer has to train on, and so that it can."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.annotations import Plane, Scribbles, Task
from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.methods.table import Method
from napari_labelfix.params import Params
from napari_labelfix.snapshots import Proposal, Snapshot
from napari_labelfix.trainer.trainer import Trainer

if TYPE_CHECKING:
    from napari_labelfix.params import Device
    from napari_labelfix.snapshots import Training
    from napari_labelfix.trainer.computers import Computer
    from napari_labelfix.trainer.runs import Run

_METHOD = Method("trial", "Trial", "Learns nothing.", "", Params, Scribbles, Proposal, __name__)
_PIXEL = np.zeros((1, 1), np.uint8)


def start_trial(computer: Computer, device: Device = "auto") -> Run:
    """Start the trial on a computer; the message of its one snapshot is what that computes on, such as "NVIDIA H200".

    Raises
    ------
    TrainingError
        If it cannot be started.
    """
    task = Task((Plane("", _PIXEL, Scribbles(_PIXEL)),))
    return Trainer([], computer).start(_METHOD, task, Params(device=device))


def train(_task: Task, params: Params) -> Training:
    """Import what trains, and tell the device."""
    from napari_labelfix.networks.device import choose_device, device_name

    yield Snapshot("trial", 1, 1, message=device_name(choose_device(params.device)))
    return TrainedModel(_METHOD.name, params.to_dict(), {}, b"")
