"""How long the upgrade takes: `python benchmarks/upgrade_times.py --data DIR`, with DIR as for `upgrade.py`.

Mosaics of fluorescence and of stained tissue, of which a corner with ten cells is right and the rest has a mix of
errors: until the first upgraded proposal, and until the end, with nothing set.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np
import torch
from report import machine_facts, write_report
from upgrade_data import MIX, images, spoil

from napari_labelfix.annotations import Instances, Plane, Task
from napari_labelfix.methods.label_upgrade.params import LabelUpgradeParams
from napari_labelfix.methods.label_upgrade.run import train
from napari_labelfix.metrics.overlap import dice

TILE = 256  # pixels
CELLS = 10  # that are right
ASKED = {512: "first within 15 s", 1024: "end within 180 s"}


def mosaic(folder: Path, side: int) -> tuple[Plane, np.ndarray]:
    """Return a plane of tiles with ten right cells, and its truth; tiles come again when there are too few."""
    pairs = [pair for pair in images(folder, "val", 100, 0) if min(pair[1].shape) >= TILE]
    across = side // TILE
    image = np.empty((side, side, *pairs[0][0].shape[2:]), pairs[0][0].dtype)
    truth = np.zeros((side, side), np.int32)
    for nth, (row, column) in enumerate(np.ndindex(across, across)):
        pixels, labels = (part[:TILE, :TILE] for part in pairs[nth % len(pairs)])
        window = np.s_[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
        image[window], truth[window] = pixels, np.where(labels > 0, labels + nth * 10_000, 0)
    corner = next(edge for edge in range(16, side, 4) if len(np.unique(truth[:edge, :edge])) > CELLS)
    trusted = np.zeros(truth.shape, bool)
    trusted[:corner, :corner] = True
    ranks = np.unique(truth, return_inverse=True)[1].reshape(truth.shape).astype(np.int32)
    low = np.where(trusted, ranks, spoil(image, ranks, MIX, 0))
    return Plane("mosaic", image, Instances(low, trusted)), ranks


def measure(folder: Path, side: int) -> dict[str, object]:
    """Return the seconds until the first and the last proposal, and how good these are."""
    plane, truth = mosaic(folder, side)
    assert isinstance(plane.annotation, Instances)
    rest = ~plane.annotation.trusted
    load, began, first, best = os.getloadavg()[0], time.monotonic(), 0.0, []
    for snapshot in train(Task((plane,)), LabelUpgradeParams(device="cpu")):
        if snapshot.proposals and snapshot.stage != "labels as given":
            first = first or time.monotonic() - began
            best.append(dice(snapshot.proposals[0].labels[rest], truth[rest]))
    before = dice(plane.annotation.labels[rest], truth[rest])
    return {
        "kind": folder.name, "side": side, "asked": ASKED[side], "first, s": first, "end, s": time.monotonic() - began,
        "Dice before": before, "Dice first": best[0], "Dice end": best[-1], "load before": load,
    }  # fmt: skip


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows = [measure(options.data / kind, side) for kind in ("fluo", "histo") for side in ASKED]
    notes = [
        f"{options.threads} threads. Nothing set; a mix of errors (30 %, 30 %, 4 px), {CELLS} right cells in a corner.",
        "load before: processes that waited for a core in the minute before; with more than 0 it is not alone.",
    ]
    write_report("upgrade_times", "Times of the upgrade", rows, machine_facts(), notes)


if __name__ == "__main__":
    main()
