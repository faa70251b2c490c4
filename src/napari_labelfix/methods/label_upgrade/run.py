"""Label upgrade: learn to mend spoiled labels where they are right, and mend them where they are not.

Vadineanu et al., "Reducing Manual Annotation Costs for Cell Segmentation by Upgrading Low-Quality Annotations",
Journal of Imaging 2024 (chapter 3 of Vadineanu's thesis, Leiden 2025). The loop is the paper's algorithm 1; the
proposals begin with the labels as they were given, and labels that are mended meanwhile are taken up.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_labelfix.data.instances import split_instances
from napari_labelfix.methods.label_upgrade.params import LabelUpgradeParams
from napari_labelfix.methods.label_upgrade.session import Session
from napari_labelfix.methods.prediction import UNSURE, classify, described, params_of
from napari_labelfix.methods.telling import tell_and_listen
from napari_labelfix.snapshots import Proposal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_labelfix.annotations import Task
    from napari_labelfix.methods.checkpoint import TrainedModel
    from napari_labelfix.snapshots import Training


def train(task: Task, params: LabelUpgradeParams) -> Training:
    """Upgrade the labels of a task.

    Raises
    ------
    InputError
        Before the first snapshot, if the task cannot be learned from, or not from the chosen start.
    """
    torch.manual_seed(params.seed)
    session = Session(task, params)
    return (yield from tell_and_listen(session.story(), task, session.annotate))


def predict(model: TrainedModel, image: NDArray[np.generic], device: str = "auto") -> Proposal:
    """Apply a trained model to one plane for which there are no labels.

    A model of a run with `segmentation` needs none. The upgrade network is given empty labels: it has been trained on
    such, too, and mends what is missing, which is everything.

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
    params = params_of(model, LabelUpgradeParams)
    spec, (labelled,) = described(model, "labelled")
    found = classify(image, model, spec, device, beside=int(labelled))
    labels = split_instances(found.classes, params.parting, params.minimum_size)
    proposal = Proposal(labels, (labels > 0).astype(np.uint8), found.confidence, found.confidence < UNSURE)
    return dataclasses.replace(proposal, probabilities=found.probabilities)
