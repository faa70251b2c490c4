"""The U-Net of every method: by the encoder's name, pretrained where the weights can be had."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import segmentation_models_pytorch as smp
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import nn

from napari_labelfix.data.memory import is_out_of_memory
from napari_labelfix.errors import InputError, ModelError, reason_of
from napari_labelfix.networks import microscopy_encoder
from napari_labelfix.networks.shipped import shipped_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class NetworkSpec:
    """What it takes to build a network again, a U-Net or another one; plain values, kept beside the weights."""

    encoder: str
    channels: int
    classes: int


HOVERNET = "hovernet"  # not a U-Net: what stands in the place of an encoder's name for MONAI's HoVer-Net
BACKGROUND, FOREGROUND, DEPTH = range(3)  # outputs of the shipped weights; depth is 0 on an outline, 1 deepest inside
SHIPPED = NetworkSpec(microscopy_encoder.NAME, channels=3, classes=3)
HOVER = NetworkSpec(microscopy_encoder.NAME, channels=3, classes=4)  # the two maps of HoVer-Net instead of the depth
_FILES = {SHIPPED: "microscopy", HOVER: "hover"}
_HINT = f"Choose {microscopy_encoder.NAME}, resnet34, resnet50 or another name that segmentation-models-pytorch lists."


def build_unet(spec: NetworkSpec) -> nn.Module:
    """Build an untrained U-Net: (B, channels, H, W) float -> (B, classes, H, W) logits, any H and W.

    Raises
    ------
    InputError
        If segmentation-models-pytorch knows no encoder of that name, or none that makes a U-Net.
    """
    try:
        return _build(spec, weights=None)
    except (RuntimeError, ValueError) as error:  # of timm's encoders ("tu-...") nobody has a list
        if is_out_of_memory(error):
            raise
        raise InputError(f"The encoder {spec.encoder!r} makes no U-Net ({reason_of(error)}). {_HINT}") from None


class Start(NamedTuple):
    """A network before training: where it comes from, and whether all of it is trained, not its encoder alone."""

    network: nn.Module
    sentence: str
    all_trained: bool


def start_unet(
    spec: NetworkSpec, pretrained: bool, outputs: Sequence[int] | None = None, shipped: NetworkSpec = SHIPPED
) -> Start:
    """Build the network that a training starts from; the parameters are those of `pretrained_unet`."""
    if pretrained:
        return pretrained_unet(spec, outputs, shipped)
    return Start(build_unet(spec), "Training starts from scratch.", all_trained=False)


def pretrained_unet(spec: NetworkSpec, outputs: Sequence[int] | None = None, shipped: NetworkSpec = SHIPPED) -> Start:
    """Build a U-Net from the best weights at hand.

    The microscopy encoder comes with weights for the whole network inside the package. Other encoders load
    ImageNet weights from their hub; where it cannot be reached the network starts from random weights.

    Parameters
    ----------
    spec
        The network.
    outputs
        Which output of the shipped weights each class begins as; by default the background, then the foreground.
    shipped
        Which of the shipped weights: `SHIPPED` with the depth, or `HOVER` with the maps. The latter were trained for
        longer.
    """
    if spec.encoder == microscopy_encoder.NAME:
        chosen = outputs or [BACKGROUND] + [FOREGROUND] * (spec.classes - 1)
        network = _shipped_unet(spec, list(chosen), shipped)
        return Start(network, "Started from the microscopy weights of the package.", all_trained=True)
    try:
        network = _build(spec, weights="imagenet")
        return Start(network, f"Started from ImageNet weights for {spec.encoder}.", all_trained=False)
    except InputError:
        raise
    except Exception as error:
        log.warning("pretrained weights for %s could not be loaded", spec.encoder, exc_info=error)
        reason = type(error).__name__
        sentence = (
            f"Pretrained weights for {spec.encoder} could not be loaded ({reason}): training starts from scratch."
        )
        return Start(build_unet(spec), sentence, all_trained=False)


def freeze_statistics(network: nn.Module) -> None:
    """Let batch normalisation use what it knows instead of the batch.

    A few crops of one image are no estimate: with them, a pretrained network fell from IoU 0.72 to 0.31 within
    a hundred steps on the scribbles of a nuclei image, and rose to 0.80 without.
    """
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def save_weights(network: nn.Module) -> bytes:
    """Return the weights as a safetensors file."""
    return save({name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()})


def load_unet(spec: NetworkSpec, weights: bytes) -> nn.Module:
    """Build a U-Net and fill it with weights from `save_weights`.

    Raises
    ------
    ModelError
        If the bytes are no safetensors file or belong to another network.
    """
    return with_weights(build_unet(spec), weights)


def with_weights(network: nn.Module, weights: bytes) -> nn.Module:
    """Fill a network of any kind with weights from `save_weights`, and return it; errors are those of `load_unet`."""
    try:
        network.load_state_dict(load(weights))
    except (SafetensorError, RuntimeError, ValueError) as error:
        first_line = str(error).splitlines()[0]
        raise ModelError(f"The saved weights do not fit ({first_line}). Train the model again.") from None
    return network


def pick_outputs(network: Any, outputs: list[int]) -> None:
    """Let the outputs of a U-Net be copies of those of the given indices, in that order."""
    old = network.segmentation_head[0]
    new: Any = nn.Conv2d(old.in_channels, len(outputs), old.kernel_size, padding=old.padding)
    with torch.no_grad():
        new.weight.copy_(old.weight[outputs])
        new.bias.copy_(old.bias[outputs])
    network.segmentation_head[0] = new


def with_more_channels(network: nn.Module, spec: NetworkSpec) -> nn.Module:
    """Return a U-Net for more input channels that does what `network` does, whatever the new channels show.

    The new channels come last, and have weights of 0 until something is learned from them.
    """
    wider: Any = build_unet(spec)
    old = network.state_dict()
    with torch.no_grad():
        for name, tensor in wider.state_dict().items():
            if tensor.ndim == 4:
                tensor[:, old[name].shape[1] :] = 0
                tensor[:, : old[name].shape[1]] = old[name]
            else:
                tensor.copy_(old[name])
    network_with_more: nn.Module = wider
    return network_with_more


def _build(spec: NetworkSpec, weights: str | None) -> nn.Module:
    if spec.encoder == HOVERNET:
        return _build_hovernet(spec)
    if spec.encoder == microscopy_encoder.NAME:
        widths: tuple[int, ...] = microscopy_encoder.DECODER_WIDTHS
        attention = None
    else:
        widths, attention = (256, 128, 64, 32, 16), "scse"
    if not spec.encoder.startswith("tu-") and spec.encoder not in smp.encoders.get_encoder_names():
        raise InputError(f"There is no encoder {spec.encoder!r}. {_HINT}")
    return smp.Unet(
        spec.encoder,
        encoder_depth=len(widths),
        encoder_weights=weights,
        decoder_channels=widths,
        decoder_attention_type=attention,
        in_channels=spec.channels,
        classes=spec.classes,
    )


def _build_hovernet(spec: NetworkSpec) -> nn.Module:
    from napari_labelfix.networks.monai_hovernet import HoverNet  # MONAI, for which others need not wait

    if spec.classes != HOVER.classes:
        raise InputError(f"{HOVERNET} is a network of HoVer-Net + ST++ alone. Choose another encoder.")
    return HoverNet(spec.channels)


def _shipped_unet(spec: NetworkSpec, outputs: list[int], shipped: NetworkSpec) -> nn.Module:
    """Fit a shipped network to other channels and outputs."""
    network: Any = load_unet(shipped, shipped_weights(_FILES[shipped]))
    network.encoder.set_in_channels(spec.channels, pretrained=True)
    pick_outputs(network, outputs)
    return network
