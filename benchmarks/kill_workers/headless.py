"""Somebody who works without a window: paints, accepts, trains, saves under a name, until killed.

Steps go through the same thread, batches and files as in napari; only the strokes come from here. Each is told before
it is taken, and what has changed is handed over every quarter of a second, as the docks do it.
"""

from __future__ import annotations

import json
import random
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np

from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.project import models
from napari_labelfix.project.blocks import SIDE, Key, Tiling
from napari_labelfix.project.records import (
    KEPT,
    Batch,
    Block,
    Entry,
    ImageRecord,
    LayerRecord,
    ObjectRecord,
    Objects,
    RunRecord,
)
from napari_labelfix.project.store import Project
from napari_labelfix.project.writer import Writer

SHAPE = (700, 900)
EVERY = 0.25  # seconds
IMAGE = ImageRecord("i", "cells", "", SHAPE, "uint8", KEPT)
PICTURE = LayerRecord("i", None, "image", "person", "image", "cells", SHAPE, "uint8")
HAND = LayerRecord("hand", "i", "corrected", "person", "labels", "cells corrected", SHAPE, "int32")
BELIEF = LayerRecord("model", "i", "proposal", "model", "labels", "cells proposal", SHAPE, "int32", "scribble2label")


def tell(step: dict[str, object]) -> None:
    """Say what is done next."""
    sys.stdout.write(json.dumps(step) + "\n")
    sys.stdout.flush()


def work(path: Path, seed: int) -> None:
    """Paint until killed; every few seconds a training, a new proposal, a name for the project."""
    rng, tiling = random.Random(seed), Tiling(SHAPE)
    labels, proposal = np.zeros(SHAPE, np.int32), np.ones(SHAPE, np.int32)
    unnamed = path.with_name("unnamed.labelfix")
    writer: Writer | None = None
    number, dirty, pending = 0, set(), []
    handed_over, named = time.monotonic(), False
    while True:
        number += 1
        size = rng.choice([3, 12, 60, 400])  # the largest is an accept of many objects at once
        step = {
            "number": number,
            "at": time.monotonic(),
            "row": rng.randrange(SHAPE[0]),
            "column": rng.randrange(SHAPE[1]),
        }
        step |= {"size": size, "label": number}
        tell(step)
        window = np.s_[step["row"] : step["row"] + size, step["column"] : step["column"] + size]
        labels[window] = number
        rows, columns = ({at // SIDE for at in range(length)[side]} for length, side in zip(SHAPE, window, strict=True))
        dirty |= {Key(0, row, column) for row in rows for column in columns}
        pending.append(number)
        time.sleep(rng.uniform(0.0, 0.1))
        if time.monotonic() - handed_over < EVERY:
            continue
        handed_over = time.monotonic()
        if writer is None:
            writer = Writer(partial(Project.create, unnamed))
            pixels = np.full(SHAPE, 7, np.uint8)
            blocks = [Block("i", "person", key, tiling.cut(pixels, key)) for key in tiling.every_key()]
            writer.submit(Batch(images=[IMAGE], layers=[PICTURE, HAND, BELIEF], blocks=blocks))
        hand_over(writer, labels, tiling, dirty, pending, seed)
        dirty, pending = set(), []
        if rng.random() < 0.3:
            train(writer, proposal * number, tiling)
        if not named and rng.random() < 0.1:
            writer, named = save_as(writer, unnamed, path), True


def hand_over(writer, labels, tiling, dirty, pending, seed):
    """Copy what has changed, and give it to the thread."""
    blocks = [Block("hand", "person", key, tiling.cut(labels, key)) for key in dirty]
    records = [ObjectRecord(number, "accepted", 0.9, "scribble2label") for number in pending]
    history = [Entry("person", f"person {seed}", "paint", "hand", (number,)) for number in pending]
    writer.submit(Batch(blocks=blocks, objects={"hand": Objects(records)}, history=history))


def train(writer, proposal, tiling):
    """Write a run, what it proposes, and its model."""
    blocks = [Block("model", "model", key, tiling.cut(proposal, key)) for key in tiling.every_key()]
    run = RunRecord("r", "scribble2label", "i", {"seed": 1}, step=3, total=9)
    writer.submit(Batch(runs=[run], blocks=blocks))

    def keep(project):
        known = next(known for known in project.runs() if known.id == run.id)
        model = TrainedModel("scribble2label", {}, {}, b"w" * 3_000_000)
        place = models.keep(project.path, run.id, model, known.model)
        project.write(Batch(runs=[RunRecord("r", "scribble2label", "i", {"seed": 1}, model=place)]))
        models.forget(project.path, known.model)

    writer.call(keep)


def save_as(writer, unnamed, path):
    """Go on under a name."""
    writer.flush()
    writer.call(lambda project: project.copy_to(path))
    writer.flush()
    writer.close()
    return Writer(Project.open(path, runs_go_on=True))


if __name__ == "__main__":
    work(Path(sys.argv[1]), int(sys.argv[2]))
