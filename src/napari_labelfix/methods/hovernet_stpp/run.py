"""HoVer-Net + ST++: learn objects from few labelled images and many without.

Xue, "Weakly Supervised Cell Instance Segmentation for Multi-Modality Microscopy", NeurIPS 2022 challenge: HoVer-Net
(Graham et al., Medical Image Analysis 2019) without its classes, trained by ST++ (Yang et al., CVPR 2022).
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_labelfix.methods.hovernet_stpp.instances import foreground_of, proposal_of
from napari_labelfix.methods.hovernet_stpp.params import HoverNetParams
from napari_labelfix.methods.hovernet_stpp.session import Session
from napari_labelfix.methods.prediction import described, logits_of, params_of
from napari_labelfix.methods.telling import tell_and_listen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_labelfix.annotations import Task
    from napari_labelfix.methods.checkpoint import TrainedModel
    from napari_labelfix.snapshots import Proposal, Training


def train(task: Task, params: HoverNetParams) -> Training:
    """Label the planes of a task that have no labels.

    Raises
    ------
    InputError
        Before the first snapshot, if the task cannot be learned from, or not from the chosen start.
    """
    torch.manual_seed(params.seed)
    session = Session(task, params)
    return (yield from tell_and_listen(session.story(), task, session.annotate))


def predict(model: TrainedModel, image: NDArray[np.generic], device: str = "auto") -> Proposal:
    """Apply a trained model to one plane.

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
    spec, _ = described(model)
    outputs = np.empty((spec.classes, *image.shape[:2]), np.float16)
    for tile, logits in logits_of(image, model, spec, device):
        outputs[:, *tile.keep] = logits.half().numpy(force=True)
    proposal = proposal_of(outputs, params_of(model, HoverNetParams))
    foreground = foreground_of(outputs)
    return dataclasses.replace(proposal, probabilities=np.stack([1 - foreground, foreground]).astype(np.float16))
