"""SISSI: a detector from boxes that are partly missing and imprecise.

Elbatel, Bornberg, Kattel, Almar, Marrocco, Bria, "Seamless Iterative Semi-Supervised Correction of Imperfect Labels in
Microscopy Images", DART at MICCAI 2022. A Faster R-CNN learns half from good boxes of other cells; when it begins to
learn the mistakes in the given boxes (ADELE), it corrects them before each further epoch, and learns from images in
which there is nothing else than what it has found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_labelfix.methods.foreground import see_foreground
from napari_labelfix.methods.prediction import described, load_network, params_of
from napari_labelfix.methods.sissi.pages import NO_BOXES, page_image, scale_of
from napari_labelfix.methods.sissi.params import SissiParams
from napari_labelfix.methods.sissi.proposals import boxes_told
from napari_labelfix.methods.sissi.session import Session
from napari_labelfix.methods.sissi.views import find
from napari_labelfix.methods.telling import tell_and_listen
from napari_labelfix.networks.faster_rcnn import SIZES, load_detector

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_labelfix.annotations import Task
    from napari_labelfix.methods.checkpoint import TrainedModel
    from napari_labelfix.snapshots import FoundBoxes, Training


def train(task: Task, params: SissiParams) -> Training:
    """Find the cells of a task from boxes on some of them.

    Raises
    ------
    InputError
        Before the first snapshot, if the task cannot be learned from, or not from the chosen start.
    """
    torch.manual_seed(params.seed)
    session = Session(task, params)
    return (yield from tell_and_listen(session.story(), task, session.annotate))


def predict(model: TrainedModel, image: NDArray[np.generic], device: str = "auto") -> FoundBoxes:
    """Apply a trained model to one plane; cells have about the size of those that it was trained on.

    Parameters
    ----------
    model
        What `train` returned.
    image
        (Y, X) or (Y, X, C) with as many channels as the model has seen.
    device
        Where to compute.

    Raises
    ------
    ModelError
        If the image has another number of channels, or the description or the weights are damaged.
    """
    params = params_of(model, SissiParams)
    spec, (cell,) = described(model, "cell")
    network, where = load_network(image, model, spec, device, load=load_detector)
    scale = scale_of(cell, SIZES[spec.encoder])
    page = page_image(image, scale, where)
    found = find(network, page, params.lowest_score, thorough=True, cell=SIZES[spec.encoder])
    foreground = see_foreground(page) if params.masks == "foreground" else None
    return boxes_told(found, NO_BOXES, scale, (image.shape[0], image.shape[1]), foreground)
