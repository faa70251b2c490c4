"""The parameters of SISSI; the defaults are the paper's unless a help text says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from napari_labelfix.params import NetworkParams, param

Ways = Literal["watershed", "circles", "edges", "none"]
Starts = Literal["when learning slows down", "at the lowest source loss", "never"]
Backgrounds = Literal["as it is", "weak blur", "strong blur"]
BoxMasks = Literal["none", "foreground"]


@dataclass(frozen=True, kw_only=True)
class SissiParams(NetworkParams):
    """What a person can set."""

    weak_boxes: Ways = param(
        "watershed", label="Find boxes by",
        help="How boxes to begin with are found in the image, by “Find boxes” and by a run for which none are drawn.",
    )  # fmt: skip
    sensitivity: float = param(
        0.5, label="Sensitivity", minimum=0.0, maximum=1.0, step=0.05,
        help="Of finding boxes: higher finds fainter cells, and more that are none.",
    )  # fmt: skip
    masks: BoxMasks = param(
        "none", label="Masks",
        help="Grow a mask in each box, over the foreground that the shipped weights see: to accept and export.",
    )  # fmt: skip
    epochs: int = param(
        16, label="Epochs", minimum=2, maximum=100_000,
        help="How long to train; an epoch sees about every pixel once. Boxes are corrected from the middle on, or "
        "sooner. Stop at any time.",
    )  # fmt: skip
    cell: float = param(
        0.0, label="Size of a cell", minimum=0.0, maximum=2000.0, step=1.0, advanced=True,
        help="Side of a typical box, in pixels, in all images; 0 takes that of the boxes.",
    )  # fmt: skip
    correction: Starts = param(
        "when learning slows down", label="Correct boxes", advanced=True,
        help="When to stop trusting the given boxes: when learning from them slows down (ADELE), when the loss on "
        "cells with good boxes is lowest, or never.",
    )  # fmt: skip
    slowdown: float = param(
        0.9, label="Slow-down", minimum=0.1, maximum=1.0, step=0.05, advanced=True,
        help="How far the gain in agreement with the given boxes has fallen, against that in the first epoch, when "
        "correction begins.",
    )  # fmt: skip
    background: Backgrounds = param(
        "as it is", label="Background", advanced=True,
        help="What to learn from once boxes are corrected: the image as it is or, as in the paper, with all around the "
        "known cells blurred, so that cells that were missed vanish.",
    )  # fmt: skip
    keep_given: bool = param(
        True, label="Keep given boxes", advanced=True,
        help="Go on learning from given boxes where nothing is found, too; the paper forgets them.",
    )  # fmt: skip
    learned_score: float = param(
        0.6, label="Lowest score learned from", minimum=0.05, maximum=0.95, step=0.05, advanced=True,
        help="Of boxes that were found, those with a lower score are not learned from (0.1 in the paper).",
    )  # fmt: skip
    lowest_score: float = param(
        0.1, label="Lowest score", minimum=0.05, maximum=0.95, step=0.05, advanced=True,
        help="A box with a lower score is not proposed, and not learned from.",
    )  # fmt: skip
    batch_size: int = param(
        8, label="Batch", minimum=2, maximum=1024, advanced=True,
        help="Crops in a training step, half of them of cells with good boxes. Halved by itself when memory runs out.",
    )  # fmt: skip
    encoder: str = param(
        "microscopy", label="Detector", advanced=True,
        help="A Faster R-CNN: microscopy (compact, fast on a CPU), or resnet50 (the paper's, for a GPU).",
    )  # fmt: skip
    learning_rate: float = param(
        0.0, label="Learning rate", minimum=0.0, maximum=1.0, step=1e-3, advanced=True,
        help="Of stochastic gradient descent; 0 takes the detector's own, 0.01 for microscopy and 0.001, as in the "
        "paper, for resnet50. It falls when the loss on cells with good boxes no longer does.",
    )  # fmt: skip
