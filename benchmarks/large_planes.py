"""How long a person who works on a large plane waits.

`python benchmarks/large_planes.py`. From Run to the first proposal, which is of the surroundings of what was drawn, and
to that of the whole plane; with Scribble2Label the same from a stroke that is drawn elsewhere while the network trains.
In a process of its own as the dock starts it, with everything imported; nothing set. Close other programs first.
"""

from __future__ import annotations

import argparse
import os
import time
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from first_proposal import RIGHT, wait_for
from report import machine_facts, write_report

from napari_labelfix.annotations import BACKGROUND, Boxes, FinishedInstances, Instances, Plane, Points, Scribbles, Task
from napari_labelfix.methods.table import METHODS
from napari_labelfix.sample_data.imperfect import careless_boxes, careless_labels, some_centres, typical_diameter
from napari_labelfix.sample_data.scribbles import painted_scribbles
from napari_labelfix.sample_data.synthetic import fluorescence, stained_tissue
from napari_labelfix.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from napari_labelfix.annotations import Annotation
    from napari_labelfix.sample_data.synthetic import Sample
    from napari_labelfix.snapshots import Snapshot
    from napari_labelfix.trainer.trainer import TrainerRun

PATCH = 512  # pixels of a side of the sample that the planes are made of
ANSWER = "instant proposal"  # the stage that answers strokes
STROKES = "scribble2label"


def points(sample: Sample, shape: tuple[int, int]) -> Points:
    """Return points on a tenth of the cells of one copy of a sample."""
    return Points(some_centres(sample.labels, 0.1, 2), shape, typical_diameter(sample.labels) / 2)


def boxes(sample: Sample, shape: tuple[int, int]) -> Boxes:
    """Return careless boxes on half of the cells of one copy of a sample."""
    return Boxes(careless_boxes(sample.labels, 1), shape)


def finished_part(sample: Sample, shape: tuple[int, int]) -> FinishedInstances:
    """Return the labels of a corner."""
    labels, known = np.zeros(shape, np.int32), np.zeros(shape, bool)
    labels[RIGHT], known[RIGHT] = sample.labels[RIGHT], True
    return FinishedInstances(labels, known)


def careless(sample: Sample, shape: tuple[int, int]) -> Instances:
    """Return careless labels of all copies of a sample, right in a corner of the first."""
    rows, columns = (length // PATCH for length in shape)
    labels, trusted = np.tile(careless_labels(sample.labels, RIGHT, 2), (rows, columns)), np.zeros(shape, bool)
    copies = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns).repeat(PATCH, 0).repeat(PATCH, 1)
    trusted[RIGHT] = True
    return Instances(np.where(labels > 0, labels + copies * (labels.max() + 1), 0).astype(np.int32), trusted)


GIVEN: dict[str, Callable[[Sample, tuple[int, int]], Annotation]] = {
    "p_classification": points,
    "sissi": boxes,
    "hovernet_stpp": finished_part,
    "label_upgrade": careless,
}


SAMPLES = {"fluorescence": fluorescence(1), "tissue, in colour": stained_tissue(1)}


def image_of(sample: Sample, side: int) -> NDArray[np.generic]:
    """Return a plane of copies of a sample."""
    times = side // PATCH
    return np.tile(sample.image, (times, times, *[1] * (sample.image.ndim - 2)))


def strokes_on(sample: Sample, side: int) -> tuple[NDArray[np.uint8], tuple[slice, slice]]:
    """Return strokes on one copy of a sample in a plane, and where there is background far away."""
    marks = np.zeros((side, side), np.uint8)
    marks[:PATCH, :PATCH] = painted_scribbles(sample.labels, 0.15, 1)
    y, x = np.argwhere(sample.labels[: PATCH - 3, : PATCH - 3] == 0)[-1] + side - PATCH
    return marks, (slice(y, y + 2), slice(x, x + 2))


