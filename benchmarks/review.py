"""The review suite: how quickly the Review dock answers with ten thousand objects.

On a desktop: `python benchmarks/review.py`. Without a display: `xvfb-run -a -s "-screen 0 1600x1000x24" python
benchmarks/review.py`. It takes a minute or two, and wants the machine for itself.
"""

from __future__ import annotations

import argparse
import os
import time
from functools import partial
from typing import TYPE_CHECKING

import napari
import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from report import machine_facts, write_report

from napari_labelfix.review.states import State
from napari_labelfix.widgets.viewer.history import history_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_labelfix.widgets.review_dock import ReviewDock

SIZE = 4096
CELL = 40  # pixels between the middles of two cells: 102 x 102 cells
NOTES = [
    f"Labels of {SIZE} x {SIZE} pixels with an image, the Review dock open, every object visible in its table.",
    "From the call, or the key, until Qt has no event left to handle, which includes painting canvas and table.",
    "Own: the time that the window's thread worked; on a machine that does other things, too, the clock shows more.",
    "Undo draws all 16.8 million pixels again, as napari does it for any stroke; the line below it is napari alone.",
    "The key's times are a person's: the key goes through napari's canvas.",
    "Without a model the suspects are looked for once, in the background, when the layer is chosen.",
]


def cells() -> NDArray[np.int32]:
    """Discs of different sizes."""
    rows, columns = np.indices((SIZE, SIZE))
    tiles = SIZE // CELL + 1
    radius = np.random.default_rng(0).integers(8, 16, (tiles, tiles))[rows // CELL, columns // CELL]
    inside = (rows % CELL - CELL // 2) ** 2 + (columns % CELL - CELL // 2) ** 2 < radius**2
    return np.where(inside, rows // CELL * tiles + columns // CELL + 1, 0).astype(np.int32)


def milliseconds(what: Callable[[], object]) -> tuple[float, float]:
    """Time something, and what the window has to do because of it: by the clock, and of the window's own thread."""
    began, own = time.perf_counter(), time.thread_time()
    what()
    QApplication.processEvents()
    return 1000 * (time.perf_counter() - began), 1000 * (time.thread_time() - own)


def wait_for_suspects(dock: ReviewDock) -> float:
    """Return how many seconds the window was at most busy at a time while suspects were looked for."""
    longest, last = 0.0, time.perf_counter()
    while dock.review.searching:
        QApplication.processEvents()
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
        time.sleep(0.001)
    return longest


def row(what: str, times: list[tuple[float, float]]) -> dict[str, object]:
    """One line of the report."""
    clock, own = np.transpose(times)
    return {
        "what": what,
        "n": len(times),
        "p50 ms": round(float(np.percentile(clock, 50)), 1),
        "p95 ms": round(float(np.percentile(clock, 95)), 1),
        "own p50 ms": round(float(np.percentile(own, 50)), 1),
        "own p95 ms": round(float(np.percentile(own, 95)), 1),
    }


def measure(repeats: int) -> tuple[list[dict[str, object]], dict[str, str]]:
    """Open a window, use it, and return lines and facts."""
    viewer = napari.Viewer()
    labels = cells()
    viewer.add_image((labels > 0).astype(np.float32), name="cells")
    layer = viewer.add_labels(labels, name="labels")
    QApplication.processEvents()
    alone = undo_alone(layer, max(1, repeats // 4))
    dock: ReviewDock
    began = time.perf_counter()
    _, dock = viewer.window.add_plugin_dock_widget("napari-labelfix", "Review")
    QApplication.processEvents()
    opened = time.perf_counter() - began
    began = time.perf_counter()
    stall = wait_for_suspects(dock)
    found = time.perf_counter() - began
    rows = use(viewer, dock, layer, repeats)
    rows.insert(4, row("undo a stroke, without a dock", alone))
    records = history_of(layer).records.table
    facts = {
        "objects": str(len(records)),
        "to do at the end": str(records.count()[State.TODO]),
        "programs that wanted the processor": f"{os.getloadavg()[0]:.1f}",
        "dock opened in": f"{opened:.2f} s",
        "suspects found in": f"{found:.1f} s",
        "longest stall of the window meanwhile": f"{1000 * stall:.0f} ms",
    }
    viewer.close()
    return rows, facts


def use(viewer: napari.Viewer, dock: ReviewDock, layer: napari.layers.Labels, repeats: int) -> list[dict[str, object]]:
    """Do what a person does, and return a line for each."""
    canvas = viewer.window._qt_viewer.canvas.native
    places = iter(np.random.default_rng(1).integers(50, SIZE - 50, (10 * repeats, 2)))
    layer.brush_size = 10

    def times(what: Callable[[], object], count: int = repeats) -> list[tuple[float, float]]:
        return [milliseconds(what) for _ in range(count)]

    def press(key: Qt.Key) -> None:
        QTest.keyClick(canvas, key)

    def sort(number: int) -> None:
        dock.view.table.sortByColumn(number % 7, Qt.SortOrder(number % 2))

    return [
        row("next doubtful, call", times(dock.review.next_doubtful)),
        row("next doubtful, key", times(lambda: press(Qt.Key.Key_Period))),
        row("accept and go to the next, key", times(lambda: press(Qt.Key.Key_K))),
        row("undo an accept", times(layer.undo, max(1, repeats // 2))),
        row("stroke with the brush", times(lambda: stroke(layer, next(places)))),
        row("sort", [milliseconds(partial(sort, number)) for number in range(14)]),
        row(
            "filter by a word", [milliseconds(partial(dock.view.words.setText, word)) for word in ("border", "", "12")]
        ),
        row("accept all to do", times(lambda: dock.review.accept_above(0.5), 1)),
        row("undo that", times(layer.undo, 1)),
    ]


def undo_alone(layer: napari.layers.Labels, count: int) -> list[tuple[float, float]]:
    """Time napari's own undo, before anything listens to the layer."""
    for place in range(count):
        stroke(layer, np.array([100, 100 + place]))
    QApplication.processEvents()
    return [milliseconds(layer.undo) for _ in range(count)]


def stroke(layer: napari.layers.Labels, place: NDArray[np.integer]) -> None:
    """Paint as the mouse does."""
    with layer.block_history():
        layer.paint(tuple(place), 20_000)
        layer.paint(tuple(place + 5), 20_000)


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=40)
    rows, facts = measure(parser.parse_args().repeats)
    path = write_report("review", "Reviewing ten thousand objects", rows, machine_facts() | facts, NOTES)
    print(path.read_text())


if __name__ == "__main__":
    main()
