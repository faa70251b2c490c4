"""A trained model and a plane, made ready for each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_labelfix.data.normalize import normalize
from napari_labelfix.errors import ModelError
from napari_labelfix.networks.device import choose_device, on_device
from napari_labelfix.networks.unet import load_unet

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from napari_labelfix.methods.checkpoint import TrainedModel
    from napari_labelfix.networks.unet import UnetSpec


def load_for(
    image: NDArray[np.generic], model: TrainedModel, spec: UnetSpec, device: str, beside: int = 0
) -> tuple[nn.Module, Tensor]:
    """Load a model's network for a plane; return it and the plane, normalised, on the device.

    Parameters
    ----------
    image
        (Y, X) or (Y, X, C).
    model, spec
        The model, and the network that its weights are of.
    device
        Where to compute.
    beside
        Channels of the network that are no channels of the image.

    Returns
    -------
    network, plane
        (C, H, W) float32.

    Raises
    ------
    ModelError
        If the image has another number of channels, or the weights are damaged.
    """
    pixels = normalize(image)
    channels = spec.channels - beside
    if pixels.shape[2] != channels:
        raise ModelError(f"The model was trained on {channels} channels, but the image has {pixels.shape[2]}.")
    where = choose_device(device)
    network = on_device(load_unet(spec, model.weights), where)
    return network, torch.from_numpy(pixels).permute(2, 0, 1).to(where)
