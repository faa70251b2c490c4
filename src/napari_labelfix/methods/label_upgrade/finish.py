"""A model of a run at work on labels that the run has not come to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_labelfix.data.patches import predict_probabilities
from napari_labelfix.methods.label_upgrade.pages import Picture, make_page
from napari_labelfix.methods.label_upgrade.params import LabelUpgradeParams
from napari_labelfix.methods.label_upgrade.upgrading import upgrade_page
from napari_labelfix.methods.prediction import described, load_network, params_of

if TYPE_CHECKING:
    from torch import Tensor

    from napari_labelfix.annotations import Plane
    from napari_labelfix.methods.checkpoint import TrainedModel
    from napari_labelfix.snapshots import Proposal


def finish(model: TrainedModel, plane: Plane, device: str = "auto") -> Proposal:
    """Return the upgraded labels of a plane, as a run does at its end; where they are right they stay.

    Parameters
    ----------
    model
        What `train` returned, or told on the way.
    plane
        As many channels as the model has seen; without labels all objects are missing.
    device
        Where to compute.

    Raises
    ------
    ModelError
        If the image has another number of channels, or the description or the weights are damaged.
    """
    params = params_of(model, LabelUpgradeParams)
    spec, (labelled,) = described(model, "labelled")
    network, where = load_network(plane.image, model, spec, device, beside=int(labelled))

    def found(image: Tensor, given: Tensor) -> Tensor:
        return predict_probabilities(network, torch.cat([image, given]) if labelled else image)

    return upgrade_page(make_page(plane, Picture.of(plane, where), params.seed), found, params)
