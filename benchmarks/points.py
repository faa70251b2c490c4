"""P-classification on real images: how many cells it finds from points on a tenth of them, and how many others find.

`python benchmarks/points.py --data DIR`, where DIR holds a folder a kind of image, each with a `val.npz` of
`image_<id>` and `labels_<id>`. A kind and seed take some minutes on one core. `--kinds` and `--seeds` choose which to
run; what is measured is added to the rows in `--measured`, and all of them make the table. With `--weights FOLDER`,
where `{kind}` in the name stands for the kind, networks start from these instead of the shipped weights: weights of
`pretraining/train.py --hold-out KIND` have not seen the kind that they are measured on.
"""

from __future__ import annotations

import argparse
import json
import time
from itertools import chain
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from real_images import use_weights
from report import machine_facts, markdown_table, write_report
from scipy.ndimage import center_of_mass, distance_transform_edt, gaussian_filter, gaussian_laplace
from skimage.filters import threshold_otsu

from napari_labelfix.annotations import Plane, Points, Task
from napari_labelfix.data.normalize import normalize
from napari_labelfix.methods.p_classification.candidates import climb, find_peaks
from napari_labelfix.methods.p_classification.detector import Detector, Lesson
from napari_labelfix.methods.p_classification.params import PClassificationParams
from napari_labelfix.methods.p_classification.run import predict, train
from napari_labelfix.methods.p_classification.session import Session
from napari_labelfix.methods.p_classification.targets import heatmap_target
from napari_labelfix.metrics.detection import DetectionCounts, count_detections
from napari_labelfix.snapshots import Detections, PointRole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

SIDE = 256  # pixels of a crop
FEWEST_CELLS = 6  # in a crop
FOUND = 0.9  # share of the marked cells that a classical detector is tuned to find
PAPER = {
    "missing as background, from scratch": 0.333,
    "masked loss only, from scratch": 0.293,
    "ours, round 2, from scratch": 0.780,
    "all cells given": 0.971,
}  # mean F1 over five sets of the paper's table 1


class Scene(NamedTuple):
    """A crop, the centres (N, 2) of its cells, and the radius of its median cell in pixels."""

    name: str
    image: NDArray[np.generic]
    cells: NDArray[np.float64]
    radius: float


def scenes(folder: Path, part: str, count: int, seed: int) -> tuple[list[Scene], list[Scene]]:
    """Return the crops to mark and as many to hold back; of different images as long as there are enough."""
    found: dict[str, list[Scene]] = {}
    with np.load(folder / f"{part}.npz") as arrays:
        for name in sorted(name.removeprefix("image_") for name in arrays.files if name.startswith("image_")):
            image, labels = arrays[f"image_{name}"], arrays[f"labels_{name}"].astype(np.int32)
            found[name] = list(_crops(name[:8], image, labels))
    rng = np.random.default_rng(seed)
    names = rng.permutation(sorted(found))
    shuffled = [[found[name][i] for i in rng.permutation(len(found[name]))] for name in names]
    depth = max(map(len, shuffled))
    in_turn = [crops[i] for i in range(depth) for crops in shuffled if i < len(crops)]
    return in_turn[:count], in_turn[count : 2 * count]


def _crops(name: str, image: NDArray[np.generic], labels: NDArray[np.int32]) -> Iterator[Scene]:
    for y in range(0, max(1, image.shape[0] - SIDE + 1), SIDE):
        for x in range(0, max(1, image.shape[1] - SIDE + 1), SIDE):
            part = labels[y : y + SIDE, x : x + SIDE]
            ids, sizes = np.unique(part[part > 0], return_counts=True)
            if len(ids) >= FEWEST_CELLS:
                centres = np.array(center_of_mass(part > 0, part, ids))
                radius = float(np.median(np.sqrt(sizes / np.pi)))
                yield Scene(f"{name} {y},{x}", image[y : y + SIDE, x : x + SIDE], centres, radius)


