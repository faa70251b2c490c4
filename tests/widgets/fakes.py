"""A trainer without a process: what comes from a run is what a test puts in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import label

from napari_labelfix.snapshots import Detections, FoundBoxes, Proposal, Snapshot

if TYPE_CHECKING:
    from napari_labelfix.annotations import Task
    from napari_labelfix.errors import LabelfixError
    from napari_labelfix.methods.checkpoint import TrainedModel
    from napari_labelfix.methods.table import Method
    from napari_labelfix.params import Params
    from napari_labelfix.trainer.computers import Computer


class FakeRun:
    """A run whose snapshots a test writes into `waiting`; `error` is raised at the next poll."""

    def __init__(self, method: Method, task: Task, params: Params) -> None:
        self.method, self.task, self.params = method, task, params
        self.model = self.applied = None
        self.state = "running"
        self.waiting: list[Snapshot] = []
        self.sent: list[Task] = []
        self.error: LabelfixError | None = None

    def poll(self) -> list[Snapshot]:
        if self.error is not None:
            error, self.error = self.error, None
            self.state = "failed"
            raise error
        snapshots, self.waiting = self.waiting, []
        return snapshots

    def send(self, task: Task) -> None:
        self.sent.append(task)

    def stop(self) -> None:
        self.state = "stopped"


class FakeTrainer:
    """Keeps the runs that were started."""

    def __init__(self) -> None:
        self.runs: list[FakeRun] = []
        self.warm_ups = 0
        self.closed = False
        self.error: LabelfixError | None = None
        self.computer: Computer | None = None

    def move_to(self, computer: Computer | None) -> None:
        self.computer = computer

    def warm_up(self) -> None:
        self.warm_ups += 1

    def start(self, method: Method, task: Task, params: Params) -> FakeRun:
        if self.error is not None:
            raise self.error
        self.runs.append(FakeRun(method, task, params))
        return self.runs[-1]

    def apply(self, method: Method, model: TrainedModel, task: Task, device: str) -> FakeRun:
        run = self.start(method, task, method.params(device=device))
        run.model = run.applied = model
        return run

    def close(self) -> None:
        self.closed = True


def proposal_above(image: np.ndarray, threshold: float, confidence: float = 0.95) -> Proposal:
    """Return the connected bright parts of a (Y, X) image as a proposal, less sure near the threshold."""
    mask = image > threshold
    labels = label(mask)[0].astype(np.int32)
    sure = np.full(image.shape, confidence, np.float32)
    return Proposal(labels, mask.astype(np.uint8), sure, np.abs(image - threshold) < 0.1)


def snapshot(step: int, proposals: dict[int, Proposal], stage: str = "warm-up", total: int = 10) -> Snapshot:
    """Return a snapshot with the numbers that Scribble2Label gives."""
    return Snapshot(stage, step, total, {"loss": 1 / (1 + step), "confident": step / total}, proposals)


def detections(positions: list, scores: list, roles: list, radius: float = 8.0, masks: bool = False) -> Detections:
    """Return detections in a (60, 80) image, with square masks if they are asked for."""
    labels = np.zeros((60, 80), np.int32)
    for number, (row, column) in enumerate(positions, start=1):
        labels[int(row) - 3 : int(row) + 4, int(column) - 3 : int(column) + 4] = number
    heatmap = (labels > 0).astype(np.float32)
    return Detections(
        np.array(positions, np.float32).reshape(-1, 2),
        np.array(scores, np.float32),
        np.array(roles, np.uint8),
        radius,
        heatmap,
        labels if masks else None,
    )


def found_boxes(corners: list, scores: list, roles: list, masks: bool = False, shown: bool = False) -> FoundBoxes:
    """Return boxes in a (60, 80) image, with full masks and a grey training image if they are asked for."""
    labels = np.zeros((60, 80), np.int32)
    for number, (y0, x0, y1, x1) in enumerate(corners, start=1):
        labels[int(y0) : int(y1), int(x0) : int(x1)] = number
    return FoundBoxes(
        np.array(corners, np.float32).reshape(-1, 4),
        np.array(scores, np.float32),
        np.array(roles, np.uint8),
        labels if masks else None,
        np.full((60, 80), 77, np.uint8) if shown else None,
    )
