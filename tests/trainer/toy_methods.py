"""Trainings without torch, one function for each way in which a training can go."""

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_labelfix.annotations import Plane, Scribbles, Task
from napari_labelfix.errors import InputError
from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.methods.table import Method
from napari_labelfix.params import Params, param
from napari_labelfix.snapshots import Proposal, Snapshot

WEIGHTS = bytes(range(256)) * 4096


@dataclass(frozen=True, kw_only=True)
class ToyParams(Params):
    behaviour: str = param("count", label="Behaviour", help="Name of a function here.")
    steps: int = param(5, label="Steps", help="How many snapshots.")
    pause: float = param(0.0, label="Pause", help="Seconds between two snapshots.")


def toy_method(code: str = "toy_methods") -> Method:
    return Method("toy", "Toy", "Learns nothing.", "None.", ToyParams, Scribbles, Proposal, code)


def toy_task(marked: int = 1, shape: tuple[int, int] = (6, 8)) -> Task:
    marks = np.zeros(shape, np.uint8)
    marks.flat[:marked] = 1
    image = np.arange(marks.size, dtype=np.uint16).reshape(shape)
    return Task((Plane("a", image, Scribbles(marks)), Plane("b", image + 1)))


def toy_model() -> TrainedModel:
    return TrainedModel("toy", {"seed": 0}, {"channels": 1}, WEIGHTS, {})


def snapshot_of(task: Task, step: int, total: int, model: TrainedModel | None = None) -> Snapshot:
    labels = np.full(task.planes[0].shape, step, np.int32)
    proposal = Proposal(labels, labels.astype(np.uint8), labels.astype(np.float32), labels > 0)
    metrics = {
        "marked": float((task.planes[0].annotation.marks > 0).sum()),
        "image": float(task.planes[0].image.sum(dtype=np.float64)),
        "niceness": float(os.nice(0)) if hasattr(os, "nice") else 0.0,
        "pid": float(os.getpid()),
    }
    return Snapshot("counting", step, total, metrics, {0: proposal}, model)


def train(task, params):
    return globals()[params.behaviour](task, params)


def count(task, params):
    for step in range(1, params.steps + 1):
        task = (yield snapshot_of(task, step, params.steps, toy_model() if step == 1 else None)) or task
        time.sleep(params.pause)
    return toy_model()


def weigh(task, params):
    yield Snapshot("weighing", 1, 1, {"image": float(task.planes[0].image.sum())})
    return toy_model()


def start_from_a_model(task, params):
    model = TrainedModel.load(Path(params.start_from).expanduser())
    yield Snapshot(
        "starting", 1, 1, message=f"Started from {model.method}, {len(model.weights)} bytes, in {params.start_from}."
    )
    return model


def sleep(task, params):
    yield snapshot_of(task, 1, 2, toy_model())
    time.sleep(600)


def compute_without_a_pause(task, params):
    yield snapshot_of(task, 1, 2)
    sum(range(10**13))  # one call into C that never lets another thread run


def print_rubbish(task, params):
    sys.stdout.write("rubbish" * 10_000)
    os.write(1, b"\x00\x01 rubbish from a C library" * 1000)
    sys.stdout.flush()
    yield from count(task, params)
    return toy_model()


def raise_runtime_error(task, params):
    yield snapshot_of(task, 1, 2, toy_model())
    raise RuntimeError("mat1 and mat2 shapes cannot be multiplied\nmore lines for experts")


def raise_memory_error(task, params):
    yield snapshot_of(task, 1, 2)
    raise MemoryError


def raise_input_error(task, params):
    raise InputError("a has no scribbles. Draw some.")
    yield


def die_in_a_library(task, params):
    yield snapshot_of(task, 1, 2)
    os.write(2, b"x" * 1_000_000 + b"terminate called after throwing an instance of 'std::exception'\n")
    os.kill(os.getpid(), signal.SIGSEGV)
    time.sleep(600)


def leave(task, params):
    yield snapshot_of(task, 1, 2)
    os._exit(3)


def predict(model, image, device="auto"):
    """Say the number of the model's weights, by whoever it is asked."""
    labels = np.full(image.shape, len(model.weights), np.int32)
    return Proposal(labels, (labels > 0).astype(np.uint8), np.full(image.shape, os.getpid(), np.float32), labels < 0)
