"""Faster R-CNN: torchvision's, on the compact microscopy network or on a ResNet-50 with a feature pyramid.

Ren et al., "Faster R-CNN: Towards Real-Time Object Detection with Region Proposal Networks", NeurIPS 2015. Boxes are
(N, 4) y0, x0, y1, x1 in pixels; torchvision wants x first: `swap`.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from segmentation_models_pytorch.encoders._utils import patch_first_conv
from torch import nn
from torchvision.models import ResNet50_Weights
from torchvision.models.detection import FasterRCNN, FasterRCNN_ResNet50_FPN_Weights
from torchvision.models.detection._utils import BoxCoder
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.ops import FrozenBatchNorm2d, MultiScaleRoIAlign

from napari_labelfix.errors import InputError
from napari_labelfix.networks import microscopy_encoder
from napari_labelfix.networks.shipped import shipped_weights
from napari_labelfix.networks.unet import SHIPPED, NetworkSpec, Start, build_unet, with_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

log = logging.getLogger(__name__)

RESNET50 = "resnet50"
CLASSES = 2  # no cell, cell
DETECTOR = NetworkSpec(microscopy_encoder.NAME, channels=3, classes=CLASSES)  # of the shipped weights
FILE = "detector"
SIZES = {microscopy_encoder.NAME: 24.0, RESNET50: 64.0}  # pixels: how large each network wants to see a typical cell
RATES = {microscopy_encoder.NAME: 1e-2, RESNET50: 1e-3}  # of stochastic gradient descent; ResNet-50 diverges at more

_FEATURES = 64  # channels of each level
_HIDDEN = 192  # numbers that describe what is in a box
_LEVELS = {4: (12, 18), 8: (27, 40), 16: (60, 90)}  # stride: sides of its anchors in pixels
_RATIOS = (0.5, 1.0, 2.0)
_LIMITS = {
    "rpn_pre_nms_top_n_test": 1500,
    "rpn_post_nms_top_n_test": 1600,
    "rpn_post_nms_top_n_train": 500,
    "rpn_pre_nms_top_n_train": 1000,
    "box_batch_size_per_image": 128,
    "box_detections_per_img": 1500,  # of a tile of 512 pixels: three times as many small cells as fit side by side
    "rpn_score_thresh": 0.1,
}
_OF_PROPOSALS = ("loss_objectness", "loss_rpn_box_reg")  # torchvision's names of the losses of the first stage
_MEAN, _SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet


class Found(NamedTuple):
    """Boxes in one image: corners (N, 4) y0, x0, y1, x1 in pixels, and scores (N,) in [0, 1], on the device."""

    corners: Tensor
    scores: Tensor


def build_detector(spec: NetworkSpec) -> nn.Module:
    """Build an untrained detector.

    Raises
    ------
    InputError
        If it is no network that can detect.
    """
    if spec.encoder == microscopy_encoder.NAME:
        return _compact(spec.channels)
    if spec.encoder == RESNET50:
        return _resnet50(spec.channels)
    raise InputError(f"There is no detector {spec.encoder!r}. Choose {microscopy_encoder.NAME} or {RESNET50}.")


def start_detector(spec: NetworkSpec, pretrained: bool) -> Start:
    """Build the detector that a training starts from.

    The compact one comes with weights inside the package. The ResNet-50 starts from COCO where its weights can be had,
    else from ImageNet, else from random ones, and the sentence says so.

    Parameters
    ----------
    spec
        Encoder "microscopy" or "resnet50".
    pretrained
        Whether to look for weights.
    """
    if not pretrained:
        return Start(build_detector(spec), "Training starts from scratch.", all_trained=False)
    if spec.encoder != RESNET50:
        build_detector(spec)  # refuses what is no detector
        return Start(_shipped(spec), "Started from the detector weights of the package.", all_trained=True)
    reasons: list[str] = []
    for name, weights, of_encoder in (
        ("COCO", FasterRCNN_ResNet50_FPN_Weights.COCO_V1, None),
        ("ImageNet", None, ResNet50_Weights.IMAGENET1K_V1),
    ):
        try:
            network = _resnet50(spec.channels, weights, of_encoder)
            missed = f" ({'; '.join(reasons)})" if reasons else ""
            return Start(network, f"Started from {name} weights for {RESNET50}{missed}.", all_trained=False)
        except Exception as error:
            log.warning("%s weights for %s could not be loaded", name, RESNET50, exc_info=error)
            reasons.append(f"{name} weights could not be loaded: {type(error).__name__}")
    sentence = f"Training of {RESNET50} starts from scratch ({'; '.join(reasons)})."
    return Start(_resnet50(spec.channels), sentence, all_trained=False)


def load_detector(spec: NetworkSpec, weights: bytes) -> nn.Module:
    """Build a detector and fill it with weights from `save_weights`.

    Raises
    ------
    ModelError
        If the bytes are no safetensors file or belong to another network.
    """
    return with_weights(build_detector(spec), weights)


def detection_loss(network: nn.Module, images: Tensor, boxes: Sequence[Tensor]) -> Tensor:
    """Return the sum of the four losses of Faster R-CNN.

    Where there are neither boxes nor proposals, only the two losses of proposing count: there is nothing to classify,
    and torchvision takes the mean over nothing, which is no number.

    Parameters
    ----------
    network
        In training mode, from this module.
    images
        (B, C, H, W).
    boxes
        One (N, 4) for each image; without any, all of the image is ground.
    """
    targets = [{"boxes": swap(each), "labels": torch.ones(len(each)).long().to(each.device)} for each in boxes]
    losses: dict[str, Tensor] = network(list(images), targets)
    if not any(map(len, boxes)) and losses["loss_classifier"].isnan():
        losses = {name: losses[name] for name in _OF_PROPOSALS}
    return torch.stack(list(losses.values())).sum()


@torch.inference_mode()
def detect(network: nn.Module, images: Sequence[Tensor]) -> list[Found]:
    """Return what a detector finds in images (C, H, W), which may differ in size; it is put into evaluation mode."""
    network.eval()
    return [Found(swap(one["boxes"].float()), one["scores"].float()) for one in network(list(images))]


class Pyramid(nn.Module):
    """The encoder and the coarser half of the decoder of the compact U-Net, as levels of features.

    Parameters
    ----------
    channels
        Of the image.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        unet: Any = build_unet(NetworkSpec(microscopy_encoder.NAME, channels, SHIPPED.classes))
        self.encoder = unet.encoder
        widths = [microscopy_encoder.WIDTHS[-1], *microscopy_encoder.DECODER_WIDTHS[: len(_LEVELS) - 1]]
        self.blocks = unet.decoder.blocks[: len(widths) - 1]
        self.laterals = nn.ModuleList(nn.Conv2d(width, _FEATURES, 1) for width in widths)
        self.out_channels = _FEATURES

    def forward(self, image: Tensor) -> OrderedDict[str, Tensor]:
        """(B, C, H, W) -> (B, 64, H / stride, W / stride) by the name of the stride, finest first."""
        *skips, coarsest = self.encoder(image)[1:]
        levels = [coarsest]
        for block, skip in zip(self.blocks, reversed(skips), strict=False):
            levels.append(block(levels[-1], *skip.shape[-2:], skip_connection=skip))
        told = [lateral(level) for lateral, level in zip(self.laterals, levels, strict=True)]
        return OrderedDict((str(stride), level) for stride, level in zip(_LEVELS, reversed(told), strict=True))


