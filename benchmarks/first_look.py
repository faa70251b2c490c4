"""What is seen before any training on an image: `python benchmarks/first_look.py --data DIR`.

DIR holds a folder a kind, each with a `val.npz`. Automatic scribbles are drawn on some objects of each image. The
forest learns from them; the shipped network sees the image alone; the guided one sees image, scribbles and what the
forest makes of them, and it is what a person sees first. An image takes about a second.
"""

from __future__ import annotations

from statistics import mean
from typing import TYPE_CHECKING

import numpy as np
import torch
from interactive import ALLOWANCE, images
from real_images import folders_of, scribbled_parser, use_weights
from report import machine_facts, write_report

from napari_labelfix.annotations import BACKGROUND, FIRST_CLASS, Plane, Scribbles, Task
from napari_labelfix.data.normalize import normalize
from napari_labelfix.data.patches import predict_probabilities
from napari_labelfix.methods.scribble2label.guide import Guide
from napari_labelfix.methods.scribble2label.instant import InstantClassifier
from napari_labelfix.methods.scribble2label.params import Scribble2LabelParams
from napari_labelfix.methods.scribble2label.session import Session
from napari_labelfix.metrics.overlap import iou
from napari_labelfix.networks import unet
from napari_labelfix.sample_data.scribbles import scribbles_from_labels

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray


def measured(image: NDArray[np.generic], labels: NDArray[np.integer], marks: NDArray[np.uint8]) -> dict[str, float]:
    """Return the IoU of each way to look at an image."""
    session = Session(Task((Plane("image", image, Scribbles(marks)),)), Scribble2LabelParams(device="cpu"))
    (canvas,) = session.canvases
    pixels = normalize(image)
    guess = InstantClassifier([pixels], [canvas.marked.numpy()], session.classes, seed=0).predict(pixels)
    alone = predict_probabilities(unet.pretrained_unet(session.spec).network, canvas.image)
    shares = {"forest": torch.from_numpy(guess), "network alone": alone}
    shares["guided network"] = Guide(session.device).read(canvas, shares["forest"])
    shares["mean of both networks"] = (alone + shares["guided network"]) / 2
    list(session.instant_beliefs())
    shares["first proposal"] = canvas.belief
    session.look_first(0, alone)
    shares["proposal with the network"] = canvas.belief
    return {name: iou(share[1].numpy() > 0.5, labels > 0) for name, share in shares.items()}


def measured_rows(folder: Path, options: argparse.Namespace) -> Iterator[dict[str, float]]:
    """Yield what is measured of each image of a kind."""
    use_weights(options, folder.name)
    for _, image, labels in images(folder, options.images, options.seed):
        marks = scribbles_from_labels(labels, options.ratio, options.seed)
        if {BACKGROUND, FIRST_CLASS} <= set(np.unique(marks)):
            yield measured(image, labels, marks)


def table(kinds: dict[str, list[dict[str, float]]]) -> list[dict[str, object]]:
    """Return a row for each way: its mean for each kind, their mean, and how many images are below their forest."""
    rows = []
    for way in next(iter(kinds.values()))[0]:
        means = {f"{kind} ({len(found)})": mean(row[way] for row in found) for kind, found in kinds.items()}
        below = sum(row[way] < row["forest"] - ALLOWANCE for found in kinds.values() for row in found)
        rows.append({"way": way} | means | {"mean of kinds": mean(means.values()), "below forest": below})
    return rows


def main() -> None:
    """Measure, and write `results/first_look.md` and `.json`."""
    parser = scribbled_parser(__doc__, "first_look", images=20)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows = table({folder.name: list(measured_rows(folder, options)) for folder in folders_of(options)})
    which = "that have seen other kinds only" if options.weights else "that are shipped"
    notes = [
        f"IoU of the foreground, of each kind the mean and in brackets the number of images of `val`, crops of at most "
        f"512 px; automatic scribbles on {options.ratio:.0%} of the objects; weights {which}.",
        "Network alone: it has learned from other images, and has not seen the scribbles. Guided: it has seen the "
        "scribbles and what the forest makes of them. First proposal: the guided network, or the forest where that "
        "finds far more; then the network joins in as far as it agrees with the scribbles.",
        f"Below forest: images on which it is more than {ALLOWANCE} below the forest.",
    ]
    print(write_report(options.name, "Before any training on the image", rows, machine_facts(), notes))


if __name__ == "__main__":
    main()
