"""The parameters of the label upgrade; the defaults are the paper's unless a help text says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from napari_labelfix.params import NetworkParams, Split, param

Wrong = Literal[
    "a bit of everything",
    "cells are missing",
    "other things are marked",
    "outlines are loose",
    "made by a machine",
    "as set below",
]
Parting = Literal["like the right ones", "watershed", "components"]  # the latter two as `Split` has them


@dataclass(frozen=True, kw_only=True)
class LabelUpgradeParams(NetworkParams):
    """What a person can set."""

    wrong: Wrong = param(
        "a bit of everything", label="What is wrong",
        help="What the network learns to mend: it trains on right labels that are spoiled in this way.",
    )  # fmt: skip
    minimum_size: int = param(
        30, label="Smallest object", minimum=0, maximum=10_000_000,
        help="Upgraded objects with fewer pixels are dropped, and smaller holes are filled; fewer where right ones are "
        "small.",
    )  # fmt: skip
    epochs: int = param(
        100, label="Epochs", minimum=1, maximum=100_000,
        help="How long to train at most; it ends sooner when held-out right labels gain no more.",
    )  # fmt: skip
    segmentation: bool = param(
        False, label="Model for new images",
        help="At the end, train a network that needs no labels on the right and the upgraded ones, for predict.",
    )  # fmt: skip
    instances: Parting = param(
        "like the right ones", label="Objects", advanced=True,
        help="How objects that touch are parted: watershed parts them at their necks, components does not; like the "
        "right ones takes what makes better objects of these.",
    )  # fmt: skip
    omission: float = param(
        0.7, label="Missing", minimum=0.0, maximum=1.0, step=0.1, advanced=True,
        help="Share of objects that are deleted in training, with 'as set below'.",
    )  # fmt: skip
    inclusion: float = param(
        0.7, label="Extra", minimum=0.0, maximum=1.0, step=0.1, advanced=True,
        help="Share of other objects that are added in training, with 'as set below'.",
    )  # fmt: skip
    bias: int = param(
        6, label="Outline error", minimum=0, maximum=100, advanced=True,
        help="Largest number of pixels by which outlines are moved in training, with 'as set below'.",
    )  # fmt: skip
    noise: float = param(
        0.0, label="Salt and pepper", minimum=0.0, maximum=0.5, step=0.05, advanced=True,
        help="Share of pixels that are flipped in training, with 'as set below'.",
    )  # fmt: skip
    patience: int = param(
        10, label="Patience", minimum=1, maximum=100_000, advanced=True,
        help="Epochs without gain on held-out right labels after which the training ends.",
    )  # fmt: skip
    learning_rate: float = param(
        1e-3, label="Learning rate", minimum=1e-7, maximum=1.0, step=1e-4, advanced=True,
        help="Of Adam; the paper takes 1e-5 from scratch.",
    )  # fmt: skip

    @property
    def parting(self) -> Split:
        """How objects are parted; where it is not known how the right ones are, by watershed."""
        return "watershed" if self.instances == "like the right ones" else self.instances
