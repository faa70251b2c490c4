"""How long a person waits: from Run to the first proposal, from Stop to the end, and for a model that is applied.

`python benchmarks/first_proposal.py`. The samples of the package, 512 x 512 pixels, in a process of their own as the
dock starts it, with everything imported; nothing set. Close other programs first.
"""

from __future__ import annotations

import argparse
import os
import time
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from report import machine_facts, write_report

from napari_labelfix.annotations import Boxes, FinishedInstances, Instances, Plane, Points, Scribbles, Task
from napari_labelfix.methods.table import METHODS
from napari_labelfix.sample_data.imperfect import careless_boxes, careless_labels, some_centres, typical_diameter
from napari_labelfix.sample_data.scribbles import painted_scribbles
from napari_labelfix.sample_data.synthetic import fluorescence, stained_tissue
from napari_labelfix.trainer import Trainer
from napari_labelfix.trainer.computers import Computer

if TYPE_CHECKING:
    from collections.abc import Callable

RIGHT = np.s_[:170, :170]  # where careless labels are right
PATIENCE = 60.0  # seconds, until the trainer has imported everything
GOES_ON = 3.0  # seconds, before Stop is pressed


def scribbles() -> Task:
    """Return nuclei with strokes on some."""
    image, labels = fluorescence(1)
    return Task((Plane("nuclei", image, Scribbles(painted_scribbles(labels, 0.15, 1))),))


def points() -> Task:
    """Return nuclei with points on a tenth."""
    image, labels = fluorescence(2)
    centres, radius = some_centres(labels, 0.1, 2), typical_diameter(labels) / 2
    return Task((Plane("nuclei", image, Points(centres, labels.shape, radius)),))


def labels_with_mistakes() -> Task:
    """Return tissue with labels that are right in a corner."""
    image, labels = stained_tissue(2)
    trusted = np.zeros(labels.shape, bool)
    trusted[RIGHT] = True
    return Task((Plane("tissue", image, Instances(careless_labels(labels, RIGHT, 2), trusted)),))


def boxes() -> Task:
    """Return nuclei with careless boxes on half."""
    image, labels = fluorescence(1)
    return Task((Plane("nuclei", image, Boxes(careless_boxes(labels, 1), labels.shape)),))


def finished() -> Task:
    """Return three images, of which one is labelled."""
    planes = [fluorescence(seed) for seed in (1, 2, 3)]
    given = [FinishedInstances(planes[0].labels), None, None]
    return Task(tuple(Plane(str(n), one.image, by) for n, (one, by) in enumerate(zip(planes, given, strict=True))))


TASKS: dict[str, Callable[[], Task]] = {
    "scribble2label": scribbles,
    "p_classification": points,
    "label_upgrade": labels_with_mistakes,
    "sissi": boxes,
    "hovernet_stpp": finished,
}


def wait_for(trainer: Trainer) -> None:
    """Wait until a process is ready, as it is when a person has looked at the dock."""
    trainer.warm_up()
    began = time.monotonic()
    while not trainer.ready:
        if time.monotonic() - began > PATIENCE:
            raise SystemExit("The trainer does not get ready. Run it from the dock to see why.")
        time.sleep(0.05)


def measure(name: str, computer: Computer | None) -> tuple[float, float]:
    """Return the seconds to the first proposal, and those that Stop takes until the process here is gone."""
    trainer = Trainer(computer=computer)
    wait_for(trainer)
    task, method = TASKS[name](), METHODS[name]
    began = time.monotonic()
    run = trainer.start(method, task, method.params())
    proposals = (each for each in run.snapshots() if each.proposals and each.stage != "labels as given")
    next(proposals)
    first = time.monotonic() - began
    time.sleep(GOES_ON)
    pressed = time.monotonic()
    run.stop()
    while _is_there(run.pid):
        time.sleep(0.005)
    stopped = time.monotonic() - pressed
    trainer.close()
    return first, stopped


def measure_applying(name: str, computer: Computer | None) -> float:
    """Return the seconds in which the first model of a run tells what it says of the first image, without training."""
    trainer = Trainer(computer=computer)
    wait_for(trainer)
    task, method = TASKS[name](), METHODS[name]
    run = trainer.start(method, task, method.params())
    next(each for each in run.snapshots() if each.model is not None)
    assert run.model is not None
    run.stop()
    wait_for(trainer)
    began = time.monotonic()
    next(each for each in trainer.apply(method, run.model, task).snapshots() if each.proposals)
    seconds = time.monotonic() - began
    trainer.close()
    return seconds


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def main() -> None:
    """Measure, and write `results/NAME.md` and `.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--on", help="address of another computer that SSH reaches")
    parser.add_argument("--python", default="python3", help="the Python there")
    parser.add_argument("--name", default="first_proposal", help="of the files with the results")
    options = parser.parse_args()
    computer = Computer(options.on, options.python) if options.on else None
    rows: list[dict[str, object]] = []
    for name in TASKS:
        load = os.getloadavg()[0]
        firsts, stops = zip(*(measure(name, computer) for _ in range(options.times)), strict=True)
        row: dict[str, object] = {"method": METHODS[name].title, "first proposal, s": median(firsts)}
        row |= {"longest": max(firsts), "Stop, s": max(stops)}
        rows.append(row | {"model applied, s": measure_applying(name, computer), "load before": load})
    notes = [
        f"Median and longest of {options.times} runs; one image of 512 x 512 pixels, of HoVer-Net + ST++ three, of "
        "which the first proposal counts. Labels as they were given count for none. Stop: the longest, until the "
        "process is gone. Asked: 2 s and 1 s. Model applied: to the first image, once.",
        "load before: processes that waited for a core in the minute before; with more than 0 it is not alone.",
    ]
    if computer is not None:
        notes.append(f"Trained on another computer, through SSH: {options.on}.")
    print(write_report(options.name, "From Run to the first proposal", rows, machine_facts(), notes))


if __name__ == "__main__":
    main()
