"""The methods other than Scribble2Label on images like none that anything was learned from.

`python benchmarks/unusual_methods.py` draws images as `unusual_images.py` does and gives each method what it learns
from: P-classification points on a tenth of the objects, the label upgrade two right images and four that are spoiled,
SISSI boxes of which half are missing, HoVer-Net + ST++ labels for two of six images. Shipped weights, one seed. A kind
takes five minutes on one core; `--only` and `--kinds` choose, and what is measured is kept in `--rows`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING

import numpy as np
import points
import torch
import unusual_images
import upgrade
from report import machine_facts, write_report
from scipy.ndimage import center_of_mass

from napari_labelfix.annotations import Boxes, FinishedInstances, Plane, Task
from napari_labelfix.data.label_images import boxes_of_labels, relabel_sequential
from napari_labelfix.methods.table import METHODS
from napari_labelfix.metrics.boxes import box_scores
from napari_labelfix.metrics.instances import f1_score
from napari_labelfix.sample_data.imperfect import careless_boxes
from napari_labelfix.snapshots import run_to_end

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_labelfix.snapshots import Belief

    Drawn = list[tuple[NDArray[np.generic], NDArray[np.int32]]]  # images and their labels

IMAGES = 6
FIRST = 100  # seed of the first drawing
KINDS = {kind.__name__: kind for kind in unusual_images.KINDS}


def drawn(kind: str) -> Drawn:
    """Return images of a kind with their labels."""
    pairs: Drawn = []
    for number in range(IMAGES):
        scene = unusual_images.Scene(np.random.default_rng(FIRST + number))
        image = KINDS[kind](scene)
        pairs.append((image, relabel_sequential(scene.labels)))
    return pairs


def p_classification(pairs: Drawn) -> dict[str, float]:
    """Return F1 of the points, and that of a classical detector."""
    scenes = []
    for number, (image, labels) in enumerate(pairs[:4]):
        ids, sizes = np.unique(labels[labels > 0], return_counts=True)
        centres = np.array(center_of_mass(labels > 0, labels, ids))
        scenes.append(points.Scene(str(number), image, centres, float(np.median(np.sqrt(sizes / np.pi)))))
    task = points.marked(scenes, 0.1, 0)
    rows = list(points.ours(task, scenes, scenes[:1], points.PClassificationParams(device="cpu")))
    found, _ = points.classical(points.blobs, task, [])
    return {"points: blobs F1": points.measure(found, scenes).f1, "points F1": float(str(rows[-1]["F1"]))}


def label_upgrade(pairs: Drawn) -> dict[str, float]:
    """Return Dice and F1 of labels with a mix of errors, before and after, and F1 of right ones after."""
    right, mix = "none: right labels", upgrade.MIX
    scene = upgrade.Scene(pairs[:2], pairs[2:], [], upgrade.LabelUpgradeParams(device="cpu"))
    rows = upgrade.upgraded(scene, [mix, right], scene.params)
    return {
        "labels Dice before": rows[mix]["Dice before"],
        "labels Dice": rows[mix]["Dice after"],
        "labels F1 before": rows[mix]["F1 before"],
        "labels F1": rows[mix]["F1 after"],
        "right labels F1": rows[right]["F1 after"],
    }


def sissi(pairs: Drawn) -> dict[str, float]:
    """Return AP50 of careless boxes, and of those that are proposed in their place."""
    some = pairs[:3]
    given = [careless_boxes(labels, seed) for seed, (_, labels) in enumerate(some)]
    planes = [
        Plane(str(number), image, Boxes(corners, labels.shape))
        for number, ((image, labels), corners) in enumerate(zip(some, given, strict=True))
    ]
    truth = [boxes_of_labels(labels) for _, labels in some]
    found = proposed("sissi", planes, epochs=6)
    pairs_found = [(found[index].corners, found[index].scores) for index in range(len(some))]
    before = box_scores([(corners, np.ones(len(corners))) for corners in given], truth)
    return {"boxes AP50 before": before.ap50, "boxes AP50": box_scores(pairs_found, truth).ap50}


def hovernet_stpp(pairs: Drawn) -> dict[str, float]:
    """Return F1 of the objects in the images without labels."""
    planes = [
        Plane(str(number), image, FinishedInstances(labels) if number < 2 else None)
        for number, (image, labels) in enumerate(pairs)
    ]
    found = proposed("hovernet_stpp", planes, epochs=15)
    return {"few labelled F1": mean(f1_score(found[number].labels, pairs[number][1]) for number in range(2, IMAGES))}


def proposed(method: str, planes: list[Plane], **values: object) -> dict[int, Belief]:
    """Return what a method proposes in the end."""
    params = METHODS[method].params.from_dict({"device": "cpu"} | values)
    beliefs, _ = run_to_end(METHODS[method].load().train(Task(tuple(planes)), params))
    return beliefs


WAYS: dict[str, Callable[[Drawn], dict[str, float]]] = {
    way.__name__: way for way in (p_classification, label_upgrade, sissi, hovernet_stpp)
}


def main() -> None:
    """Measure, and write `results/unusual_methods.md` and `.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=list(KINDS), help="none writes the table")
    parser.add_argument("--only", nargs="+", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--rows", type=Path, nargs="+", default=[Path("unusual_rows.json")], help="the last is added to"
    )
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows: dict[str, dict[str, float]] = {}
    for file in options.rows:
        for kind, found in (json.loads(file.read_text()) if file.exists() else {}).items():
            rows.setdefault(kind, {}).update(found)
    done = json.loads(options.rows[-1].read_text()) if options.rows[-1].exists() else {}
    for way in options.only:
        for kind in options.kinds:
            found = WAYS[way](drawn(kind))
            rows.setdefault(kind, {}).update(found)
            done.setdefault(kind, {}).update(found)
            options.rows[-1].write_text(json.dumps(done))
            print(kind, way, found, flush=True)
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    table: list[dict[str, object]] = [{"kind": kind} | rows[kind] for kind in KINDS if kind in rows]
    complete = [row for row in table if all(column in row for column in columns)]
    table.append({"kind": "mean"} | {column: mean(float(str(row[column])) for row in complete) for column in columns})
    notes = [
        "Drawn images of 384 px, six of a kind; one seed; shipped weights, which have seen nothing like these.",
        "Points on a tenth of the objects of four images; blobs: the Laplacian of Gaussian, its threshold from the "
        "marked ones. Labels with a mix of errors (a third missing, a third of others added, outlines moved by up to "
        "four pixels), two right images beside four; right labels: what is left of them. Boxes on three images, half "
        "missing and each side off by a tenth; six epochs. Few labelled: two of six images; 15 epochs.",
    ]
    title = "The other methods on images like none that was learned from"
    print(write_report("unusual_methods", title, table, machine_facts(), notes))


if __name__ == "__main__":
    main()
