"""The upgrade suite: labels of low quality before and after, and what others make of them.

`python benchmarks/upgrade.py --data DIR`, where DIR holds a folder a kind of image, each with `train.npz` and `val.npz`
of `image_<id>` and `labels_<id>`. Right images come from `train`, those with labels of low quality from `val`: all
figures are of the latter, which nothing was trained on. What is measured is kept in `--measured` and not measured
again, so that a run can be stopped and taken up; all of it makes the table.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from confident_learning import cleaned, segmenter
from report import machine_facts, write_report
from upgrade_data import ERRORS, LARGEST, MIX, images, spoil, whole

from napari_labelfix.annotations import Instances, Plane, Task
from napari_labelfix.data.patches import predict_probabilities
from napari_labelfix.methods.label_upgrade.learner import BestSoFar, Learner
from napari_labelfix.methods.label_upgrade.objects import make_objects
from napari_labelfix.methods.label_upgrade.pages import Picture, make_page, replaced
from napari_labelfix.methods.label_upgrade.params import LabelUpgradeParams
from napari_labelfix.methods.label_upgrade.perturbations import Perturbation
from napari_labelfix.methods.label_upgrade.run import train
from napari_labelfix.metrics.instances import f1_score
from napari_labelfix.metrics.overlap import dice
from napari_labelfix.snapshots import run_to_end

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray
    from upgrade_data import Labelled

    from napari_labelfix.methods.label_upgrade.pages import Page

LOW = 6  # images with labels of low quality, of which so many are spoiled in each way
UNSEEN = 4  # images for the segmentation networks
MOSAIC = 512  # pixels
CORNER = 10  # right cells
STEPS = 30  # of the network of a comparison, on batches of four crops
LOOKS = 3  # at how well it does so far
CPU = torch.device("cpu")
SPOILED = [error for error, (how, _) in ERRORS.items() if how != Perturbation()]
PAPER = {  # HL60 nuclei, 10 planes: Dice before and after
    "omission 70 %": "0.462 → 0.939",
    "inclusion 70 %": "0.925 → 0.992",
    "bias 6": "0.857 → 0.909",
    "mix 30 %, 30 %, 4": "0.710 → 0.929",
}

NOTES = [
    "One run, not told: a run for all errors, with the default preset (a bit of everything). Told what is wrong: a "
    "run for each error, with its preset. Confident learning: networks on right and spoiled images alike say which "
    "pixels are wrong (Northcutt et al. 2021). Image alone: a network of the right images, which sees no labels. "
    "All start from the shipped weights, which have seen `train` of the same kinds.",
    f"Ten cells of a corner: a mosaic of four images, {MOSAIC} px in all, of which nothing else is right.",
    "right objects: Dice, in the pixels of objects that were exactly right, with what is left of them.",
    "paper: HL60 nuclei, 10 right planes (Vadineanu et al. 2024, table 1).",
]
NETWORK_NOTES = [
    "Before, after: the labels of low quality, and what one run of the upgrade made of them, with the default preset.",
    "HQ, HQ + LQ, HQ + upgraded: a segmentation network from the shipped weights, trained on right images, or also "
    f"on those of low quality, before or after, for {STEPS} steps; measured on {UNSEEN} images that it has not seen.",
]


class Case(NamedTuple):
    """One thing to measure: a row for each error."""

    kind: str
    right: int
    how: str
    seed: int


class Scene(NamedTuple):
    """What there is for a case: right images, and others, whose truth is only compared with."""

    right: list[Labelled]
    low: list[Labelled]
    unseen: list[Labelled]
    params: LabelUpgradeParams

    def spoiled(self, error: str) -> list[NDArray[np.int32]]:
        """Return the labels of low quality."""
        return [spoil(image, truth, error, self.params.seed + i) for i, (image, truth) in enumerate(self.low)]

    def right_pages(self) -> list[Page]:
        """Return the right images as a network learns from them."""
        return [laid_out(Plane("right", image, whole(truth)), self.params.seed) for image, truth in self.right]

    def doubtful_pages(self, labels: Iterable[NDArray[np.int32]]) -> list[Page]:
        """Return the others with labels that are taken for right."""
        pages = []
        for (image, _), given in zip(self.low, labels, strict=True):
            page = laid_out(Plane("more", image, Instances(given)), self.params.seed)
            pages.append(replaced(page, given, np.ones(given.shape, bool)))
        return pages


def laid_out(plane: Plane, seed: int) -> Page:
    """Return a plane as a network learns from it."""
    return make_page(plane, Picture.of(plane, CPU), seed)


Rows = dict[str, dict[str, float]]  # measures by error


def one_run(scene: Scene) -> Rows:
    """Upgrade all spoiled labels in one run that does not know what is wrong."""
    return upgraded(scene, list(ERRORS), scene.params)


def told(scene: Scene) -> Rows:
    """Upgrade in a run for each error, which is told what is wrong."""
    rows: Rows = {}
    for error, (_, wrong) in ERRORS.items():
        rows |= upgraded(scene, [error], scene.params.replace(wrong=wrong))
    return rows


def upgraded(scene: Scene, errors: Sequence[str], params: LabelUpgradeParams) -> Rows:
    """Upgrade labels that are spoiled in several ways, with the help of others that are right."""
    before, truths = [scene.spoiled(error) for error in errors], [truth for _, truth in scene.low]
    rows = zip(errors, before, propose(scene, before, params), strict=True)
    return {error: compare(old, new, truths) for error, old, new in rows}


def propose(
    scene: Scene, given: Sequence[list[NDArray[np.int32]]], params: LabelUpgradeParams
) -> list[list[NDArray[np.int32]]]:
    """Return the upgraded labels for each list of labels of the same images, all from one run."""
    planes = [Plane(f"right {i}", image, whole(truth)) for i, (image, truth) in enumerate(scene.right)]
    for nth, labels in enumerate(given):
        images = [image for image, _ in scene.low]
        planes += [Plane(f"{nth} {i}", image, Instances(labels[i])) for i, image in enumerate(images)]
    proposals, _ = run_to_end(train(Task(tuple(planes)), params))
    found = iter([proposals[index].labels for index in range(len(scene.right), len(planes))])
    return [[next(found) for _ in labels] for labels in given]


def confident_learning(scene: Scene) -> Rows:
    """Clean the labels by confident learning, on networks that learn from right and spoiled images alike."""
    rows: Rows = {}
    for error in ERRORS:
        before = scene.spoiled(error)
        masks = cleaned(scene.right_pages(), scene.doubtful_pages(before), scene.params, STEPS)
        after = objects_in(masks, before, scene.params)
        rows[error] = compare(before, after, [truth for _, truth in scene.low])
    return rows


def image_alone(scene: Scene) -> Rows:
    """Replace the labels by what a network says that learned from the right images and sees no labels."""
    network = segmenter(scene.right_pages(), scene.params, STEPS)
    pages = scene.doubtful_pages(scene.spoiled(MIX))
    masks = [predict_probabilities(network, page.image)[1].numpy() > 0.5 for page in pages]
    rows: Rows = {}
    for error in ERRORS:
        before = scene.spoiled(error)
        after = objects_in(masks, [np.zeros_like(labels) for labels in before], scene.params)
        rows[error] = compare(before, after, [truth for _, truth in scene.low])
    return rows


def objects_in(
    masks: Iterable[NDArray[np.bool_]], labels: Iterable[NDArray[np.int32]], params: LabelUpgradeParams
) -> list[NDArray[np.int32]]:
    """Cut masks into objects, as the upgrade does it."""
    return [make_objects(mask, old, params.minimum_size) for mask, old in zip(masks, labels, strict=True)]


def one_corner(scene: Scene) -> Rows:
    """Upgrade a mosaic of four images with a mix of errors, of which ten cells in a corner are right, or one image."""
    tiles = [pair for pair in scene.low if min(pair[1].shape) >= MOSAIC // 2][:4]
    image, truth = (_mosaic([pair[which] for pair in tiles]) for which in (0, 1))
    cells = np.unique(truth, return_inverse=True)[1].reshape(truth.shape).astype(np.int32)
    sides = range(16, MOSAIC // 2, 4)
    side = next((side for side in sides if len(np.unique(cells[:side, :side])) > CORNER), MOSAIC // 2)
    trusted = np.zeros(cells.shape, bool)
    trusted[:side, :side] = True
    low = spoil(image, cells, MIX, scene.params.seed)
    given = Instances(np.where(trusted, cells, low), trusted)
    proposals, _ = run_to_end(train(Task((Plane("mosaic", image, given),)), scene.params))
    before, after, true = (np.where(trusted, 0, labels) for labels in (low, proposals[0].labels, cells))
    return {MIX: compare([before], [after], [true])}


def _mosaic(tiles: Sequence[NDArray[np.generic]]) -> NDArray[np.generic]:
    """Put four images side by side and below each other; the numbers of their objects stay apart."""
    half = MOSAIC // 2
    parts = [tile[:half, :half] for tile in tiles]
    if parts[0].dtype == np.int32:
        parts = [np.where(part > 0, part + nth * 100_000, 0) for nth, part in enumerate(parts)]
    return np.concatenate([np.concatenate(parts[row : row + 2], axis=1) for row in (0, 2)])


def networks(scene: Scene) -> Rows:
    """Upgrade spoiled labels in one run, and train segmentation networks without them, before and after."""
    before = [scene.spoiled(error) for error in SPOILED]
    alone = segment(scene, [])
    rows: Rows = {}
    for error, old, new in zip(SPOILED, before, propose(scene, before, scene.params), strict=True):
        found = {"HQ": alone, "HQ + LQ": segment(scene, scene.doubtful_pages(old))}
        found["HQ + upgraded"] = segment(scene, scene.doubtful_pages(new))
        quality = compare(old, new, [truth for _, truth in scene.low])
        rows[error] = quality | {f"{name} {what}": pair[what] for name, pair in found.items() for what in pair}
    return rows


WAYS = {
    "one run, not told": one_run,
    "told what is wrong": told,
    "confident learning": confident_learning,
    "image alone": image_alone,
    "ten cells of a corner": one_corner,
    "networks": networks,
}
PLAN = {  # right images and seeds of each way
    "one run, not told": {5: 3, 10: 3, 20: 3},
    "told what is wrong": {5: 1},
    "confident learning": {5: 1},
    "image alone": {5: 1},
    "ten cells of a corner": {0: 3},
    "networks": {5: 3, 10: 3, 20: 3},
}


def score(found: Iterable[NDArray[np.integer]], truths: Sequence[NDArray[np.integer]]) -> tuple[float, float]:
    """Return mean Dice of the foreground and mean F1 at IoU 0.5."""
    pairs = list(zip(found, truths, strict=True))
    return mean(dice(a, b) for a, b in pairs), mean(f1_score(a, b) for a, b in pairs)


def segment(scene: Scene, more: Sequence[Page]) -> dict[str, float]:
    """Train a segmentation network on right labels and on more, and return how well it does on unseen images."""
    params, pages = scene.params, [*scene.right_pages(), *more]
    learner = Learner(len(pages[0].image), False, params, CPU)
    best = BestSoFar(learner, pages, params.patience)
    for _ in range(LOOKS):
        for _ in range(STEPS // LOOKS):
            learner.step(pages)
        best.note()
    best.restore()
    masks = []
    for image, truth in scene.unseen:
        page = laid_out(Plane("unseen", image), params.seed)
        masks.append(learner.predict(page.image, torch.zeros(1, *truth.shape))[1].numpy() > 0.5)
    truths = [truth for _, truth in scene.unseen]
    overlap, f1 = score(objects_in(masks, [np.zeros_like(truth) for truth in truths], params), truths)
    return {"Dice": overlap, "F1": f1}


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


def cases(options: argparse.Namespace) -> Iterator[Case]:
    """Yield what is to be measured: a seed of everything first."""
    seeds = range(max(max(plan.values()) for plan in PLAN.values()))
    for seed in seeds:
        for how in options.only:
            for right, count in PLAN[how].items():
                if seed < count and right in options.right:
                    yield from (Case(kind, right, how, seed) for kind in options.kinds)


def measure(case: Case, options: argparse.Namespace) -> list[dict[str, object]]:
    """Return a row for each error."""
    folder = options.data / case.kind
    params = LabelUpgradeParams(seed=case.seed, epochs=options.epochs, device="cpu")
    others = images(folder, "val", LOW + UNSEEN, case.seed)
    scene = Scene(images(folder, "train", case.right, case.seed), others[:LOW], others[LOW:], params)
    return [case._asdict() | {"error": error} | row for error, row in WAYS[case.how](scene).items()]


def means(measured: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Return the mean over the seeds of each row."""
    keys = ("how", "kind", "right", "error")
    groups: dict[tuple[object, ...], list[dict[str, object]]] = {}
    for row in sorted(measured, key=lambda row: list(WAYS).index(str(row["how"]))):
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    table = []
    for group, alike in groups.items():
        names = [name for name in alike[0] if name not in {*keys, "seed"}]
        averages = {name: mean(float(str(row[name])) for row in alike) for name in names}
        paper = {"paper": PAPER.get(str(group[-1]), "")}
        table.append(dict(zip(keys, group, strict=True)) | {"seeds": len(alike)} | averages | paper)
    return table


