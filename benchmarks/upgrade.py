"""The upgrade suite: labels of low quality before and after, and what a segmentation network makes of them.

`python benchmarks/upgrade.py --data DIR`, where DIR holds a folder a kind of image, each with `train.npz` and `val.npz`
of `image_<id>` and `labels_<id>`. Right images come from `train`, those with labels of low quality from `val`: all
figures are of the latter, which nothing was trained on. Every second image of `val` served to choose settings, and is
left out here.
"""

from __future__ import annotations

import argparse
import itertools
import time
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING

import numpy as np
import torch
from report import machine_facts, write_report
from skimage.filters import threshold_otsu
from skimage.measure import label

from napari_labelfix.annotations import Instances, Plane, Task
from napari_labelfix.data.normalize import normalize
from napari_labelfix.methods.label_upgrade.learner import BestSoFar, Learner
from napari_labelfix.methods.label_upgrade.pages import make_page, replaced
from napari_labelfix.methods.label_upgrade.params import LabelUpgradeParams
from napari_labelfix.methods.label_upgrade.perturbations import Perturbation, other_objects, perturb
from napari_labelfix.methods.label_upgrade.run import train
from napari_labelfix.metrics.instances import f1_score
from napari_labelfix.metrics.overlap import dice
from napari_labelfix.snapshots import run_to_end

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Labelled = tuple[NDArray[np.generic], NDArray[np.int32]]

LARGEST = 320  # pixels; larger images are cropped
ERRORS = {
    "omission 70 %": (Perturbation(omission=0.7), "cells are missing"),
    "inclusion 70 %": (Perturbation(inclusion=0.7), "other things are marked"),
    "bias 6": (Perturbation(bias=6), "outlines are loose"),
    "mix 30 %, 30 %, 4": (Perturbation(0.3, 0.3, 4), "a bit of everything"),
    "threshold (Otsu)": (None, "made by a machine"),
    "none: right labels": (Perturbation(), "a bit of everything"),
}
PAPER = {  # HL60 nuclei, 10 planes: Dice before and after
    "omission 70 %": "0.462 → 0.939",
    "inclusion 70 %": "0.925 → 0.992",
    "bias 6": "0.857 → 0.909",
    "mix 30 %, 30 %, 4": "0.710 → 0.929",
}


def images(folder: Path, part: str, count: int, seed: int) -> list[Labelled]:
    """Return images with labels, chosen by the seed; those with fewer than five objects are passed over."""
    found: list[Labelled] = []
    with np.load(folder / f"{part}.npz") as arrays:
        names = sorted(name.removeprefix("image_") for name in arrays.files if name.startswith("image_"))
        names = names[1::2] if part == "val" else names
        for name in np.random.default_rng(seed).permutation(names):
            crop = np.s_[:LARGEST, :LARGEST]
            labels = arrays[f"labels_{name}"][crop].astype(np.int32)
            if len(np.unique(labels)) > 5 and len(found) < count:
                found.append((arrays[f"image_{name}"][crop], labels))
    return found


def spoil(image: NDArray[np.generic], truth: NDArray[np.int32], error: str, seed: int) -> NDArray[np.int32]:
    """Return labels of low quality; a threshold's are dark or bright, whichever fits the truth better."""
    how = ERRORS[error][0]
    rng = np.random.default_rng(seed)
    if how is not None:
        return perturb(truth, other_objects(normalize(image), truth, rng), how, rng)
    grey = normalize(image).mean(axis=2)
    bright = grey > threshold_otsu(grey)
    found = max(bright, ~bright, key=lambda mask: dice(mask, truth))
    return np.asarray(label(found, connectivity=2), np.int32)


def whole(labels: NDArray[np.int32]) -> Instances:
    """Return labels that are right everywhere."""
    return Instances(labels, np.ones(labels.shape, bool))


def score(found: Iterable[NDArray[np.integer]], truths: Sequence[NDArray[np.integer]]) -> tuple[float, float]:
    """Return mean Dice of the foreground and mean F1 at IoU 0.5."""
    pairs = list(zip(found, truths, strict=True))
    return mean(dice(a, b) for a, b in pairs), mean(f1_score(a, b) for a, b in pairs)


def segment(right: list[Labelled], more: list[Labelled], unseen: list[Labelled], params: LabelUpgradeParams) -> float:
    """Train a segmentation network on right labels and on more, and return its mean Dice on unseen images."""
    device = torch.device("cpu")
    pages = [make_page(Plane("right", image, whole(truth)), device, params.seed) for image, truth in right]
    for image, labels in more:
        page = make_page(Plane("more", image, Instances(labels)), device, params.seed)
        pages.append(replaced(page, labels, np.ones(labels.shape, bool)))
    learner = Learner(len(pages[0].image), False, params, device)
    best = BestSoFar(learner, pages, params.patience)
    for _ in range(params.epochs):
        for _ in learner.epoch(pages):
            pass
        best.note()
        if best.stays:
            break
    best.restore()
    found = []
    for image, truth in unseen:
        page = make_page(Plane("unseen", image), device, params.seed)
        probabilities = learner.predict(page.image, torch.zeros(1, *truth.shape))
        found.append(dice(probabilities[1].numpy() > 0.5, truth))
    return mean(found)


