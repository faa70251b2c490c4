"""The table of HoVer-Net + ST++ on real images: what images without labels are worth beside few labelled ones.

`python benchmarks/hovernet_table.py --data DIR`, where DIR holds a folder a kind of image, each with a `train.npz` and
a `val.npz` of `image_<id>` and `labels_<id>`. Networks learn from crops of `train`, some with labels, and are measured
on `val`. With the defaults, a seed of a kind takes about fifteen minutes on two cores; `--images`, `--measured`,
`--epochs` and `--encoder hovernet` make it as large as the paper's, for a GPU. It can be stopped and started again:
`--rows` keeps what is measured.

The shipped weights have seen `train` with all its labels. `--scratch` starts from random weights, `--weights` from
others, such as those of `pretraining/train.py --hover --hold-out KIND`, which have not seen the kind.
"""

from __future__ import annotations

import time
from itertools import product
from statistics import mean
from typing import TYPE_CHECKING, Any

from paper_table import SIDE, measured_rows, options_parser, scenes, start_of, write_as_measured

from napari_labelfix.annotations import FinishedInstances, Plane, Task
from napari_labelfix.methods.hovernet_stpp.params import HoverNetParams
from napari_labelfix.methods.hovernet_stpp.run import predict, train
from napari_labelfix.metrics.instances import aggregated_jaccard, average_precision, f1_score, panoptic_quality
from napari_labelfix.snapshots import run_to_end

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from paper_table import Scene

    from napari_labelfix.methods.checkpoint import TrainedModel

WAYS: dict[str, dict[str, object]] = {
    "labelled only": {"unlabelled": "not used"},
    "self-training": {"unlabelled": "all at once"},
    "ST++": {"unlabelled": "most reliable first"},
}
FULL = "all labels"
MEASURES = {"F1": f1_score, "AP50": average_precision, "AJI": aggregated_jaccard, "PQ": panoptic_quality}


def measure(model: TrainedModel, tests: Sequence[Scene], device: str) -> dict[str, float]:
    """Return the means over images that the network has not seen."""
    found = [predict(model, scene.image, device).labels for scene in tests]
    pairs = list(zip(found, (scene.labels for scene in tests), strict=True))
    return {name: mean(of(labels, truth) for labels, truth in pairs) for name, of in MEASURES.items()}


def learn(lessons: Sequence[Scene], labelled: int, params: HoverNetParams) -> TrainedModel:
    """Train on crops of which the first few have labels."""
    planes = [
        Plane(str(index), scene.image, FinishedInstances(scene.labels) if index < labelled else None)
        for index, scene in enumerate(lessons)
    ]
    _, model = run_to_end(train(Task(tuple(planes)), params))
    assert model is not None
    return model


def table(measured: Sequence[dict[str, Any]]) -> list[dict[str, object]]:
    """Return a row for each kind, share and way: means over the seeds."""
    rows: list[dict[str, object]] = []
    for kind, share, way in sorted({(row["kind"], row["share"], row["way"]) for row in measured}, key=_place):
        found = [row for row in measured if (row["kind"], row["share"], row["way"]) == (kind, share, way)]
        row: dict[str, object] = {"kind": kind, "labelled": f"{share:.0%}", "way": way, "seeds": len(found)}
        row |= {name: mean(one[name] for one in found) for name in MEASURES}
        row |= {"lowest F1": min(one["F1"] for one in found), "highest F1": max(one["F1"] for one in found)}
        rows.append(row | {"least seconds": min(one["seconds"] for one in found)})
    return rows


def _place(key: tuple[str, float, str]) -> tuple[str, float, int]:
    kind, share, way = key
    return kind, share, [*WAYS, FULL].index(way)


def measured(options: argparse.Namespace, kind: Path, share: float, way: str, seed: int) -> dict[str, float]:
    """Train with labels for a share of the crops of a kind and return the measures on other images."""
    params = HoverNetParams(
        epochs=options.epochs, pretrained=not options.scratch, seed=seed, device=options.device,
        encoder=options.encoder, **WAYS.get(way, {}),
    )  # fmt: skip
    lessons = scenes(kind / "train.npz", options.images, seed)
    began = time.monotonic()
    model = learn(lessons, max(1, round(share * len(lessons))), params)
    seconds = time.monotonic() - began
    return measure(model, scenes(kind / "val.npz", options.measured, 0), options.device) | {"seconds": seconds}


def main() -> None:
    """Run the table and write `results/hovernet_table.md` and `.json`."""
    parser = options_parser(__doc__, "hovernet_table", images=20, epochs=20)
    parser.add_argument("--shares", nargs="*", type=float, default=[0.05, 0.1, 0.2], help="of the crops, with labels")
    parser.add_argument("--encoder", default="microscopy")
    options = parser.parse_args()

    ways = [*product(options.shares, WAYS), (1.0, FULL)]
    notes = [
        f"Means over seeds, on {options.measured} crops of other images; {options.images} crops of {SIDE} px to learn "
        f"from, of which a share has labels; {options.epochs} epochs a training, of which self-training has two and "
        f"ST++ three; network: {options.encoder}; it starts from {start_of(options)}.",
        "F1 and AP50 = TP / (TP + FP + FN) at IoU 0.5, aggregated Jaccard index, panoptic quality, all of objects. "
        "Least seconds: of a run, predictions included.",
        "The report of the method gives an F1 of 0.57 on the tuning set of the NeurIPS 2022 challenge, whose images "
        "are of other kinds and far more.",
    ]
    rows = measured_rows(options, "share", ways, measured)
    write_as_measured(options, "HoVer-Net + ST++: what images without labels are worth", rows, table, notes)


if __name__ == "__main__":
    main()
