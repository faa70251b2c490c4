"""Several classes: nuclei of two stains that are more or less alike: `python benchmarks/two_classes.py`.

Scribbles are drawn on some nuclei of each stain, as a class each, and Scribble2Label trains. What is shown at first and
while it trains is compared with the truth, and so is what the network makes of the image alone in the end.
"""

from __future__ import annotations

import argparse
from statistics import mean
from typing import TYPE_CHECKING

import numpy as np
import torch
from report import machine_facts, write_report
from unusual_images import Scene, two_stains

from napari_labelfix.annotations import BACKGROUND, FIRST_CLASS, Plane, Scribbles, Task
from napari_labelfix.methods.scribble2label.params import Scribble2LabelParams
from napari_labelfix.methods.scribble2label.run import predict, train
from napari_labelfix.metrics.overlap import iou
from napari_labelfix.sample_data.scribbles import scribbles_from_labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALIKE = (1.0, 0.6, 0.35)  # how far apart the stains are, beside brown and blue
CORNER = np.s_[:256, :256]
CLASSES = (1, 2)
LOOKS = (0, 0.25, 0.5, 0.75, 1)  # of the epochs


def drawn(labels: NDArray[np.int32], classes: NDArray[np.uint8], ratio: float, seed: int) -> NDArray[np.uint8]:
    """Scribble on a share of the objects of each class, and on the background (Y, X)."""
    marks = np.zeros(labels.shape, np.uint8)
    for value in CLASSES:
        own = scribbles_from_labels(np.where(classes == value, labels, 0), ratio, seed)
        marks[own == FIRST_CLASS] = BACKGROUND + value
    ground = scribbles_from_labels(labels, ratio, seed) == BACKGROUND
    return np.where(ground & (marks == 0), BACKGROUND, marks).astype(np.uint8)


def measured(apart: float, seed: int, options: argparse.Namespace) -> dict[str, float]:
    """Train on one image; return the mean IoU of both classes at each look, and that of the network alone."""
    scene = Scene(np.random.default_rng(seed))
    image, brown = two_stains(scene, apart)
    truth = np.where(np.isin(scene.labels, brown), 1, 2 * (scene.labels > 0)).astype(np.uint8)[CORNER]
    image, labels = image[CORNER], scene.labels[CORNER]
    task = Task((Plane("nuclei", image, Scribbles(drawn(labels, truth, options.ratio, seed))),))
    run = train(task, Scribble2LabelParams(epochs=options.epochs, seed=seed, crop=128, device="cpu"))
    shown: list[tuple[int, float]] = []
    while True:
        try:
            snapshot = next(run)
        except StopIteration as end:
            alone = predict(end.value, image).classes
            break
        if 0 in snapshot.proposals:
            shown.append((snapshot.step, _both(snapshot.proposals[0].classes, truth)))
    steps = [min(shown, key=lambda look: abs(look[0] - share * options.epochs)) for share in LOOKS]
    names = ["first", *(f"{share * options.epochs:.0f} epochs" for share in LOOKS[1:])]
    found = {name: value for name, (_, value) in zip(names, steps, strict=True)}
    return {"apart": apart, "image": seed} | found | {"network alone": _both(alone, truth)}


def _both(classes: NDArray[np.uint8], truth: NDArray[np.uint8]) -> float:
    return mean(iou(classes == value, truth == value) for value in CLASSES)


def main() -> None:
    """Measure, and write `results/two_classes.md` and `.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=3, help="of each pair of stains")
    parser.add_argument("--epochs", type=int, default=400)
    parser.add_argument("--ratio", type=float, default=0.15, help="share of the objects that are scribbled")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows: list[dict[str, object]] = []
    for apart in ALIKE:
        found = [measured(apart, seed, options) for seed in range(options.images)]
        means = {name: mean(row[name] for row in found) for name in found[0] if name not in ("apart", "image")}
        rows += [*found, {"apart": apart, "image": "mean"} | means]
    notes = [
        f"Drawn nuclei of two stains, 256 x 256 pixels; scribbles on {options.ratio:.0%} of the objects of each; mean "
        "IoU of both classes in what is shown, and in what the network makes of the image alone after the last epoch.",
        "Apart: the distance of their colours, 1 for brown and blue. Both vary from nucleus to nucleus by 0.04 of full "
        "brightness.",
    ]
    print(write_report("two_classes", "Two classes of objects", rows, machine_facts(), notes))


if __name__ == "__main__":
    main()
