"""How long P-classification takes: to the first detections, to those of all images, and for all rounds.

`python benchmarks/points_time.py --data DIR`, with the images of `points.py`. Close other programs first.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import torch
from points import marked, scenes
from report import machine_facts, write_report

from napari_labelfix.methods.p_classification.params import PClassificationParams
from napari_labelfix.methods.p_classification.run import train


def times(data: Path, count: int, seed: int) -> dict[str, float]:
    """Return the seconds from the start of a run with the defaults, on `count` crops of 256 px."""
    crops, _ = scenes(data, "val", count, seed)
    task = marked(crops, 0.1, seed)
    began, shown, told = time.monotonic(), set[int](), {}
    for snapshot in train(task, PClassificationParams(device="cpu", seed=seed)):
        passed = time.monotonic() - began
        shown |= set(snapshot.proposals)
        if shown:
            told.setdefault("first detections", passed)
        if len(shown) == len(crops):
            told.setdefault("detections of all", passed)
        if snapshot.stage.startswith("round 1: ranking"):
            told["two rounds of choosing"] = passed
    return told | {"whole run": time.monotonic() - began}


def main() -> None:
    """Measure, and write `results/points_time.md` and `.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--kinds", nargs="+", default=["fluo", "histo", "bf"])
    parser.add_argument("--crops", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows: list[dict[str, object]] = []
    for kind in options.kinds:
        load = os.getloadavg()[0]
        rows.append({"kind": kind, **times(options.data / kind, options.crops, 0), "load before": load})
    notes = [
        "Seconds from the start of a run in a program that has imported all it needs, as the dock has; "
        f"{options.crops} crops of 256 px, {options.threads} threads, the defaults (two rounds, and the "
        "training after the second)."
    ]
    print(write_report("points_time", "P-classification: how long it takes", rows, machine_facts(), notes))


if __name__ == "__main__":
    main()
