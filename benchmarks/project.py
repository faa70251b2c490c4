"""The project suite: what saving by itself costs the window on a 4096 x 4096 label image, and how soon work is safe.

On a desktop: `python benchmarks/project.py`. Without a display: `xvfb-run -a -s "-screen 0 1600x1000x24" python
benchmarks/project.py`. It takes two minutes, and wants the machine for itself.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import napari
import numpy as np
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication
from report import machine_facts, write_report

from napari_labelfix.project import recovery
from napari_labelfix.project.store import Project
from napari_labelfix.widgets.saving.autosave import autosaver_of
from napari_labelfix.widgets.saving.opening import open_project
from napari_labelfix.widgets.viewer.history import history_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Labels

    from napari_labelfix.widgets.saving.autosave import Autosaver

SIDE = 4096
CELL = 40  # pixels from one object to the next, which makes 10,404 objects
STROKES = 60
PAUSE = 0.4  # seconds after a stroke
NOTES = (
    "How long the window waits is the time that its thread computes for saving; what other programs take is not in it.",
    "How soon a stroke is in the file is by the clock, from its end to the end of the write, disk included.",
)


def objects() -> np.ndarray:
    """Return a label image full of square cells."""
    labels = np.zeros((SIDE, SIDE), np.int32)
    tops = range(0, SIDE - CELL, CELL)
    for number, (top, left) in enumerate(((top, left) for top in tops for left in tops), start=1):
        labels[top : top + 25, left : left + 25] = number
    return labels


class Looks:
    """Measures how long each look of the autosaver keeps the window's thread, and how soon its batch is written.

    Parameters
    ----------
    saver
        Its timer is replaced by a measured one.
    """

    def __init__(self, saver: Autosaver) -> None:
        self.saver, self.seconds = saver, []
        self.asked, self.written = False, None  # whether to tell when the next batch is in the file, and when it was
        saver._timer.stop()
        self.timer = QTimer()
        self.timer.timeout.connect(self.look)
        self.timer.start(250)

    def look(self) -> None:
        """Look, and note how long it took."""
        began = time.thread_time()
        self.saver.look()
        self.seconds.append(time.thread_time() - began)
        if self.asked:
            self.asked = False
            self.saver.call(self._note)

    def _note(self, _project: object) -> None:
        self.written = time.perf_counter()


def wait(seconds: float) -> None:
    """Let the window live for a while."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        QApplication.processEvents()
        time.sleep(0.002)


def until_saved(looks: Looks, act: Callable[[], object]) -> float:
    """Return the seconds from the end of an action until it is in the file."""
    act()
    done = time.perf_counter()
    looks.asked = True
    looks.written = None
    while looks.written is None:
        QApplication.processEvents()
        time.sleep(0.001)
    return looks.written - done


def stroke(layer: Labels, rng: np.random.Generator) -> None:
    """Paint a wavy line of 20 pixels' width and a few hundred pixels' length."""
    row, column = rng.integers(300, SIDE - 300, 2)
    rows, columns = np.indices((20, 400)).reshape(2, -1)
    with layer.block_history():
        layer.data_setitem((rows + row, columns + column - 200), int(rng.integers(1, 10_000)))


def bulk(layer: Labels) -> None:
    """Change a pixel in every object, as an accept of all does."""
    rows, columns = (axis.ravel() for axis in np.meshgrid(range(0, 4000, CELL), range(0, 4000, CELL), indexing="ij"))
    value = layer.data[rows, columns] % 10_000 + 1
    with layer.block_history():
        layer.data_setitem((rows, columns), value)


def measure(folder: Path) -> dict[str, Any]:
    """Return the figures, in milliseconds and megabytes."""
    recovery.folder = lambda: folder
    rng = np.random.default_rng(0)
    viewer = napari.Viewer()
    viewer.add_image(rng.random((SIDE, SIDE), np.float32), name="cells")
    layer = viewer.add_labels(objects(), name="cells corrected")
    saver = autosaver_of(viewer)
    history_of(layer)
    looks = Looks(saver)
    wait(3)
    first = until_saved(looks, lambda: stroke(layer, rng))
    first_look = max(looks.seconds)
    wait(2)
    looks.seconds.clear()
    delays = []
    for _ in range(STROKES):
        delays.append(until_saved(looks, lambda: stroke(layer, rng)))
        wait(PAUSE)
    strokes, looks.seconds = looks.seconds, []
    bulk_delays = [until_saved(looks, lambda: bulk(layer)) for _ in range(5)]
    bulks = looks.seconds
    path = saver.path
    expected = layer.data.copy()
    began = time.perf_counter()
    saver.close()
    closing = time.perf_counter() - began
    size = path.stat().st_size
    with Project.look(path) as project:
        record = next(one for one in project.layers() if one.name == "cells corrected")
        assert np.array_equal(project.pixels(record), expected), "what is in the file is not what was drawn"
    viewer.layers.clear()
    looks.timer.stop()
    again = napari.Viewer()
    began = time.perf_counter()
    open_project(again, path)
    opening = time.perf_counter() - began
    autosaver_of(again).close()
    viewer.close()
    again.close()
    return {
        "first_look_ms": first_look * 1e3,
        "first_saved_ms": first * 1e3,
        "looks_after_strokes": len(strokes),
        "look_median_ms": float(np.median(strokes)) * 1e3,
        "look_most_ms": max(strokes) * 1e3,
        "bulk_look_most_ms": max(bulks) * 1e3,
        "stroke_saved_median_ms": float(np.median(delays)) * 1e3,
        "stroke_saved_most_ms": max(delays) * 1e3,
        "bulk_saved_most_ms": max(bulk_delays) * 1e3,
        "closing_ms": closing * 1e3,
        "opening_ms": opening * 1e3,
        "file_mb": size / 1e6,
    }


def main() -> None:
    """Measure, print, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder))
    print(json.dumps(figures, indent=2))
    rows = [{"what": what, "figure": figure} for what, figure in table(figures)]
    write_report("project", f"Saving by itself, {SIDE} x {SIDE} labels", rows, machine_facts(), NOTES)


def table(figures: dict[str, float]) -> list[tuple[str, str]]:
    """Return the figures in words."""

    def ms(*names: str) -> str:
        return " / ".join(f"{figures[f'{name}_ms']:.1f}" for name in names) + " ms"

    return [
        ("the first save: the window waits", ms("first_look")),
        ("the first stroke is in the file after", ms("first_saved")),
        ("a stroke: the window waits, median / most", ms("look_median", "look_most")),
        ("a stroke is in the file after, median / most", ms("stroke_saved_median", "stroke_saved_most")),
        ("10,000 objects changed at once: the window waits, most", ms("bulk_look_most")),
        ("10,000 objects changed at once: in the file after, most", ms("bulk_saved_most")),
        ("closing the project", ms("closing")),
        ("opening it again", ms("opening")),
        ("the file, with an image of 64 MB of noise in it", f"{figures['file_mb']:.1f} MB"),
    ]


if __name__ == "__main__":
    main()
