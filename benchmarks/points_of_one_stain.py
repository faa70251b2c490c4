"""P-classification where only cells of one stain are meant: `python benchmarks/points_of_one_stain.py`.

Brown and blue nuclei are drawn as for `unusual_images.py`. A tenth of the brown ones are marked, and some of what is
found at first and is none as *not a cell*, as a person does it. Each run once as it is, and once with a detector that
never learns fast. Seven minutes on one idle core.
"""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from itertools import product
from statistics import mean
from typing import TYPE_CHECKING
from unittest.mock import patch

import numpy as np
import torch
from points import Known, Scene, baseline, found_by, marked, ours
from report import machine_facts, write_report
from scipy.ndimage import center_of_mass
from unusual_images import Scene as Drawing
from unusual_images import one_stain

from napari_labelfix.annotations import Plane, Points, Task
from napari_labelfix.methods.p_classification.detector import Detector
from napari_labelfix.methods.p_classification.params import PClassificationParams

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

IMAGES = 4
REJECTED = (0, 1, 2, 5)  # in each image
FIRST = 100  # seed of the first drawing; the kinds of unusual images begin at 0


def drawn(seed: int) -> Scene:
    """Return an image of which only brown nuclei count."""
    drawing = Drawing(np.random.default_rng(seed))
    image = one_stain(drawing)
    ids, sizes = np.unique(drawing.labels[drawing.labels > 0], return_counts=True)
    centres = np.array(center_of_mass(drawing.labels > 0, drawing.labels, ids))
    return Scene(str(seed), image, centres, float(np.median(np.sqrt(sizes / np.pi))))


def with_rejected(task: Task, scenes: Sequence[Scene], count: int, params: PClassificationParams) -> Task:
    """Return the task with some of what is found at first, and is none, marked as no cell."""
    rng = np.random.default_rng(params.seed)
    known = Known([plane.annotation.positions for plane in task.planes], everywhere=False)
    found, _ = found_by(baseline(task, known, params, epochs=0), task, [])
    planes = []
    for plane, scene, places in zip(task.planes, scenes, found, strict=True):
        away = np.linalg.norm(places[:, None] - scene.cells[None], axis=2).min(axis=1) > scene.radius
        wrong = rng.permutation(places[away])[:count]
        given = plane.annotation
        planes.append(Plane(plane.name, plane.image, Points(given.positions, given.shape, given.radius, wrong)))
    return Task(tuple(planes))


def measured(seed: int, rejected: int, fast: bool) -> Iterator[dict[str, object]]:
    """Yield a row for each round of a run."""
    scenes = [drawn(FIRST + IMAGES * seed + number) for number in range(IMAGES)]
    params = PClassificationParams(device="cpu", seed=seed)
    task = with_rejected(marked(scenes, 0.1, seed), scenes, rejected, params)
    with nullcontext() if fast else patch.object(Detector, "hurry", lambda _self: None):
        yield from ours(task, scenes, scenes[:1], params)


def main() -> None:
    """Measure, and write `results/points_of_one_stain.md` and `.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows: list[dict[str, object]] = []
    for rejected, fast in product(REJECTED, (False, True)):
        runs = [list(measured(seed, rejected, fast)) for seed in options.seeds]
        way = "fast where marks are unheeded" if fast else "never fast"
        row: dict[str, object] = {"rejected in an image": rejected, "learning": way}
        for number, rounds in enumerate(zip(*runs, strict=True)):
            row[f"F1, round {number}"] = mean(float(str(each["F1"])) for each in rounds)
        row["precision"] = mean(float(str(run[-1]["precision"])) for run in runs)
        row["recall"] = mean(float(str(run[-1]["recall"])) for run in runs)
        rows.append(row)
        print(row, flush=True)
    notes = [
        f"Means over {len(options.seeds)} seeds; {IMAGES} drawn images of 384 px, nuclei of two stains, one of which "
        "counts; a tenth of these are marked, and in each image so many of the others that are found at first.",
        "Precision and recall at the end; matched one to one within the radius of the median cell.",
    ]
    title = "Points on cells of one stain, with others there"
    print(write_report("points_of_one_stain", title, rows, machine_facts(), notes))


if __name__ == "__main__":
    main()