def marked(crops: Sequence[Scene], ratio: float, seed: int) -> Task:
    """Return the task of a person who marks a share of the cells of each crop, one at least."""
    rng = np.random.default_rng(seed)
    planes = []
    for scene in crops:
        chosen = rng.permutation(len(scene.cells))[: max(1, round(ratio * len(scene.cells)))]
        shape = (scene.image.shape[0], scene.image.shape[1])
        planes.append(Plane(scene.name, scene.image, Points(scene.cells[chosen], shape, scene.radius)))
    return Task(tuple(planes))


def measure(found: Sequence[NDArray[np.floating]], crops: Sequence[Scene]) -> DetectionCounts:
    """Count over all crops, each matched within its own radius."""
    counts = [count_detections(points, scene.cells, scene.radius) for points, scene in zip(found, crops, strict=True)]
    return sum(counts, DetectionCounts(0, 0, 0))


def row(method: str, on_marked: DetectionCounts, on_unseen: DetectionCounts, seconds: float) -> dict[str, object]:
    """Return what the table says of one method on one task."""
    return {
        "method": method,
        "precision": on_marked.precision,
        "recall": on_marked.recall,
        "F1": on_marked.f1,
        "F1 unseen": on_unseen.f1,
        "s": seconds,
    }


def ours(
    task: Task, crops: Sequence[Scene], unseen: Sequence[Scene], params: PClassificationParams
) -> Iterator[dict[str, object]]:
    """Run the method and yield a row for each stage that shows detections of all planes."""
    shown: dict[int, Detections] = {}
    began, stage, model = time.monotonic(), "", None
    for snapshot in train(task, params):
        if stage.endswith("detections") and snapshot.stage != stage:
            seconds = time.monotonic() - began
            found = [
                shown[index].positions[shown[index].roles != PointRole.PSEUDO_NEGATIVE] for index in range(len(crops))
            ]
            elsewhere = [predict(model, scene.image).positions for scene in unseen]
            yield row(f"ours, {stage.split(':')[0]}", measure(found, crops), measure(elsewhere, unseen), seconds)
        stage, model = snapshot.stage, snapshot.model or model
        shown.update(snapshot.proposals)


class Known(NamedTuple):
    """What a baseline takes for known: the cells (N, 2) of each plane, and whether there are no others."""

    cells: Sequence[NDArray[np.floating]]
    everywhere: bool


def baseline(task: Task, known: Known, params: PClassificationParams, epochs: int) -> Detector:
    """Train the detector, from the same weights and as long, on what is known."""
    torch.manual_seed(params.seed)
    session = Session(task, params)
    detector = Detector(session.channels, params, session.device)
    lessons = []
    for page, cells in zip(session.pages, known.cells, strict=True):
        target = heatmap_target(page.points.shape, cells, cells[:0], page.points.radius, known.everywhere)
        lessons.append(Lesson(page.image, torch.from_numpy(target), cells))
    for _ in range(epochs):
        for count in detector.batches(lessons):
            detector.step(lessons, count)
    return detector


def found_by(detector: Detector, task: Task, unseen: Sequence[Scene]) -> tuple[list[NDArray], list[NDArray]]:
    """Return what a detector finds in the marked planes and elsewhere, its heatmap scaled as the method does."""
    session = Session(task, detector.params)
    for _ in session.look(detector):
        pass
    threshold = detector.params.threshold
    pairs = list(enumerate(session.pages))
    on_marked = [find_peaks(session.heatmap(i), page.points.radius, threshold)[0] for i, page in pairs]
    images = [torch.from_numpy(normalize(scene.image)).permute(2, 0, 1) for scene in unseen]
    heatmaps = [detector.heatmap(image) / session.level for image in images]
    return on_marked, [find_peaks(heatmap, session.radius, threshold)[0] for heatmap in heatmaps]


def grey(image: NDArray[np.generic]) -> NDArray[np.float32]:
    """Return (Y, X) the mean of the channels."""
    return normalize(image).mean(axis=2)


def blobs(image: NDArray[np.generic], radius: float) -> NDArray[np.float32]:
    """Return the Laplacian of Gaussian of cells brighter than their surroundings."""
    sigma = radius / np.sqrt(2)
    return -(sigma**2) * gaussian_laplace(grey(image), sigma)


