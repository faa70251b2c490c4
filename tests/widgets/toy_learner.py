"""A training without torch that learns one number, the grey value between the scribbles, and can be told to fail."""

import time
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import label

from napari_labelfix.annotations import Scribbles
from napari_labelfix.methods.table import Method
from napari_labelfix.params import Params, param
from napari_labelfix.snapshots import Proposal, Snapshot

STEPS = 1000


@dataclass(frozen=True, kw_only=True)
class ToyParams(Params):
    fails_with: str = param("", label="Fails with", help="The name of an exception.")
    pause: float = param(0.1, label="Pause", minimum=0, help="Seconds between two snapshots.")
    power: int = param(1, label="Power", help="Nothing.", advanced=True)


TOY = Method("toy", "Toy", "Learns a threshold.", "None.", ToyParams, Scribbles, Proposal, "toy_learner")


def train(task, params):
    errors = {"RuntimeError": RuntimeError("shapes cannot be multiplied"), "MemoryError": MemoryError()}
    for step in range(1, STEPS + 1):
        metrics = {"loss": 1 / step, "confident": 1 - 1 / (1 + step)}
        changed = yield Snapshot("warm-up", step, STEPS, metrics, {0: propose(task.planes[0], step)})
        task = changed or task
        time.sleep(params.pause)
        if step == 3 and params.fails_with:
            raise errors[params.fails_with]
    return None


def propose(plane, step):
    """Return the parts that are brighter than the middle between the scribbled classes; surer with every step."""
    marks = plane.annotation.marks
    middle = (plane.image[marks == 1].mean() + plane.image[marks == 2].mean()) / 2
    mask = plane.image > middle
    confidence = np.full(mask.shape, 1 - 0.5 / step, np.float32)
    return Proposal(label(mask)[0].astype(np.int32), mask.astype(np.uint8), confidence, confidence < 0.8)
