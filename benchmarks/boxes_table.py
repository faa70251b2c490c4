"""The table of SISSI on real images: what correcting boxes is worth where some are missing and none is exact.

`python benchmarks/boxes_table.py --data DIR`, where DIR holds a folder a kind of image, each with a `train.npz` and a
`val.npz` of `image_<id>` and `labels_<id>`. Detectors learn from crops of `train` with weak boxes, and are measured on
`val`. With the defaults, a seed of a kind takes about half an hour on two cores; `--images`, `--measured`, `--epochs`
and `--encoder resnet50` make it as large as the paper's, for a GPU. It can be stopped and started again: `--rows` keeps
what is measured.

The shipped weights have seen `train` with all its labels. `--scratch` starts from random weights, `--weights` from
others, such as those of `pretraining/train_detector.py --hold-out KIND`, which have not seen the kind.
"""

from __future__ import annotations

import time
from itertools import product
from statistics import mean
from typing import TYPE_CHECKING, Any

import numpy as np
from paper_table import SIDE, measured_rows, options_parser, scenes, start_of, write_as_measured

from napari_labelfix.annotations import Boxes, Plane, Task
from napari_labelfix.data.label_images import boxes_of_labels
from napari_labelfix.methods.sissi.params import SissiParams
from napari_labelfix.methods.sissi.run import predict, train
from napari_labelfix.methods.sissi.weak_boxes import find_weak_boxes
from napari_labelfix.metrics.boxes import BoxScores, box_scores
from napari_labelfix.sample_data.imperfect import careless_boxes
from napari_labelfix.snapshots import run_to_end

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from paper_table import Scene

SOURCE_LOSS, SLOWDOWN = "at the lowest source loss", "when learning slows down"
WAYS: dict[str, dict[str, object]] = {  # the six of the paper
    "Baseline": {"correction": SOURCE_LOSS, "background": "as it is"},
    "SISSI(W)": {"correction": SOURCE_LOSS, "background": "weak blur"},
    "SISSI(S)": {"correction": SOURCE_LOSS, "background": "strong blur"},
    "Plain A": {"correction": SLOWDOWN, "background": "as it is"},
    "A+SISSI(W)": {"correction": SLOWDOWN, "background": "weak blur"},
    "A+SISSI(S)": {"correction": SLOWDOWN, "background": "strong blur"},
}
GIVEN, START, NEVER, FULL = "the weak boxes themselves", "no training", "never corrected", "all boxes, exact"
OURS = "ours"
MEASURES = BoxScores._fields
PAPER_AP_AR = {  # reader 1
    "Baseline": (0.213, 0.327), "SISSI(W)": (0.259, 0.377), "SISSI(S)": (0.162, 0.328), "Plain A": (0.192, 0.439),
    "A+SISSI(W)": (0.360, 0.603), "A+SISSI(S)": (0.432, 0.576),
}  # fmt: skip
WEAK: dict[str, Callable[[Scene, int], NDArray[np.floating]]] = {
    "watershed": lambda scene, _seed: find_weak_boxes(scene.image, "watershed"),
    "drawn": lambda scene, seed: careless_boxes(scene.labels, seed),
}


def learn_and_find(
    lessons: Sequence[Scene], tests: Sequence[Scene], weak: str, params: SissiParams, exact: bool, seed: int
) -> list[tuple[NDArray[np.floating], NDArray[np.floating]]]:
    """Train on boxes, weak or exact ones, and return what is found in other images."""
    given = [boxes_of_labels(s.labels) if exact else WEAK[weak](s, 1000 * seed + i) for i, s in enumerate(lessons)]
    planes = [
        Plane(str(index), scene.image, Boxes(corners, scene.labels.shape))
        for index, (scene, corners) in enumerate(zip(lessons, given, strict=True))
    ]
    _, model = run_to_end(train(Task(tuple(planes)), params))
    assert model is not None
    found = [predict(model, scene.image, params.device) for scene in tests]
    return [(boxes.corners, boxes.scores) for boxes in found]


def first_look(
    lessons: Sequence[Scene], tests: Sequence[Scene], weak: str, params: SissiParams, seed: int
) -> list[tuple[NDArray[np.floating], NDArray[np.floating]]]:
    """Return what the detector finds in other images before it has learned from these: after steps of no length."""
    still = params.replace(learning_rate=1e-7, epochs=2, correction="never")
    return learn_and_find(lessons, tests, weak, still, exact=False, seed=seed)


