"""The interactive suite: how good the proposal is that a person sees 2, 10, 30 and 60 seconds after Run.

`python benchmarks/interactive.py --data DIR`, where DIR holds a folder a kind of image, each with a `val.npz` of
`image_<id>` and `labels_<id>`. An image takes a little over a minute; the machine should have nothing else to do.

The shipped weights have seen other images of these kinds. `--weights` starts from others, such as those of
`pretraining/train.py --hold-out KIND`, which have not: so the tool does on a kind of image that is new to it.
"""

from __future__ import annotations

import os
import time
from statistics import mean
from typing import TYPE_CHECKING

import numpy as np
from real_images import folders_of, scribbled_parser, use_weights
from report import machine_facts, markdown_table, write_report
from skimage.feature import multiscale_basic_features
from sklearn.ensemble import RandomForestClassifier

from napari_labelfix.annotations import BACKGROUND, FIRST_CLASS, Plane, Scribbles, Task
from napari_labelfix.data.normalize import normalize
from napari_labelfix.methods.scribble2label.instant import InstantClassifier
from napari_labelfix.methods.scribble2label.proposer import make_proposal
from napari_labelfix.methods.table import METHODS
from napari_labelfix.metrics.instances import mean_dice
from napari_labelfix.metrics.overlap import iou
from napari_labelfix.sample_data.scribbles import scribbles_from_labels
from napari_labelfix.trainer import Trainer

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

METHOD = METHODS["scribble2label"]
MARKS = (2, 10, 30, 60)  # seconds after Run
ALLOWANCE = 0.03  # how far an image may fall below its own forest
LARGEST = 512  # pixels; larger images are cropped to what the targets are set for


def images(folder: Path, count: int, seed: int) -> Iterator[tuple[str, NDArray[np.generic], NDArray[np.integer]]]:
    """Yield name, image and labels of some images of a kind, chosen by the seed."""
    with np.load(folder / "val.npz") as arrays:
        names = sorted(name.removeprefix("image_") for name in arrays.files if name.startswith("image_"))
        for name in np.random.default_rng(seed).permutation(names)[:count]:
            crop = np.s_[:LARGEST, :LARGEST]
            yield str(name), arrays[f"image_{name}"][crop], arrays[f"labels_{name}"][crop].astype(np.int32)


def reference_forest(image: NDArray[np.generic], marks: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], float]:
    """Return the foreground of scikit-image's trainable segmentation with its example's settings, and its seconds."""
    began = time.monotonic()
    features = multiscale_basic_features(image, channel_axis=-1 if image.ndim == 3 else None, sigma_max=16)
    forest = RandomForestClassifier(n_estimators=50, max_depth=10, n_jobs=-1, random_state=0)
    forest.fit(features[marks > 0], marks[marks > 0])
    found = forest.predict(features.reshape(-1, features.shape[-1])).reshape(marks.shape)
    return found == FIRST_CLASS, time.monotonic() - began


def our_forest(image: NDArray[np.generic], marks: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return the foreground as our own instant classifier alone would have it, without small things and holes."""
    pixels = normalize(image)
    found = InstantClassifier([pixels], [marks.astype(int) - BACKGROUND], 2, seed=0).predict(pixels)
    return make_proposal(found.argmax(axis=0).astype(np.uint8), found.max(axis=0), METHOD.params()).classes > 0


def watch(
    trainer: Trainer, image: NDArray[np.generic], marks: NDArray[np.uint8], truth: NDArray[np.integer]
) -> dict[str, float]:
    """Press Run, and measure what is on the screen at each mark."""
    while not trainer.ready:
        time.sleep(0.1)
    task = Task((Plane("image", image, Scribbles(marks)),))
    measured: dict[str, float] = {}
    began = time.monotonic()
    run = trainer.start(METHOD, task, METHOD.params(epochs=100_000))
    shown = None
    for mark in MARKS:
        while (left := began + mark - time.monotonic()) > 0:
            for snapshot in run.poll():
                if snapshot.proposals:
                    shown = snapshot.proposals[0]
                    if "first s" not in measured:
                        measured |= {"first s": time.monotonic() - began, "first": iou(shown.classes > 0, truth > 0)}
            time.sleep(min(0.02, left))
        measured[f"{mark} s"] = iou(shown.classes > 0, truth > 0) if shown is not None else 0.0
    measured["mDice 60 s"] = mean_dice(shown.labels, truth) if shown is not None else 0.0
    run.stop()
    return measured


def measured_rows(folder: Path, options: argparse.Namespace) -> Iterator[dict[str, object]]:
    """Yield a row for each image of a kind."""
    use_weights(options, folder.name)
    trainer = Trainer()
    trainer.warm_up()
    for name, image, labels in images(folder, options.images, options.seed):
        marks = scribbles_from_labels(labels, options.ratio, options.seed)
        if set(np.unique(marks)) < {BACKGROUND, FIRST_CLASS}:
            continue  # no room for a scribble of each kind
        found, seconds = reference_forest(image, marks)
        row: dict[str, object] = {"kind": folder.name, "image": name[:8]}
        row |= {"reference forest": iou(found, labels > 0), "reference s": seconds}
        row |= {"forest": iou(our_forest(image, marks), labels > 0)}
        row |= watch(trainer, image, marks, labels)
        print(markdown_table([row]).splitlines()[-1], flush=True)
        yield row
    trainer.close()


def summary(rows: list[dict[str, object]], name: str) -> dict[str, object]:
    """Return the means of some rows, and on how many images the last proposal falls below its forest."""
    columns = [column for column in rows[0] if column not in ("kind", "image")]
    means: dict[str, object] = {column: mean(float(str(row[column])) for row in rows) for column in columns}
    below = sum(float(str(row[f"{MARKS[-1]} s"])) < float(str(row["forest"])) - ALLOWANCE for row in rows)
    return {"kind": name, "image": f"mean of {len(rows)}"} | means | {"below forest": below}


def main() -> None:
    """Run the suite and write `results/interactive.md` and `.json`."""
    parser = scribbled_parser(__doc__, "interactive", images=9)
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(options.threads)  # the trainer inherits it
    kinds = {folder.name: list(measured_rows(folder, options)) for folder in folders_of(options)}
    everything = [row for rows in kinds.values() for row in rows]
    rows = [*everything, *(summary(rows, kind) for kind, rows in kinds.items()), summary(everything, "all")]
    notes = [
        f"IoU of the foreground; automatic scribbles on {options.ratio:.0%} of the objects; {options.threads} threads; "
        f"seed {options.seed}; images from `val`, none of which was trained on; crops of at most {LARGEST} px; started "
        f"from {'weights that have seen other kinds only' if options.weights else 'the shipped weights'}.",
        "Forest: our random forest alone. First: the first proposal, `first s` after Run. Reference forest: "
        "scikit-image's trainable segmentation, with its own seconds.",
        f"Below forest: images whose last proposal is more than {ALLOWANCE} below their own forest.",
    ]
    title = "Interactive suite: Scribble2Label on held-out " + ("kinds of image" if options.weights else "images")
    print(write_report(options.name, title, rows, machine_facts(), notes))


if __name__ == "__main__":
    main()
