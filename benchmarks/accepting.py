"""Accepting: what the proposal is worth after a person has accepted what is right in it, once, twice.

`python benchmarks/accepting.py --data DIR`, where DIR holds a folder a kind of image, each with a `val.npz` of
`image_<id>` and `labels_<id>`. The person is simulated, and looks every 25 epochs: objects with an IoU above 0.75 with
a true one are accepted, and nothing is drawn. Half a minute for each image and way; a busy machine changes nothing.
`--weights` starts from others than the shipped ones, such as those of `pretraining/train.py --hold-out KIND`.
"""

from __future__ import annotations

from statistics import mean
from typing import TYPE_CHECKING

import numpy as np
import torch
from interactive import LARGEST, images
from real_images import folders_of, scribbled_parser, use_weights
from report import machine_facts, markdown_table, write_report

from napari_labelfix.annotations import Plane, Scribbles, Task
from napari_labelfix.methods.scribble2label.params import Scribble2LabelParams
from napari_labelfix.methods.scribble2label.run import train
from napari_labelfix.metrics.overlap import iou
from napari_labelfix.sample_data.scribbles import scribbles_from_labels

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

RIGHT = 0.75  # IoU with a true object, above which one is accepted
LOOKS = 3
WAYS = {"accepted objects not learned from": False, "learned from": True}


def accepted(proposed: NDArray[np.integer], truth: NDArray[np.integer], before: NDArray[np.integer] | None
) -> NDArray[np.int32]:  # fmt: skip
    """Return what is accepted (Y, X) by a person who accepts what is right beside what is accepted already."""
    kept = np.zeros(truth.shape, np.int32) if before is None else before.copy()
    for number in np.unique(proposed[proposed > 0]):
        mask = proposed == number
        true = np.bincount(truth[mask]).argmax()
        if true and not kept[mask].any() and iou(mask, truth == true) > RIGHT:
            kept[mask] = kept.max() + 1
    return kept


def after_each_look(
    image: NDArray[np.generic], marks: NDArray[np.uint8], truth: NDArray[np.integer], learns: bool,
    options: argparse.Namespace,
) -> Iterator[tuple[float, int]]:  # fmt: skip
    """Yield the IoU of what is seen at each look, and how many objects are accepted then."""
    params = Scribble2LabelParams(epochs=options.epochs * LOOKS + 1, seed=options.seed)
    taken: NDArray[np.int32] | None = None
    training, changed, looks = train(_task(image, marks, None), params), None, 0
    while looks < LOOKS:
        snapshot, changed = training.send(changed), None
        if snapshot.stage == "self-labelling" and snapshot.proposals and snapshot.step >= options.epochs * (looks + 1):
            taken = accepted(snapshot.proposals[0].labels, truth, taken)
            yield iou(snapshot.proposals[0].classes > 0, truth > 0), int(taken.max())
            looks += 1
            changed = _task(image, marks, taken) if learns else None
    training.close()


def _task(image: NDArray[np.generic], marks: NDArray[np.uint8], taken: NDArray[np.int32] | None) -> Task:
    return Task((Plane("image", image, Scribbles(marks, taken)),))


def measured_rows(folder: Path, options: argparse.Namespace) -> Iterator[dict[str, object]]:
    """Yield a row for each image of a kind and each way."""
    use_weights(options, folder.name)
    for name, image, labels in images(folder, options.images, options.seed):
        marks = scribbles_from_labels(labels, options.ratio, options.seed)
        for way, learns in WAYS.items():
            found = list(after_each_look(image, marks, labels, learns, options))
            row: dict[str, object] = {"kind": folder.name, "image": name[:8], "accepted objects are": way}
            row |= dict(zip(_columns(), (value for value, _ in found), strict=True))
            row["accepted at first"], row["at last"] = found[0][1], found[-1][1]
            print(markdown_table([row]).splitlines()[-1], flush=True)
            yield row


def _columns() -> list[str]:
    return ["trained", *(f"accepted {number}x" for number in range(1, LOOKS))]


def main() -> None:
    """Run the suite and write `results/NAME.md` and `.json`."""
    parser = scribbled_parser(__doc__, "accepting", images=2)
    parser.add_argument("--epochs", type=int, default=25, help="before each look")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows = [row for kind in folders_of(options) for row in measured_rows(kind, options)]
    for way in WAYS:
        alike = [row for row in rows if row["accepted objects are"] == way]
        means = {name: mean(float(str(row[name])) for row in alike) for name in _columns()}
        rows.append({"kind": "all", "image": f"mean of {len(alike)}", "accepted objects are": way} | means)
    start = "weights that have seen other kinds only" if options.weights else "the shipped weights"
    notes = [
        f"IoU of the foreground; automatic scribbles on {options.ratio:.0%} of the objects, seed {options.seed}; crops "
        f"of at most {LARGEST} px of images of `val`; started from {start}.",
        f"A simulated person looks every {options.epochs} epochs and accepts the objects with an IoU above {RIGHT} "
        "with a true one; nothing is drawn.",
    ]
    title = "What accepting is worth"
    print(write_report(options.name, title, rows, machine_facts(), notes).read_text())


if __name__ == "__main__":
    main()