def settings_of(way: str) -> dict[str, object]:
    """Return the parameters of a way: the paper forgets given boxes, and learns from all found."""
    if way in WAYS:
        return WAYS[way] | {"keep_given": False, "learned_score": 0.1}
    return {} if way == OURS else {"correction": "never"}


def table(measured: Sequence[dict[str, Any]]) -> list[dict[str, object]]:
    """Return a row for each kind, sort of weak boxes and way: means over the seeds."""
    rows: list[dict[str, object]] = []
    for kind, weak, way in sorted({(row["kind"], row["boxes"], row["way"]) for row in measured}, key=_place):
        found = [row for row in measured if (row["kind"], row["boxes"], row["way"]) == (kind, weak, way)]
        row: dict[str, object] = {"kind": kind, "boxes": weak, "way": way, "seeds": len(found)}
        row |= {name.upper(): mean(one[name] for one in found) for name in MEASURES}
        row |= {"lowest AP": min(one["ap"] for one in found), "highest AP": max(one["ap"] for one in found)}
        paper = PAPER_AP_AR.get(way)
        rows.append(row | ({"paper's AP": paper[0], "paper's AR": paper[1]} if paper else {}))
    return rows


def _place(key: tuple[str, str, str]) -> tuple[str, str, int]:
    kind, weak, way = key
    return kind, weak, [GIVEN, START, NEVER, *WAYS, OURS, FULL].index(way)


def measured(options: argparse.Namespace, kind: Path, weak: str, way: str, seed: int) -> dict[str, float]:
    """Train on the weak boxes of a kind and return the scores of what is found in other images."""
    params = SissiParams(
        epochs=options.epochs, pretrained=not options.scratch, seed=seed, device=options.device,
        encoder=options.encoder, **settings_of(way),
    )  # fmt: skip
    lessons = scenes(kind / "train.npz", options.images, seed)
    tests = scenes(kind / "val.npz", options.measured, 0)
    began = time.monotonic()
    if way == GIVEN:
        corners = [WEAK[weak](scene, 1000 * seed + i) for i, scene in enumerate(tests)]
        found = [(each, np.ones(len(each))) for each in corners]
    elif way == START:
        found = first_look(lessons, tests, weak, params, seed)
    else:
        found = learn_and_find(lessons, tests, weak, params, way == FULL, seed)
    scores = box_scores(found, [boxes_of_labels(scene.labels) for scene in tests])
    return scores._asdict() | {"seconds": time.monotonic() - began}


def main() -> None:
    """Run the table and write `results/boxes_table.md` and `.json`."""
    parser = options_parser(__doc__, "boxes_table", images=10, epochs=12)
    parser.add_argument("--boxes", nargs="*", default=list(WEAK), choices=list(WEAK))
    parser.add_argument("--encoder", default="microscopy")
    options = parser.parse_args()

    ways = list(product(options.boxes, [GIVEN, START, NEVER, OURS, *WAYS, FULL]))
    notes = [
        f"Means over seeds, on {options.measured} crops of other images; {options.images} crops of {SIDE} px with weak "
        f"boxes to learn from, {options.epochs} epochs; made-up cells are the source of good boxes; detector: "
        f"{options.encoder}; it starts from {start_of(options)}.",
        "Boxes: found by watershed, or drawn in a hurry: half are missing, and each side of the others is off by a "
        "tenth of the object's length. AP and AR as COCO defines them, by its own evaluator, with up to 500 boxes an "
        "image. Of all ways, what is found is fused from twenty views.",
        "Baseline, SISSI(W) and SISSI(S) correct boxes from the epoch with the lowest loss on the source on, the rows "
        "with A from that in which learning slows down (ADELE); with an image as it is, a weakly (W) and a strongly "
        "(S) blurred background. Ours: as Plain A, but of what is found only boxes with a score of 0.6 are learned "
        "from, and given ones are where nothing is found. The weak boxes themselves: of the measured images.",
        "The paper's figures are of its first reader, of other images and a ResNet-50 that starts from COCO, with the "
        "539 images of Cellpose as source; they stand beside, not against.",
    ]
    rows = measured_rows(options, "boxes", ways, measured)
    write_as_measured(options, "SISSI: what correcting boxes is worth", rows, table, notes)


if __name__ == "__main__":
    main()