def answers(run: TrainerRun, began: float) -> Iterator[tuple[float, Snapshot]]:
    """Yield the proposals that answer strokes, with the seconds until then; end when something else comes."""
    answered = False
    for snapshot in run.snapshots():
        if snapshot.stage == ANSWER:
            answered = True
            yield time.monotonic() - began, snapshot
        elif answered:
            return


def measure_strokes(sample: Sample, side: int) -> dict[str, float]:
    """Return seconds: from Run to the first and the whole proposal, and the same from a stroke during the training."""
    image, (marks, elsewhere) = image_of(sample, side), strokes_on(sample, side)
    method = METHODS[STROKES]
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


def measure_first(name: str, sample: Sample, side: int) -> dict[str, float]:
    """Return seconds from Run to the first proposal of a method, and to that of the whole plane."""
    image, method = image_of(sample, side), METHODS[name]
    given = Plane("plane", image, GIVEN[name](sample, (side, side)))
    trainer = Trainer()
    wait_for(trainer)
    began = time.monotonic()
    run = trainer.start(method, Task((given,)), method.params())
    shown = (snapshot for snapshot in run.snapshots() if snapshot.proposals and snapshot.stage != "labels as given")
    first = next(shown)
    seconds = time.monotonic() - began
    if not first.results:
        next(snapshot for snapshot in shown if snapshot.results)
    whole = time.monotonic() - began
    run.stop()
    trainer.close()
    return {"first proposal, s": seconds, "whole plane, s": whole, "whole / first": whole / seconds}


def report_strokes(options: argparse.Namespace) -> None:
    """Write `results/large_planes.md` and `.json`."""
    rows: list[dict[str, object]] = []
    for name, sample in SAMPLES.items():
        for side in options.sides:
            rows.append({"plane": name, "side, px": side} | _medians(options.times, measure_strokes, sample, side))
            print(rows[-1], flush=True)
    notes = [
        f"Median of {options.times} runs. The strokes lie in one corner of {PATCH} px, the stroke that is drawn while "
        "the network trains in the opposite one.",
        "First proposal: of the surroundings of the strokes; planes of up to 724 px a side are proposed in one piece.",
    ]
    print(write_report("large_planes", "Strokes on large planes", rows, machine_facts(), notes))


def report_others(options: argparse.Namespace) -> None:
    """Write `results/large_planes_others.md` and `.json`."""
    rows: list[dict[str, object]] = []
    for method in filter(GIVEN.get, options.methods):
        for name, sample in SAMPLES.items():
            for side in options.sides:
                row: dict[str, object] = {"method": METHODS[method].title, "plane": name, "side, px": side}
                load = os.getloadavg()[0]
                seconds = _medians(options.times, partial(measure_first, method), sample, side)
                rows.append(row | seconds | {"load before": load})
                print(rows[-1], flush=True)
    notes = [
        f"Median of {options.times} runs. What is given lies in one corner of {PATCH} px: points on a tenth of the "
        "cells, boxes on half, labels of a part, or careless labels that are right there.",
        "First proposal: of the surroundings of what is given, where a plane is large. Without such a look one would "
        "wait for the whole plane.",
        "load before: processes that waited for a core in the minute before; with more than 0 it is not alone.",
    ]
    facts = machine_facts() | {"threads": os.environ.get("OMP_NUM_THREADS", "one a core")}
    print(write_report("large_planes_others", "Other methods on large planes", rows, facts, notes))


def main() -> None:
    """Measure, and write the reports."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", nargs="+", choices=[STROKES, *GIVEN], default=[STROKES, *GIVEN])
    parser.add_argument("--sides", type=int, nargs="+", default=[512, 1024, 2048, 4096])
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    if STROKES in options.methods:
        report_strokes(options)
    if set(options.methods) & set(GIVEN):
        report_others(options)


def _medians(
    times: int, measure: Callable[[Sample, int], dict[str, float]], sample: Sample, side: int
) -> dict[str, float]:
    runs = [measure(sample, side) for _ in range(times)]
    return {column: median(run[column] for run in runs) for column in runs[0]}


if __name__ == "__main__":
    main()