def depths(image: NDArray[np.generic], radius: float) -> NDArray[np.float32]:
    """Return the smoothed distance to the background after Otsu's threshold, in radii; cells are bright."""
    pixels = grey(image)
    inside = pixels > threshold_otsu(pixels)
    return gaussian_filter(distance_transform_edt(inside), 0.15 * radius) / radius


def classical(
    response: Callable[[NDArray[np.generic], float], NDArray[np.float32]], task: Task, unseen: Sequence[Scene]
) -> tuple[list[NDArray], list[NDArray]]:
    """Find the maxima of a response; the marked cells say whether cells are bright or dark, and how high a maximum is.

    The threshold is the highest at which `FOUND` of the marked cells have a maximum that reaches it.
    """
    planes = task.planes
    radius = float(np.median([plane.annotation.radius for plane in planes]))
    heights = {}
    for sign in (1, -1):
        maps = [response(sign * plane.image.astype(np.float32), plane.annotation.radius) for plane in planes]
        at_cells = [
            heatmap[tuple(climb(plane.annotation.positions, heatmap, plane.annotation.radius).astype(int).T)]
            for plane, heatmap in zip(planes, maps, strict=True)
        ]
        heights[sign] = (np.concatenate(at_cells), maps)
    sign = max(heights, key=lambda sign: np.median(heights[sign][0]))
    at_cells, maps = heights[sign]
    threshold = max(float(np.quantile(at_cells, 1 - FOUND)), 1e-3)
    on_marked = [
        find_peaks(heatmap.astype(np.float32), plane.annotation.radius, threshold)[0]
        for plane, heatmap in zip(planes, maps, strict=True)
    ]
    elsewhere = [response(sign * scene.image.astype(np.float32), radius).astype(np.float32) for scene in unseen]
    return on_marked, [find_peaks(heatmap, radius, threshold)[0] for heatmap in elsewhere]


def others(
    task: Task, crops: Sequence[Scene], unseen: Sequence[Scene], params: PClassificationParams
) -> Iterator[dict[str, object]]:
    """Yield a row for what the method starts from, for each baseline and for each classical detector."""
    given = [plane.annotation.positions for plane in task.planes]
    began = time.monotonic()
    start = found_by(baseline(task, Known(given, everywhere=False), params, epochs=0), task, unseen)
    yield row("first look", measure(start[0], crops), measure(start[1], unseen), time.monotonic() - began)
    epochs = (params.rounds + 1) * params.epochs
    learned = {
        "missing as background": Known(given, everywhere=True),
        "masked loss only": Known(given, everywhere=False),
        "all cells given": Known([scene.cells for scene in crops], everywhere=True),
    }
    for name, known in learned.items():
        began = time.monotonic()
        found = found_by(baseline(task, known, params, epochs), task, unseen)
        yield row(name, measure(found[0], crops), measure(found[1], unseen), time.monotonic() - began)
    for name, response in {"Laplacian of Gaussian": blobs, "distance transform": depths}.items():
        began = time.monotonic()
        found = classical(response, task, unseen)
        yield row(name, measure(found[0], crops), measure(found[1], unseen), time.monotonic() - began)


def from_scratch(
    task: Task, crops: Sequence[Scene], unseen: Sequence[Scene], params: PClassificationParams
) -> Iterator[dict[str, object]]:
    """Yield a row for each naive baseline and for the method as the paper has them, from random weights."""
    given = [plane.annotation.positions for plane in task.planes]
    epochs = (params.rounds + 1) * params.epochs
    for name, everywhere in {"missing as background": True, "masked loss only": False}.items():
        began = time.monotonic()
        detector = baseline(task, Known(given, everywhere), params.replace(pretrained=False), epochs)
        found = found_by(detector, task, unseen)
        seconds = time.monotonic() - began
        yield row(f"{name}, from scratch", measure(found[0], crops), measure(found[1], unseen), seconds)
    for line in ours(task, crops, unseen, params.replace(pretrained=False)):
        yield line | {"method": f"{line['method']}, from scratch"}


RUNS = {"ours": ours, "others": others, "scratch": from_scratch}


