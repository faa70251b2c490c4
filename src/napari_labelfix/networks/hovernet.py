"""Networks that tell objects from the ground, and where in its object a pixel lies: HoVer-Net, and smaller ones.

All map (B, C, H, W) to (B, 4, H, W): logits of background and foreground, the horizontal and the vertical map.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from napari_labelfix.networks.monai_hovernet import HoverNet
from napari_labelfix.networks.unet import (
    BACKGROUND,
    DEPTH,
    FOREGROUND,
    HOVER,
    HOVERNET,
    NetworkSpec,
    Start,
    pick_outputs,
    start_unet,
)

if TYPE_CHECKING:
    from torch import nn

log = logging.getLogger(__name__)

_RESNET50 = "https://download.pytorch.org/models/resnet50-0676ba61.pth"  # on ImageNet, from torchvision


def start_hovernet(spec: NetworkSpec, pretrained: bool) -> Start:
    """Build the network that a training starts from.

    The compact one comes with weights inside the package. HoVer-Net itself and U-Nets with other encoders load ImageNet
    weights from a hub; where it cannot be reached they start from random weights, and the sentence says so.

    Parameters
    ----------
    spec
        Encoder "microscopy", "hovernet", or a name of segmentation-models-pytorch, with four outputs.
    pretrained
        Whether to look for weights.
    """
    if pretrained and spec.encoder == HOVERNET:
        return _on_imagenet(spec)
    return start_unet(spec, pretrained, range(HOVER.classes), HOVER)


def with_maps(network: nn.Module) -> nn.Module:
    """Return the shipped U-Net with outputs for the maps, which have everything to learn: they begin as the depth."""
    pick_outputs(network, [BACKGROUND, FOREGROUND, DEPTH, DEPTH])
    return network


def _on_imagenet(spec: NetworkSpec) -> Start:
    try:
        network = HoverNet(spec.channels, _RESNET50)
        return Start(network, "Started from ImageNet weights for HoVer-Net's ResNet-50.", all_trained=False)
    except Exception as error:
        log.warning("pretrained weights for HoVer-Net could not be loaded", exc_info=error)
        reason = type(error).__name__
        sentence = f"Pretrained weights for HoVer-Net could not be loaded ({reason}): training starts from scratch."
        return Start(HoverNet(spec.channels), sentence, all_trained=False)
