"""A trained model at work on images: nothing is learned. No torch here, but in what computes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_labelfix.data.gaps import beside_what_is_said, wide_gaps, without_gaps
from napari_labelfix.snapshots import Snapshot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_labelfix.annotations import Plane, Task
    from napari_labelfix.methods.checkpoint import TrainedModel
    from napari_labelfix.methods.table import Finish, MethodCode
    from napari_labelfix.snapshots import Belief, Training


def apply(code: MethodCode, model: TrainedModel, task: Task, device: str = "auto") -> Training:
    """Tell what a model says of the planes of a task, one after the other, as a run tells what it learns.

    Parameters
    ----------
    code
        That of the method that has trained the model.
    model
        The model, which is returned at the end.
    task
        Planes of any size, with as many channels as the model has seen. What is annotated is not looked at.
    device
        Where to compute.

    Raises
    ------
    ModelError
        If a plane has another number of channels, or the description or the weights are damaged.
    """
    total = len(task.planes)
    for number, plane in enumerate(task.planes):
        yield Snapshot("predicting", number + 1, total, proposals={number: believe(code, model, plane.image, device)})
    return model


def believe(code: MethodCode, model: TrainedModel, image: NDArray[np.generic], device: str = "auto") -> Belief:
    """Return what a model says of a plane (Y, X) or (Y, X, C), but for where the plane has no numbers."""
    return without_gaps(code.predict(model, image, device), wide_gaps(image))


def believe_beside(finish: Finish, model: TrainedModel, plane: Plane, device: str = "auto") -> Belief:
    """Return what a model says of a plane with its annotation, as a run does at its end."""
    return without_gaps(finish(model, plane, device), beside_what_is_said(wide_gaps(plane.image), plane.annotation))
