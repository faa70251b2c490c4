"""The parameters of HoVer-Net + ST++; the defaults are the paper's unless a help text says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from napari_labelfix.params import NetworkParams, param

Unlabelled = Literal["most reliable first", "all at once", "not used"]


@dataclass(frozen=True, kw_only=True)
class HoverNetParams(NetworkParams):
    """What a person can set."""

    unlabelled: Unlabelled = param(
        "most reliable first", label="Images without labels",
        help="How they are learned from: first those on which the network does not waver while it learns, then all "
        "(ST++); all at once (plain self-training); or not at all.",
    )  # fmt: skip
    minimum_size: int = param(
        30, label="Smallest object", minimum=0, maximum=10_000_000,
        help="Objects with fewer pixels are dropped, and smaller holes are filled; fewer where finished ones are "
        "small.",
    )  # fmt: skip
    epochs: int = param(
        40, label="Epochs", minimum=1, maximum=100_000,
        help="How long each training is: there is one on the labels, and one or two more with images without labels.",
    )  # fmt: skip
    reliable_share: float = param(
        0.5, label="Reliable share", minimum=0.05, maximum=1.0, step=0.05, advanced=True,
        help="Share of the images without labels that are learned from first.",
    )  # fmt: skip
    checkpoints: int = param(
        3, label="Checkpoints", minimum=2, maximum=20, advanced=True,
        help="States of the network during the first training whose answers are compared: where they agree with the "
        "last, an image is reliable.",
    )  # fmt: skip
    marker_threshold: float = param(
        0.07, label="Border threshold", minimum=0.01, maximum=1.0, step=0.01, advanced=True,
        help="How steeply the maps must fall to part touching objects: 1 is from one end to the other within a pixel. "
        "Lower parts more.",
    )  # fmt: skip
    encoder: str = param(
        "microscopy", label="Network", advanced=True,
        help="microscopy (compact, fast on a CPU), hovernet (the paper's, for a GPU), or an encoder of "
        "segmentation-models-pytorch such as resnet34.",
    )  # fmt: skip
    learning_rate: float = param(
        1e-3, label="Learning rate", minimum=1e-7, maximum=1.0, step=1e-4, advanced=True,
        help="Of Adam at its highest; over each training it falls to nothing.",
    )  # fmt: skip
