"""The table of Scribble2Label on real images: what some scribbles are worth, beside simpler ways and full labels.

`python benchmarks/scribble_table.py --data DIR`, where DIR holds a folder a kind of image, each with a `train.npz` and
a `val.npz` of `image_<id>` and `labels_<id>`. Networks learn from crops of `train` and are measured on `val`. With the
defaults, a seed of a kind takes about ten minutes on one idle core; `--images`, `--measured` and `--epochs` make it as
large as the paper's, for a GPU. It can be stopped and started again: `--rows` keeps what is measured.

The shipped weights have seen `train` with all its labels. `--scratch` starts from random weights, `--weights` from
others, such as those of `pretraining/train.py --hold-out KIND`, which have not seen the kind.
"""

from __future__ import annotations

from itertools import product
from statistics import mean
from typing import TYPE_CHECKING, Any

import numpy as np
from paper_table import SIDE, measured_rows, options_parser, scenes, start_of, write_as_measured

from napari_labelfix.annotations import Plane, Scribbles, Task
from napari_labelfix.data.label_images import fill_label_holes, remove_small_objects
from napari_labelfix.methods.scribble2label.params import Scribble2LabelParams
from napari_labelfix.methods.scribble2label.run import predict, train
from napari_labelfix.metrics.instances import mean_dice
from napari_labelfix.metrics.overlap import iou
from napari_labelfix.sample_data.scribbles import scribbles_from_labels
from napari_labelfix.snapshots import run_to_end

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from paper_table import Scene

SMALLEST = 64  # pixels; smaller components are dropped before anything is measured, as the paper does
FULL = "full labels"
WAYS: dict[str, dict[str, object]] = {
    "scribbles only": {"instant": False, "pseudo_weight": 0.0},
    "pseudo-labels": {"instant": False, "ensemble_weight": 1.0},
    "Scribble2Label": {"instant": False},
    "ours": {},
    FULL: {"instant": False, "pseudo_weight": 0.0},
}
PAPER = {
    ("fluo", 0.1): (0.8274, 0.8188), ("fluo", 0.3): (0.8539, 0.8407), ("fluo", 0.5): (0.8497, 0.8406),
    ("fluo", 1.0): (0.8588, 0.8443), ("histo", 1.0): (0.7970, 0.7246), ("bf", 1.0): (0.8236, 0.7663),
}  # fmt: skip
PAPER_FULL = {"fluo": 0.8688, "histo": 0.8134, "bf": 0.8774}  # IoU


def measure(lessons: Sequence[Scene], tests: Sequence[Scene], ratio: float, params: Scribble2LabelParams, full: bool,
            seed: int) -> tuple[float, float]:  # fmt: skip
    """Train a network and return its mean IoU and mDice on images that it has not seen."""
    planes = []
    for index, scene in enumerate(lessons):
        marks = (
            np.where(scene.labels > 0, 2, 1).astype(np.uint8)
            if full
            else scribbles_from_labels(scene.labels, ratio, 1000 * seed + index)
        )
        planes.append(Plane(str(index), scene.image, Scribbles(marks)))
    _, model = run_to_end(train(Task(tuple(planes)), params))
    assert model is not None
    ious, dices = [], []
    for scene in tests:
        labels = fill_label_holes(remove_small_objects(predict(model, scene.image, params.device).labels, SMALLEST))
        ious.append(iou(labels, scene.labels))
        dices.append(mean_dice(labels, scene.labels))
    return mean(ious), mean(dices)


def table(measured: Sequence[dict[str, Any]]) -> list[dict[str, object]]:
    """Return a row for each kind, ratio and way: means over the seeds."""
    rows: list[dict[str, object]] = []
    for kind, ratio, way in sorted({(row["kind"], row["ratio"], row["way"]) for row in measured}, key=_place):
        found = [row for row in measured if (row["kind"], row["ratio"], row["way"]) == (kind, ratio, way)]
        ious = [row["IoU"] for row in found]
        row: dict[str, object] = {"kind": kind, "scribbled": "all" if way == FULL else f"{ratio:.0%}", "way": way}
        row |= {"seeds": len(found), "IoU": mean(ious), "lowest": min(ious), "highest": max(ious)}
        row |= {"mDice": mean(row["mDice"] for row in found)}
        paper = (PAPER_FULL.get(kind),) if way == FULL else PAPER.get((kind, ratio)) if "Scri" in way else None
        rows.append(row | ({"paper's IoU": paper[0]} if paper else {}))
    return rows


def _place(key: tuple[str, float, str]) -> tuple[str, bool, float, int]:
    kind, ratio, way = key
    return kind, way == FULL, ratio, list(WAYS).index(way)


def measured(options: argparse.Namespace, kind: Path, ratio: float, way: str, seed: int) -> dict[str, float]:
    """Train on scribbles of a kind and return the measures on other images."""
    params = Scribble2LabelParams(
        epochs=options.epochs, warmup_epochs=options.epochs // 3, pretrained=not options.scratch, seed=seed,
        device=options.device, **WAYS[way],
    )  # fmt: skip
    lessons = scenes(kind / "train.npz", options.images, seed)
    tests = scenes(kind / "val.npz", options.measured, 0)
    return dict(zip(("IoU", "mDice"), measure(lessons, tests, ratio, params, way == FULL, seed), strict=True))


def main() -> None:
    """Run the table and write `results/scribble_table.md` and `.json`."""
    parser = options_parser(__doc__, "scribble_table", images=6, epochs=45)
    parser.add_argument("--ratios", nargs="*", type=float, default=[0.1, 0.3, 0.5, 1.0])
    options = parser.parse_args()

    ways = [*product(options.ratios, [way for way in WAYS if way != FULL]), (1.0, FULL)]
    notes = [
        f"Means over seeds, and the lowest and the highest; {options.images} crops of {SIDE} px to "
        f"learn from, {options.epochs} epochs, {options.measured} crops of other images to measure on; every network "
        f"starts from {start_of(options)}; components under {SMALLEST} px are dropped and holes filled, as in the "
        "paper.",
        "Scribbles only: partial cross-entropy. Pseudo-labels: the paper's threshold on the latest prediction, without "
        "the ensemble. Scribble2Label: as in the paper. Ours: with the instant classifier in the ensemble.",
        "The paper learned from hundreds of images with a ResNet-50 from ImageNet on a GPU; its figures stand beside, "
        "not against.",
    ]
    rows = measured_rows(options, "ratio", ways, measured)
    write_as_measured(options, "Scribble2Label: what scribbles are worth", rows, table, notes)


if __name__ == "__main__":
    main()