class _AsItIs(GeneralizedRCNNTransform):  # type: ignore[misc]
    """Takes images in the size that they have: how large cells are to be seen is known before."""

    def resize(self, image: Tensor, target: Any = None) -> Any:
        """Return what is given."""
        return image, target


class _Exact(BoxCoder):  # type: ignore[misc]
    """Works out corners with 32 bits where the network computes with 16.

    torchvision would round them as well: bfloat16 has 8 bits for a number, and so no odd ones above 256. On synthetic
    nuclei that cost 0.07 of AP (0.744 instead of 0.811; 0.813 with 32 bits in all).
    """

    def decode_single(self, rel_codes: Tensor, boxes: Tensor) -> Tensor:
        """Return corners (N, 4 K) from (N, 4 K) what the network says of N boxes (N, 4)."""
        return super().decode_single(rel_codes.float(), boxes)


def _with_exact_boxes(network: Any) -> Any:
    for part in (network.rpn, network.roi_heads):
        part.box_coder = _Exact(part.box_coder.weights, part.box_coder.bbox_xform_clip)
    return network


def _compact(channels: int) -> nn.Module:
    pyramid = Pyramid(channels)
    network = FasterRCNN(
        pyramid,
        rpn_anchor_generator=AnchorGenerator(tuple(_LEVELS.values()), (_RATIOS,) * len(_LEVELS)),
        box_roi_pool=MultiScaleRoIAlign(list(map(str, _LEVELS)), 7, 2, canonical_scale=48, canonical_level=3),
        box_head=_head(_FEATURES * 7 * 7),
        box_predictor=FastRCNNPredictor(_HIDDEN, CLASSES),
        **_LIMITS,
    )
    network.transform = _AsItIs(1, 1, [0.0] * channels, [1.0] * channels, size_divisible=max(_LEVELS))
    return _with_exact_boxes(network)


