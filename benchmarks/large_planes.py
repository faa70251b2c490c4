"""How long a person who draws on a large plane waits, with Scribble2Label.

`python benchmarks/large_planes.py`. From Run to the first proposal, which is of the surroundings of the strokes, and to
that of the whole plane; and the same from a stroke that is drawn elsewhere while the network trains. In a process of
its own as the dock starts it, with everything imported; nothing set. Close other programs first.
"""

from __future__ import annotations

import argparse
import time
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from first_proposal import wait_for
from report import machine_facts, write_report

from napari_labelfix.annotations import BACKGROUND, Plane, Scribbles, Task
from napari_labelfix.methods.table import METHODS
from napari_labelfix.sample_data.scribbles import painted_scribbles
from napari_labelfix.sample_data.synthetic import fluorescence, stained_tissue
from napari_labelfix.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_labelfix.sample_data.synthetic import Sample
    from napari_labelfix.snapshots import Snapshot
    from napari_labelfix.trainer.trainer import TrainerRun

PATCH = 512  # pixels of a side of the sample that the planes are made of
ANSWER = "instant proposal"  # the stage that answers strokes


def plane_of(sample: Sample, side: int) -> tuple[NDArray[np.generic], NDArray[np.uint8], tuple[slice, slice]]:
    """Return a plane of copies of a sample, strokes on one of them, and where there is background far away."""
    times = side // PATCH
    image = np.tile(sample.image, (times, times, *[1] * (sample.image.ndim - 2)))
    marks = np.zeros((side, side), np.uint8)
    marks[:PATCH, :PATCH] = painted_scribbles(sample.labels, 0.15, 1)
    y, x = np.argwhere(sample.labels[: PATCH - 3, : PATCH - 3] == 0)[-1] + side - PATCH
    return image, marks, (slice(y, y + 2), slice(x, x + 2))


def answers(run: TrainerRun, began: float) -> Iterator[tuple[float, Snapshot]]:
    """Yield the proposals that answer strokes, with the seconds until then; end when something else comes."""
    answered = False
    for snapshot in run.snapshots():
        if snapshot.stage == ANSWER:
            answered = True
            yield time.monotonic() - began, snapshot
        elif answered:
            return


def measure(sample: Sample, side: int) -> dict[str, float]:
    """Return seconds: from Run to the first and the whole proposal, and the same from a stroke during the training."""
    image, marks, elsewhere = plane_of(sample, side)
    method = METHODS["scribble2label"]
    trainer = Trainer()
    wait_for(trainer)
    began = time.monotonic()
    run = trainer.start(method, Task((Plane("plane", image, Scribbles(marks)),)), method.params())
    first = [seconds for seconds, _ in answers(run, began)]
    next(snapshot for snapshot in run.snapshots() if snapshot.stage == "self-labelling")
    more = marks.copy()
    more[elsewhere] = BACKGROUND
    drawn = time.monotonic()
    run.send(Task((Plane("plane", image, Scribbles(more)),)))
    stroke = [seconds for seconds, _ in answers(run, drawn)]
    run.stop()
    trainer.close()
    return {
        "first proposal, s": first[0],
        "whole plane, s": first[-1],
        "a stroke, s": stroke[0],
        "stroke, whole plane, s": stroke[-1],
    }


def main() -> None:
    """Measure, and write `results/large_planes.md` and `.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sides", type=int, nargs="+", default=[512, 1024, 2048, 4096])
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    rows: list[dict[str, object]] = []
    for name, sample in (("fluorescence", fluorescence(1)), ("tissue, in colour", stained_tissue(1))):
        for side in options.sides:
            runs = [measure(sample, side) for _ in range(options.times)]
            seconds = {column: median(run[column] for run in runs) for column in runs[0]}
            rows.append({"plane": name, "side, px": side} | seconds)
            print(rows[-1], flush=True)
    notes = [
        f"Median of {options.times} runs. The strokes lie in one corner of {PATCH} px, the stroke that is drawn while "
        "the network trains in the opposite one.",
        "First proposal: of the surroundings of the strokes; planes of up to 724 px a side are proposed in one piece.",
    ]
    print(write_report("large_planes", "Strokes on large planes", rows, machine_facts(), notes))


if __name__ == "__main__":
    main()