def measure(
    right: list[Labelled], low: list[Labelled], unseen: list[Labelled], errors: list[str], params: LabelUpgradeParams
) -> dict[str, dict[str, float]]:
    """Upgrade the labels of some images, spoiled in several ways, in one run with the help of others that are right."""
    planes = [Plane(f"right {i}", image, whole(truth)) for i, (image, truth) in enumerate(right)]
    spoiled = {
        error: [spoil(image, truth, error, params.seed + i) for i, (image, truth) in enumerate(low)] for error in errors
    }
    for error in errors:
        planes += [Plane(f"{error} {i}", low[i][0], Instances(labels)) for i, labels in enumerate(spoiled[error])]
    began = time.monotonic()
    proposals, _ = run_to_end(train(Task(tuple(planes)), params))
    seconds, truths, measured = time.monotonic() - began, [truth for _, truth in low], {}
    for nth, error in enumerate(errors):
        upgraded = [proposals[len(right) + nth * len(low) + i].labels for i in range(len(low))]
        measured[error] = {**compare(spoiled[error], upgraded, truths), "seconds": seconds}
        if unseen:
            pictures = [image for image, _ in low]
            poor, good = (list(zip(pictures, labels, strict=True)) for labels in (spoiled[error], upgraded))
            for name, more in {"HQ": [], "HQ + LQ": poor, "HQ + upgraded": good}.items():
                measured[error][f"network from {name}"] = segment(right, more, unseen, params)
    return measured


def compare(
    before: list[NDArray[np.int32]], after: list[NDArray[np.int32]], truths: list[NDArray[np.int32]]
) -> dict[str, float]:
    """Return how good labels were, how good they are, and what is left of those that were right."""
    old, new = score(before, truths), score(after, truths)
    kept = [_kept(*labels) for labels in zip(before, after, truths, strict=True)]
    return {
        "Dice before": old[0], "Dice after": new[0], "gain": new[0] - old[0],
        "F1 before": old[1], "F1 after": new[1], "right objects": mean(kept),
    }  # fmt: skip


def _kept(before: NDArray[np.int32], after: NDArray[np.int32], truth: NDArray[np.int32]) -> float:
    """Return the Dice, among the pixels of objects that were right, of what is left of them; 1 if none was right."""
    right = [i for i in np.unique(before[before > 0]) if _is_right(before == i, truth)]
    return dice(after * np.isin(before, right), before * np.isin(before, right)) if right else 1.0


def _is_right(mask: NDArray[np.bool_], truth: NDArray[np.int32]) -> bool:
    ids = np.unique(truth[mask])
    return len(ids) == 1 and ids[0] > 0 and bool(np.array_equal(truth == ids[0], mask))


def rows_of(options: argparse.Namespace) -> list[dict[str, object]]:
    """Return a row per kind, number of right images and error, averaged over the seeds."""
    rows: list[dict[str, object]] = []
    for kind, count in itertools.product(options.kinds, options.right):
        folder, runs = options.data / kind, []
        for seed in range(options.seeds):
            params = LabelUpgradeParams(seed=seed, epochs=options.epochs, device="cpu")
            val = images(folder, "val", options.low + options.unseen, seed)
            right, low, unseen = images(folder, "train", count, seed), val[: options.low], val[options.low :]
            if options.matched:
                each = (measure(right, low, unseen, [e], params.replace(wrong=ERRORS[e][1])) for e in options.errors)
                runs.append({error: row for found in each for error, row in found.items()})
            else:
                runs.append(measure(right, low, unseen, options.errors, params))
            print(kind, count, seed, runs[-1], flush=True)
        for error in options.errors:
            means = {name: mean(run[error][name] for run in runs) for name in runs[0][error]}
            rows.append({"kind": kind, "right images": count, "error": error} | means | {"paper": PAPER.get(error, "")})
    return rows


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--kinds", nargs="+", default=["fluo", "histo"])
    parser.add_argument("--errors", nargs="+", default=list(ERRORS), choices=list(ERRORS))
    parser.add_argument("--right", type=int, nargs="+", default=[5, 10, 20], help="numbers of right images")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--low", type=int, default=6, help="images with labels of low quality")
    parser.add_argument("--unseen", type=int, default=0, help="images for the segmentation networks; 0 trains none")
    parser.add_argument("--matched", action="store_true", help="a run for each error, which is told what is wrong")
    parser.add_argument("--epochs", type=int, default=LabelUpgradeParams().epochs)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--name", default="upgrade", help="of the report")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows = rows_of(options)
    told = "A run for each error, which was told what is wrong" if options.matched else "One run for all errors"
    notes = [
        f"{told}{'' if options.matched else ', with the default preset (a bit of everything)'}.",
        f"Seeds: {options.seeds}, each with {options.low} images of low quality, cropped to {LARGEST} px, and other "
        f"right images; at most {options.epochs} epochs, {options.threads} threads.",
        "right objects: Dice, in the pixels of objects that were exactly right, with what is left of them.",
        "network from ...: Dice of a segmentation network, trained on right images (HQ) and on those of low quality "
        "before (LQ) or after, on images of which it has seen nothing.",
        "paper: HL60 nuclei, 10 right planes (Vadineanu et al. 2024, table 1).",
    ]
    write_report(options.name, "Upgrade suite", rows, machine_facts(), notes)


if __name__ == "__main__":
    main()
