"""Where the shipped weights see cells: in which methods that find cells without outlines grow masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_labelfix.data.patches import predict_probabilities
from napari_labelfix.networks.device import on_device
from napari_labelfix.networks.unet import FOREGROUND, SHIPPED, NetworkSpec, pretrained_unet

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor


def see_foreground(image: Tensor) -> NDArray[np.float32]:
    """Return (Y, X) the probability of a cell in a plane (C, H, W), as the shipped weights see it."""
    spec = NetworkSpec(SHIPPED.encoder, int(image.shape[0]), classes=2)
    network = on_device(pretrained_unet(spec).network, image.device)
    probability: NDArray[np.float32] = predict_probabilities(network, image)[FOREGROUND].numpy(force=True)
    return probability
