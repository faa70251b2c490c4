"""Somebody who works in a real napari: paints, accepts, undoes and runs a method, until killed."""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path

import napari
import numpy as np
import tifffile
from qtpy.QtCore import QTimer

from napari_labelfix.project import recovery
from napari_labelfix.widgets.saving.autosave import autosaver_of
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.history import history_of

SHAPE = (700, 900)


class Worker:
    """Paints a square at random moments.

    Parameters
    ----------
    path
        Where the project is saved after a while.
    seed
        Of the squares.
    """

    def __init__(self, path: Path, seed: int) -> None:
        self.path, self.rng, self.number = path, random.Random(seed), 0
        self.viewer = napari.Viewer()
        if seed % 3:
            tifffile.imwrite(path.with_name("cells.tif"), np.random.default_rng(seed).random(SHAPE, np.float32))
            self.viewer.open(str(path.with_name("cells.tif")))
        else:
            self.viewer.add_image(np.random.default_rng(seed).random(SHAPE, np.float32), name="cells")
        self.viewer.window.add_plugin_dock_widget("napari-labelfix", "Project")
        if seed % 4 == 0:
            self.train()
        self.labels = self.viewer.add_labels(np.zeros(SHAPE, np.int32), name="cells corrected")
        layers.link(self.labels, "corrected", self.viewer.layers["cells"])
        self.saver = autosaver_of(self.viewer)
        history_of(self.labels)
        QTimer.singleShot(500, self.paint)
        if seed % 2:
            QTimer.singleShot(2000, lambda: self.saver.save_as(self.path))

    def train(self) -> None:
        """Draw scribbles and run Scribble2Label on them, which goes on while squares are painted."""
        _, dock = self.viewer.window.add_plugin_dock_widget("napari-labelfix", "Scribble2Label")
        dock.inputs.create_annotation()
        scribbles = dock.inputs.annotation
        with scribbles.block_history():
            for label, top in ((1, 10), (2, 60)):
                rows, columns = np.indices((20, 200)).reshape(2, -1)
                scribbles.data_setitem((rows + top, columns), label)
        dock.run()

    def paint(self) -> None:
        """Tell the next square and paint it as a stroke."""
        self.number += 1
        size = self.rng.choice([3, 12, 60, 400])
        step = {"number": self.number, "at": time.monotonic()}
        step |= {"row": self.rng.randrange(SHAPE[0]), "column": self.rng.randrange(SHAPE[1])}
        step |= {"size": size, "label": self.number}
        sys.stdout.write(json.dumps(step) + "\n")
        sys.stdout.flush()
        rows, columns = np.indices((size, size)) + np.array([step["row"], step["column"]])[:, None, None]
        inside = (rows < SHAPE[0]) & (columns < SHAPE[1])
        with self.labels.block_history():
            self.labels.data_setitem((rows[inside], columns[inside]), self.number)
        QTimer.singleShot(self.rng.randrange(10, 120), self.paint)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    recovery.folder = lambda: target.parent  # the file without a name lies there, too
    recovery.new_path = lambda *_: target.with_name("unnamed.labelfix")
    worker = Worker(target, int(sys.argv[2]))  # its timers keep it only weakly
    napari.run()