def _head(features: int) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(features, _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, _HIDDEN), nn.ReLU())


def _resnet50(
    channels: int, weights: FasterRCNN_ResNet50_FPN_Weights | None = None, of_encoder: ResNet50_Weights | None = None
) -> nn.Module:
    """Build torchvision's network as the paper uses it: no layer is frozen, but for the statistics of known weights."""
    known = weights is not None or of_encoder is not None
    norm = FrozenBatchNorm2d if known else nn.BatchNorm2d  # their weights have the same names
    backbone = resnet_fpn_backbone(backbone_name=RESNET50, weights=None, norm_layer=norm, trainable_layers=5)
    network: Any = FasterRCNN(backbone, len(FasterRCNN_ResNet50_FPN_Weights.COCO_V1.meta["categories"]), **_LIMITS)
    if weights is not None:
        network.load_state_dict(_download(weights.url))
    elif of_encoder is not None:
        of_body = {name: part for name, part in _download(of_encoder.url).items() if not name.startswith("fc.")}
        network.backbone.body.load_state_dict(of_body)
    network.roi_heads.box_predictor = FastRCNNPredictor(network.roi_heads.box_predictor.cls_score.in_features, CLASSES)
    mean, spread = list(_MEAN), list(_SPREAD)
    if channels != 3:
        patch_first_conv(network.backbone.body, channels, pretrained=known)
        mean, spread = [sum(_MEAN) / 3] * channels, [sum(_SPREAD) / 3] * channels
    network.transform = _AsItIs(1, 1, mean, spread)
    return _with_exact_boxes(network)


def _download(url: str) -> dict[str, Tensor]:
    state: dict[str, Tensor] = torch.hub.load_state_dict_from_url(
        url, map_location="cpu", progress=False, check_hash=True, weights_only=True
    )
    return state


def _shipped(spec: NetworkSpec) -> nn.Module:
    """Fit the shipped network to other channels."""
    network: Any = load_detector(DETECTOR, shipped_weights(FILE))
    network.backbone.encoder.set_in_channels(spec.channels, pretrained=True)
    network.transform = _AsItIs(1, 1, [0.0] * spec.channels, [1.0] * spec.channels, size_divisible=max(_LEVELS))
    return network


def swap(boxes: Tensor) -> Tensor:
    """Turn boxes (N, 4) y0, x0, y1, x1 into torchvision's x0, y0, x1, y1, or back."""
    return boxes[:, [1, 0, 3, 2]]
