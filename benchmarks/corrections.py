"""Corrections: what the proposal is worth after a person has corrected it, once, twice, ...

`python benchmarks/corrections.py --data DIR`, where DIR holds a folder a kind of image, each with a `val.npz` of
`image_<id>` and `labels_<id>`. An image takes about a minute for each of the two ways. Time is counted in epochs, so
that a busy machine changes nothing: 25 epochs of a plane of 512 x 512 px take about eight seconds on two cores.

The person is simulated: at each correction the largest mistakes that are as thick as a brush get a stroke along their
middle. `--weights` starts from others than the shipped ones, such as those of `pretraining/train.py --hold-out KIND`.
"""

from __future__ import annotations

from statistics import mean
from typing import TYPE_CHECKING

import numpy as np
import torch
from interactive import LARGEST, images, our_forest
from real_images import folders_of, scribbled_parser, use_weights
from report import machine_facts, markdown_table, write_report
from scipy import ndimage

from napari_labelfix.annotations import BACKGROUND, FIRST_CLASS, UNMARKED, Plane, Scribbles, Task
from napari_labelfix.methods.scribble2label import rehearsal
from napari_labelfix.methods.scribble2label.params import Scribble2LabelParams
from napari_labelfix.methods.scribble2label.run import train
from napari_labelfix.metrics.overlap import iou
from napari_labelfix.sample_data.scribbles import scribbles_from_labels

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

STROKES = 4  # of a correction
THICK = 2  # pixels from the middle of a mistake to its edge, from which on a person sees it
WAYS = {"strokes alone": 0, "rehearsal": rehearsal.PIXELS}


def strokes(wrong: NDArray[np.bool_], count: int) -> list[tuple[float, NDArray[np.bool_]]]:
    """Return area and middle (Y, X) of the `count` largest mistakes of one kind that a person would see."""
    pieces, found = ndimage.label(wrong)
    depth = ndimage.distance_transform_edt(np.pad(wrong, 1))[1:-1, 1:-1]
    numbers = np.arange(1, found + 1)
    deepest, areas = ndimage.maximum(depth, pieces, numbers), ndimage.sum(wrong, pieces, numbers)
    seen = [(area, number, deep) for area, number, deep in zip(areas, numbers, deepest, strict=True) if deep >= THICK]
    largest = sorted(seen, reverse=True)[:count]
    return [(area, (pieces == number) & (depth >= max(1.5, 0.6 * deep))) for area, number, deep in largest]


def corrected(marks: NDArray[np.uint8], found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return scribbles (Y, X) with strokes through the largest mistakes that have none yet."""
    unmarked, more = marks == UNMARKED, marks.copy()
    missed = [(*stroke, FIRST_CLASS) for stroke in strokes(truth & ~found & unmarked, STROKES)]
    wrong = [(*stroke, BACKGROUND) for stroke in strokes(found & ~truth & unmarked, STROKES)]
    for _, middle, value in sorted(missed + wrong, key=lambda stroke: -stroke[0])[:STROKES]:
        more[middle & unmarked] = value
    return more


def after_each_correction(
    image: NDArray[np.generic], marks: NDArray[np.uint8], truth: NDArray[np.bool_], options: argparse.Namespace
) -> Iterator[float]:
    """Yield the IoU of the first proposal, and then of what is seen before the first, second, ... correction."""
    params = Scribble2LabelParams(epochs=options.epochs * (options.corrections + 1) + 1, seed=options.seed)
    training, drawn = train(_task(image, marks), params), None
    rounds, shown = 0, None
    while rounds <= options.corrections:
        snapshot, drawn = training.send(drawn), None
        if not snapshot.proposals:
            continue
        if shown is None:
            yield iou(snapshot.proposals[0].classes > 0, truth)
        shown = snapshot.proposals[0].classes > 0
        if snapshot.stage == "self-labelling" and snapshot.step >= options.epochs * (rounds + 1):
            yield iou(shown, truth)
            rounds += 1
            marks = corrected(marks, shown, truth)
            drawn = _task(image, marks)
    training.close()


def _task(image: NDArray[np.generic], marks: NDArray[np.uint8]) -> Task:
    return Task((Plane("image", image, Scribbles(marks)),))


def measured_rows(folder: Path, options: argparse.Namespace) -> Iterator[dict[str, object]]:
    """Yield a row for each image of a kind and each way."""
    use_weights(options, folder.name)
    for name, image, labels in images(folder, options.images, options.seed):
        marks = scribbles_from_labels(labels, options.ratio, options.seed)
        if set(np.unique(marks)) < {BACKGROUND, FIRST_CLASS}:
            continue  # no room for a scribble of each kind
        forest = iou(our_forest(image, marks), labels > 0)
        for way, pixels in WAYS.items():
            rehearsal.PIXELS = pixels
            found = list(after_each_correction(image, marks, labels > 0, options))
            row: dict[str, object] = {"kind": folder.name, "image": name[:8], "way": way, "forest": forest}
            row |= dict(zip(columns(options), found, strict=True))
            row["worst fall"] = max(0.0, *np.subtract(found[:-1], found[1:]))
            print(markdown_table([row]).splitlines()[-1], flush=True)
            yield row


def columns(options: argparse.Namespace) -> list[str]:
    """Return what the figures of `after_each_correction` are called."""
    return ["first", "trained", *(f"corrected {number}x" for number in range(1, options.corrections + 1))]


def summary(rows: list[dict[str, object]], kind: str, way: str) -> dict[str, object]:
    """Return the means of a way over some images, and its worst fall."""
    chosen = [row for row in rows if row["way"] == way]
    figures = [name for name in chosen[0] if name not in ("kind", "image", "way", "worst fall")]
    means: dict[str, object] = {name: mean(float(str(row[name])) for row in chosen) for name in figures}
    worst = max(float(str(row["worst fall"])) for row in chosen)
    return {"kind": kind, "image": f"mean of {len(chosen)}", "way": way} | means | {"worst fall": worst}


def main() -> None:
    """Run the suite and write `results/corrections.md` and `.json`."""
    parser = scribbled_parser(__doc__, "corrections", images=2)
    parser.add_argument("--corrections", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=25, help="before each correction")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    kinds = {folder.name: list(measured_rows(folder, options)) for folder in folders_of(options)}
    everything = [row for rows in kinds.values() for row in rows]
    means = [summary(rows, kind, way) for kind, rows in kinds.items() for way in WAYS]
    means += [summary(everything, "all", way) for way in WAYS]
    notes = [
        f"IoU of the foreground; automatic scribbles on {options.ratio:.0%} of the objects, then a stroke through each "
        f"of the {STROKES} largest mistakes at each correction; {options.epochs} epochs before each; seed "
        f"{options.seed}; images from `val`, crops of at most {LARGEST} px; started from "
        f"{'weights that have seen other kinds only' if options.weights else 'the shipped weights'}.",
        "Strokes alone: the forest of the instant proposal learns from strokes only. Rehearsal: beside them, with "
        "little weight, from what was sure when the person looked and was not corrected. Each way is corrected where "
        "it is wrong.",
        "Worst fall: the most that the proposal loses from one column to the next; of means, of any image.",
    ]
    print(write_report(options.name, "Corrections: Scribble2Label", everything + means, machine_facts(), notes))


if __name__ == "__main__":
    main()
