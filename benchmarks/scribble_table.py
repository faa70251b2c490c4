"""The table of Scribble2Label on real images: what some scribbles are worth, beside simpler ways and full labels.

`python benchmarks/scribble_table.py --data DIR`, where DIR holds a folder a kind of image, each with a `train.npz` and
a `val.npz` of `image_<id>` and `labels_<id>`. Networks learn from crops of `train` and are measured on `val`. With the
defaults, a seed of a kind takes about ten minutes on one idle core; `--images`, `--measured` and `--epochs` make it as
large as the paper's, for a GPU. It can be stopped and started again: `--rows` keeps what is measured.

The shipped weights have seen `train` with all its labels. `--scratch` starts from random weights, `--weights` from
others, such as those of `pretraining/train.py --hold-out KIND`, which have not seen the kind.
"""

from __future__ import annotations

import argparse
import json
import os
from itertools import product
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from report import machine_facts, markdown_table, write_report

from napari_labelfix.annotations import Plane, Scribbles, Task
from napari_labelfix.methods.scribble2label.params import Scribble2LabelParams
from napari_labelfix.methods.scribble2label.run import predict, train
from napari_labelfix.metrics.instances import drop_small, fill_holes, mean_dice
from napari_labelfix.metrics.overlap import iou
from napari_labelfix.networks.shipped import FOLDER
from napari_labelfix.sample_data.scribbles import scribbles_from_labels
from napari_labelfix.snapshots import run_to_end

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

SIDE = 256  # pixels of a crop
FEWEST_OBJECTS = 3  # in a crop
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


class Scene(NamedTuple):
    """A crop and its objects (Y, X), a number each."""

    image: NDArray[np.generic]
    labels: NDArray[np.int32]


def scenes(file: Path, count: int, seed: int) -> list[Scene]:
    """Return crops of as many different images as there are, chosen by the seed."""
    rng = np.random.default_rng(seed)
    found: list[list[Scene]] = []
    with np.load(file) as arrays:
        names = sorted(name.removeprefix("image_") for name in arrays.files if name.startswith("image_"))
        for name in rng.permutation(names)[: 4 * count]:
            crops = _crops(arrays[f"image_{name}"], arrays[f"labels_{name}"].astype(np.int32))
            found.append([crops[i] for i in rng.permutation(len(crops))])
    deepest = max(map(len, found))
    in_turn = [crops[i] for i in range(deepest) for crops in found if i < len(crops)]
    return in_turn[:count]


def _crops(image: NDArray[np.generic], labels: NDArray[np.int32]) -> list[Scene]:
    corners = product(*(range(0, max(1, length - SIDE + 1), SIDE) for length in labels.shape))
    windows = [np.s_[y : y + SIDE, x : x + SIDE] for y, x in corners]
    return [Scene(image[w], labels[w]) for w in windows if len(np.unique(labels[w])) > FEWEST_OBJECTS]


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
        labels = fill_holes(drop_small(predict(model, scene.image, params.device).labels, SMALLEST))
        ious.append(iou(labels, scene.labels))
        dices.append(mean_dice(labels, scene.labels))
    return mean(ious), mean(dices)


def measured_rows(kinds: Sequence[Path], options: argparse.Namespace) -> Iterator[dict[str, object]]:
    """Yield what each seed, kind, ratio and way has reached; those that stand in `options.rows` are not run again."""
    rows = json.loads(options.rows.read_text()) if options.rows.exists() else []
    done = {(row["kind"], row["ratio"], row["way"], row["seed"]): row for row in rows}
    ways = [*product(options.ratios, [way for way in WAYS if way != FULL]), (1.0, FULL)]
    for seed, kind, (ratio, way) in product(options.seeds, kinds, ways):
        key = kind.name, ratio, way, seed
        if key not in done:
            if options.weights:
                os.environ[FOLDER] = options.weights.format(kind=kind.name)
            params = Scribble2LabelParams(
                epochs=options.epochs, warmup_epochs=options.epochs // 3, pretrained=not options.scratch, seed=seed,
                device=options.device, **WAYS[way],
            )  # fmt: skip
            lessons = scenes(kind / "train.npz", options.images, seed)
            tests = scenes(kind / "val.npz", options.measured, 0)
            found = measure(lessons, tests, ratio, params, way == FULL, seed)
            done[key] = dict(zip(("kind", "ratio", "way", "seed", "IoU", "mDice"), (*key, *found), strict=True))
            options.rows.write_text(json.dumps(list(done.values()), indent=1))
        yield done[key]


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


def main() -> None:
    """Run the table and write `results/scribble_table.md` and `.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--kinds", nargs="*", help="names of folders; all by default")
    parser.add_argument("--ratios", nargs="*", type=float, default=[0.1, 0.3, 0.5, 1.0])
    parser.add_argument("--images", type=int, default=6, help="crops to learn from")
    parser.add_argument("--measured", type=int, default=16, help="crops to measure on")
    parser.add_argument("--epochs", type=int, default=45)
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--scratch", action="store_true", help="start from random weights instead of the package's")
    parser.add_argument("--weights", help="folder with weights instead of the shipped ones; {kind} in it is replaced")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--name", default="scribble_table")
    parser.add_argument(
        "--rows",
        type=Path,
        default=Path("scribble_table_rows.json"),
        help="what is measured is kept here, and not measured again",
    )
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    kinds = [path.parent for path in sorted(options.data.glob("*/val.npz"))]
    kinds = [kind for kind in kinds if not options.kinds or kind.name in options.kinds]
    start = "weights of the package, which have seen these images"
    if options.scratch or options.weights:
        start = "random weights" if options.scratch else "weights that have seen the other kinds, but not this one"
    notes = [
        f"Means over seeds, and the lowest and the highest; {options.images} crops of {SIDE} px to "
        f"learn from, {options.epochs} epochs, {options.measured} crops of other images to measure on; every network "
        f"starts from {start}; components under {SMALLEST} px are dropped and holes filled, as in the paper.",
        "Scribbles only: partial cross-entropy. Pseudo-labels: the paper's threshold on the latest prediction, without "
        "the ensemble. Scribble2Label: as in the paper. Ours: with the instant classifier in the ensemble.",
        "The paper learned from hundreds of images with a ResNet-50 from ImageNet on a GPU; its figures stand beside, "
        "not against.",
    ]
    title = "Scribble2Label: what scribbles are worth"
    measured = []
    for row in measured_rows(kinds, options):
        measured.append(row)
        print(markdown_table(measured[-1:]).splitlines()[-1], flush=True)
        write_report(options.name, title, table(measured), machine_facts(), notes)


if __name__ == "__main__":
    main()
