"""The parameters of P-classification; the defaults are the paper's unless a help text says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from napari_labelfix.params import NetworkParams, param

Masks = Literal["none", "foreground", "heatmap"]


@dataclass(frozen=True, kw_only=True)
class PClassificationParams(NetworkParams):
    """What a person can set."""

    threshold: float = param(
        0.5, label="Lowest score", minimum=0.05, maximum=0.95, step=0.05,
        help="A maximum of the heatmap that is lower is no detection (128 of 255 in the paper).",
    )  # fmt: skip
    rounds: int = param(
        2, label="Rounds", minimum=0, maximum=20,
        help="How often pseudo-labels are chosen; the detector is trained once before and once after each.",
    )  # fmt: skip
    masks: Masks = param(
        "none", label="Masks",
        help="Grow a mask from each point by watershed: over the foreground that the shipped weights see, or over the "
        "heatmap.",
    )  # fmt: skip
    epochs: int = param(
        8, label="Epochs a round", minimum=1, maximum=100_000,
        help="How long the detector trains in each round; an epoch sees about every pixel once. Stop at any time.",
    )  # fmt: skip
    radius: float = param(
        0.0, label="Radius of a cell", minimum=0.0, maximum=1000.0, step=1.0, advanced=True,
        help="In pixels, in all images; 0 takes that of the points of each image.",
    )  # fmt: skip
    share: float = param(
        0.2, label="Share of pseudo-positives", minimum=0.0, maximum=1.0, step=0.01, advanced=True,
        help="Of the cells that the class prior expects among the unmarked, the share taken from the top of the "
        "ranking in a round (alpha; the paper takes 0.05 of all).",
    )  # fmt: skip
    negative_share: float = param(
        0.75, label="Share of pseudo-negatives", minimum=0.0, maximum=1.0, step=0.05, advanced=True,
        help="Of the others, the share taken from the bottom in a round (beta; the paper takes 0.05 of all, where few "
        "are background).",
    )  # fmt: skip
    risk: float = param(
        0.1, label="Cells at risk", minimum=0.0, maximum=1.0, step=0.05, advanced=True,
        help="A pseudo-negative is less like a cell than all but this share of the marked cells, and no more of it "
        "than this share are cells, as far as can be told; 1 takes the risk, as the paper does.",
    )  # fmt: skip
    background: float = param(
        0.1, label="Weight of background", minimum=0.0, maximum=1.0, step=0.05, advanced=True,
        help="How much it counts, beside what is known, that there is no cell far from all candidates; 0 learns in "
        "discs around what is known alone, as the paper does.",
    )  # fmt: skip
    prior: float = param(
        0.0, label="Class prior", minimum=0.0, maximum=0.99, step=0.05, advanced=True,
        help="Share of cells among the detections; 0 estimates it in each round, by the best bin (Garg 2021).",
    )  # fmt: skip
    power: float = param(
        4.0, label="Power", minimum=1.0, maximum=32.0, step=1.0, advanced=True,
        help="How much the ranking cares for its top (p); 1 cares for all of it alike.",
    )  # fmt: skip
    classifier_epochs: int = param(
        200, label="Classifier epochs", minimum=1, maximum=10_000, advanced=True,
        help="How long the patch classifier trains in each round.",
    )  # fmt: skip
    learning_rate: float = param(
        1e-3, label="Learning rate", minimum=1e-7, maximum=1.0, step=1e-4, advanced=True,
        help="Of the detector.",
    )  # fmt: skip