def about_images(options: argparse.Namespace) -> str:
    """Return what the figures are of."""
    return (
        f"{LOW} images of low quality a seed, tiles of {LARGEST} px at most, and other right images; at most "
        f"{options.epochs} epochs. Those of bright field are tiles of one image."
    )


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--kinds", nargs="*", default=["fluo", "histo", "bf"], help="none writes the table alone")
    parser.add_argument("--right", type=int, nargs="+", default=[0, 5, 10, 20], help="numbers of right images")
    parser.add_argument("--only", choices=WAYS, nargs="+", default=list(WAYS))
    parser.add_argument("--epochs", type=int, default=20, help="at most")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--measured", type=Path, default=Path("upgrade_rows.json"), help="rows are added to this file")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    measured = json.loads(options.measured.read_text()) if options.measured.exists() else []
    for case in cases(options):
        if not any(all(row[key] == value for key, value in case._asdict().items()) for row in measured):
            began = time.monotonic()
            measured += measure(case, options)
            options.measured.write_text(json.dumps(measured))
            print(*case, f"{time.monotonic() - began:.0f} s", flush=True)
    table = means(measured)
    ways = [row for row in table if row["how"] != "networks"]
    write_report("upgrade", "Upgrade suite", ways, machine_facts(), [*NOTES, about_images(options)])
    of_networks = [row for row in table if row["how"] == "networks"]
    title = "Segmentation networks from right, poor and upgraded labels"
    write_report("upgrade_networks", title, of_networks, machine_facts(), [*NETWORK_NOTES, about_images(options)])


if __name__ == "__main__":
    main()
