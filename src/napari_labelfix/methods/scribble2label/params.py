"""The parameters of Scribble2Label; the defaults are the paper's unless a help text says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from napari_labelfix.params import Params, param

Instances = Literal["watershed", "components"]


@dataclass(frozen=True, kw_only=True)
class Scribble2LabelParams(Params):
    """What a person can set."""

    threshold: float = param(
        0.8, label="Consistency", minimum=0.5, maximum=1.0, step=0.05,
        help="Pixels less sure than this are not learned from (the paper's tau; 0.95 for dense histology).",
    )  # fmt: skip
    instances: Instances = param(
        "watershed", label="Objects",
        help="How the foreground becomes objects: watershed separates touching cells, components does not.",
    )  # fmt: skip
    minimum_size: int = param(
        30, label="Smallest object", minimum=0, maximum=10_000_000,
        help="Objects with fewer pixels are dropped.",
    )  # fmt: skip
    epochs: int = param(
        300, label="Epochs", minimum=1, maximum=100_000,
        help="How long to train; an epoch sees about every annotated pixel once. Stop any time.",
    )  # fmt: skip
