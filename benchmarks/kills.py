"""Kill the program at random moments while somebody works, and see what is in the file.

`python benchmarks/kills.py --headless 180 --window 20` kills so many writers with SIGKILL, most without a window: these
paint, accept, save models and give the project a name as the docks would, through the same thread and the same files.
Those with a window paint in a real napari (under a virtual screen: `xvfb-run`).

The writer tells each step through a pipe before it takes it. Afterwards the file must open, SQLite and `verify` must
find it whole, and its labels must be exactly those after one of the steps: the next one may not be older than a second.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_labelfix.project.store import Project
from napari_labelfix.project.verify import verify

WORKERS = Path(__file__).parent / "kill_workers"
SHAPE = (700, 900)


@dataclass(frozen=True)
class Step:
    """A square painted with a label, at a time of this machine's clock."""

    number: int
    at: float
    row: int
    column: int
    size: int
    label: int


@dataclass(frozen=True)
class Outcome:
    """What became of one kill: how many steps were taken, how many are in the file, how old the first missing is."""

    worker: str
    taken: int
    kept: int
    missing_seconds: float
    trouble: str
    runs: int
    image_missing: bool = False


def replay(steps: list[Step], labels: np.ndarray) -> None:
    """Paint steps into an array."""
    for step in steps:
        labels[step.row : step.row + step.size, step.column : step.column + step.size] = step.label


def kill_once(worker: str, folder: Path, seed: int) -> Outcome:
    """Start a writer, kill it at a random moment after its first step, and look at what it left."""
    path = folder / "work.labelfix"
    command = [sys.executable, str(WORKERS / f"{worker}.py"), str(path), str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        first = process.stdout.readline()
        if not first:
            raise RuntimeError(f"The {worker} writer did not start.")
        time.sleep(random.Random(seed).uniform(0.0, 3.0))
        process.send_signal(signal.SIGKILL)
        killed = time.monotonic()
        rest = process.stdout.read()
    lines = [line for line in (first + rest).splitlines(keepends=True) if line.startswith("{") and line.endswith("\n")]
    return judge(worker, path, [Step(**json.loads(line)) for line in lines], killed)


def judge(worker: str, path: Path, steps: list[Step], killed: float) -> Outcome:
    """Compare what is in the file with what was done."""
    path = path if path.exists() else path.with_name("unnamed.labelfix")
    if not path.exists():  # killed before the first save
        missing = killed - steps[0].at
        return Outcome(worker, len(steps), 0, missing, "" if missing < 1 else "there is no file", 0)
    try:
        with Project.open(path) as project:
            checks = list(verify(project))
            # an image of no file is kept when there is time, some seconds after the first stroke
            image_missing = any(check.what.startswith("image") and check.trouble for check in checks)
            troubles = [check.trouble for check in checks if check.trouble and not check.what.startswith("image")]
            layer = next((layer for layer in project.layers() if layer.role == "corrected"), None)
            found = project.pixels(layer) if layer is not None else np.zeros(SHAPE, np.int32)
            runs = len(project.runs())
    except Exception as error:  # noqa: BLE001
        return Outcome(worker, len(steps), 0, killed - steps[0].at, f"{type(error).__name__}: {error}", 0)
    kept = find_prefix(steps, found)
    if kept is None:
        return Outcome(worker, len(steps), 0, 0, "; ".join([*troubles, "the labels are of no one moment"]), runs)
    missing = killed - steps[kept].at if kept < len(steps) else 0.0
    return Outcome(worker, len(steps), kept, missing, "; ".join(troubles), runs, image_missing)


def find_prefix(steps: list[Step], found: np.ndarray) -> int | None:
    """Return after how many steps the labels are these; None if after none."""
    labels = np.zeros(SHAPE, np.int32)
    last = 0 if not found.any() else None
    for count, step in enumerate(steps, start=1):
        replay([step], labels)
        if np.array_equal(labels, found):
            last = count
    return last


def main() -> None:
    """Kill, count, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--headless", type=int, default=180, help="writers without a window to kill")
    parser.add_argument("--window", type=int, default=20, help="napari windows to kill")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "kills.json")
    options = parser.parse_args()
    outcomes = []
    for number in range(options.headless + options.window):
        worker = "headless" if number < options.headless else "window"
        folder = Path(tempfile.mkdtemp(prefix="labelfix-kill-"))
        outcomes.append(kill_once(worker, folder, options.seed + number))
        shutil.rmtree(folder)
        print(number + 1, outcomes[-1], flush=True)
    figures = summarise(outcomes)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))


def summarise(outcomes: list[Outcome]) -> dict[str, object]:
    """Return the figures that the docs quote."""
    missing = np.array([outcome.missing_seconds for outcome in outcomes])
    return {
        "kills": len(outcomes),
        "by_worker": dict(Counter(outcome.worker for outcome in outcomes)),
        "steps_taken": sum(outcome.taken for outcome in outcomes),
        "damaged_or_not_of_one_moment": [outcome.trouble for outcome in outcomes if outcome.trouble],
        "nothing_missing": int((missing == 0).sum()),
        "missing_seconds_median": round(float(np.median(missing)), 3),
        "missing_seconds_p95": round(float(np.percentile(missing, 95)), 3),
        "missing_seconds_most": round(float(missing.max()), 3),
        "image_of_no_file_not_kept_yet": sum(outcome.image_missing for outcome in outcomes),
        "kills_with_a_run_in_the_file": sum(outcome.runs > 0 for outcome in outcomes),
    }


if __name__ == "__main__":
    main()