def means(rows: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Return the mean over seeds of each method on each kind, and the mean of these over the kinds."""
    tables = []
    kinds = sorted({str(row["kind"]) for row in rows})
    for kind in kinds:
        here = [row for row in rows if row["kind"] == kind]
        tables += [{"kind": kind} | _mean_row(here, name) for name in _methods(here)]
    overall = [{"kind": "mean"} | _mean_row(tables, name) for name in _methods(tables)]
    for line in overall:
        line["paper F1"] = PAPER.get(str(line["method"]), "")
    return [*overall, *tables]


def _methods(rows: Sequence[dict[str, object]]) -> list[str]:
    return list(dict.fromkeys(str(row["method"]) for row in rows))


def _mean_row(rows: Sequence[dict[str, object]], method: str) -> dict[str, object]:
    alike = [row for row in rows if row["method"] == method]
    columns = ("precision", "recall", "F1", "F1 unseen", "s")
    seeds = {str(row.get("seed", row.get("seeds"))) for row in alike}
    count = len(seeds) if "seed" in alike[0] else max(map(int, seeds))
    return {"method": method, "seeds": count} | {
        column: mean(float(str(row[column])) for row in alike) for column in columns
    }


def main() -> None:
    """Measure, and write `results/points.md` and `.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--kinds", nargs="+", default=["fluo", "histo", "bf"])
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2], help="none writes the table alone")
    parser.add_argument("--only", choices=RUNS, nargs="+", default=list(RUNS))
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="parameters of the method")
    parser.add_argument(
        "--part", default="val", help="train to choose settings for weights that have not seen the kind"
    )
    parser.add_argument("--crops", type=int, default=10, help="that are marked, and as many that are not")
    parser.add_argument("--weights", help="folder with weights instead of the shipped ones; {kind} in it is replaced")
    parser.add_argument("--name", default="points", help="of the report")
    parser.add_argument("--ratio", type=float, default=0.1, help="share of the cells that are marked")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--measured", type=Path, default=Path("points_rows.json"), help="rows are added to this file")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    measured = json.loads(options.measured.read_text()) if options.measured.exists() else []
    settings = {"device": "cpu"} | dict(setting.split("=") for setting in options.set)
    for seed in options.seeds:
        for kind in options.kinds:
            use_weights(options, kind)
            params = PClassificationParams.from_dict(settings | {"seed": seed})
            crops, unseen = scenes(options.data / kind, options.part, options.crops, seed)
            task = marked(crops, options.ratio, seed)
            for line in chain.from_iterable(RUNS[name](task, crops, unseen, params) for name in options.only):
                measured.append({"kind": kind, "seed": seed} | line)
                print(markdown_table(measured[-1:]).splitlines()[-1], flush=True)
            options.measured.write_text(json.dumps(measured))
    params = PClassificationParams.from_dict(settings)
    known = (
        "weights of a short training that have seen the other kinds, but not this one"
        if options.weights
        else "the shipped weights, which have seen `train` of the same kinds with all its labels"
    )
    notes = [
        f"{options.ratio:.0%} of the cells of each crop are marked, one at least; {options.crops} crops of {SIDE} px a "
        f"kind and seed, from `{options.part}`, and as many that are unseen; {options.threads} threads; "
        f"{params.epochs} epochs a round, and for the others as many as all rounds together, with the same learning "
        f"rate of {params.learning_rate:g}. Unless it says from scratch, a network starts from {known}.",
        "Precision, recall and F1 over all cells of the marked crops (marked cells included), matched one to one "
        "within the radius of the crop's median cell; F1 unseen: the same detector on the other crops.",
        f"Laplacian of Gaussian and distance transform: threshold and polarity from the marked cells, {FOUND:.0%} of "
        "which must be found.",
        "Paper F1: means over five sets of its own (table 1), on test images, from scratch.",
        "s: seconds from the start to this row, beside other programs.",
    ]
    title = "Points: P-classification on held-out images" + " of a kind that is new" * bool(options.weights)
    print(write_report(options.name, title, means(measured), machine_facts(), notes))


if __name__ == "__main__":
    main()
