"""The parameters of Scribble2Label; the defaults are the paper's unless a help text says otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from napari_labelfix.params import NetworkParams, Split, param


@dataclass(frozen=True, kw_only=True)
class Scribble2LabelParams(NetworkParams):
    """What a person can set."""

    threshold: float = param(
        0.8, label="Consistency", minimum=0.5, maximum=1.0, step=0.05,
        help="Pixels less sure than this are not learned from (the paper's tau; 0.95 for dense histology).",
    )  # fmt: skip
    instances: Split = param(
        "watershed", label="Objects",
        help="How the foreground becomes objects: watershed separates touching cells, components does not.",
    )  # fmt: skip
    minimum_size: int = param(
        30, label="Smallest object", minimum=0, maximum=10_000_000,
        help="Objects with fewer pixels are dropped, and smaller holes are filled; fewer where you draw on small ones.",
    )  # fmt: skip
    epochs: int = param(
        300, label="Epochs", minimum=1, maximum=100_000,
        help="How long to train; an epoch sees about every annotated pixel once. Stop at any time.",
    )  # fmt: skip
    instant: bool = param(
        True, label="Instant proposal", advanced=True,
        help="Propose at once what a random forest and a network that reads strokes make of them, and let that count "
        "beside the network that trains. Off is the paper's way.",
    )  # fmt: skip
    warmup_epochs: int = param(
        100, label="Warm-up epochs", minimum=0, maximum=100_000, advanced=True,
        help="Epochs on scribbles alone before pseudo-labels are trusted (E_W). With the instant proposal there is "
        "something to trust from the start, and no warm-up.",
    )  # fmt: skip
    ensemble_interval: int = param(
        5, label="Ensemble interval", minimum=1, maximum=1000, advanced=True,
        help="Epochs between two predictions that enter the average (gamma).",
    )  # fmt: skip
    ensemble_weight: float = param(
        0.2, label="Ensemble weight", minimum=0.01, maximum=1.0, step=0.05, advanced=True,
        help="Weight of the newest prediction in the average (alpha; 0.1 for dense histology).",
    )  # fmt: skip
    pseudo_weight: float = param(
        0.5, label="Pseudo-label weight", minimum=0.0, maximum=10.0, step=0.1, advanced=True,
        help="Weight of the loss on pseudo-labels beside that on scribbles (lambda).",
    )  # fmt: skip
    learning_rate: float = param(
        3e-4, label="Learning rate", minimum=1e-7, maximum=1.0, step=1e-4, advanced=True,
        help="Of the encoder; the decoder learns ten times as fast.",
    )  # fmt: skip
    batch_size: int = param(
        8, label="Batch", minimum=1, maximum=1024, advanced=True,
        help="Crops in a training step; the paper takes 30 on a GPU. Halved by itself when memory runs out.",
    )  # fmt: skip
