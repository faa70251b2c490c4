"""The edit suite: how quickly objects among ten thousand are merged, cut, grown, ... in the Review dock.

On a desktop: `python benchmarks/edits.py`. Without a display: `xvfb-run -a -s "-screen 0 1600x1000x24" python
benchmarks/edits.py`. It takes a minute or two, and wants the machine for itself.
"""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING

import napari
import numpy as np
from qtpy.QtWidgets import QApplication
from report import machine_facts, write_report
from review import CELL, SIZE, cells, milliseconds, row, wait_for_suspects

from napari_labelfix.widgets.viewer.history import history_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_labelfix.widgets.review_dock import ReviewDock

ACTIONS = ("grow", "shrink", "smooth", "fill", "separate", "keep_largest", "delete")
MANY = 1000  # objects that are edited in one step
NOTES = [
    f"Labels of {SIZE} x {SIZE} pixels with an image, the Review dock open, one object selected.",
    "From the call until Qt has no event left to handle: pixels, records, table, outlines, canvas.",
    "“While it is drawn”: what a line would do, worked out and outlined on the canvas at each movement of the mouse.",
    "Own: the time that the window's thread worked; on a machine that does other things, too, the clock shows more.",
]


def line_across(center: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return a line from above a cell to below it."""
    return center + np.stack([np.linspace(-CELL / 2, CELL / 2, 8), np.zeros(8)], axis=1)


def line_to_the_next(center: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return a line from a cell to its neighbour on the right."""
    return center + np.stack([np.zeros(8), np.linspace(0, CELL, 8)], axis=1)


def measure(repeats: int) -> tuple[list[dict[str, object]], dict[str, str]]:
    """Open a window, edit, and return lines and facts."""
    viewer = napari.Viewer()
    labels = cells()
    viewer.add_image((labels > 0).astype(np.float32), name="cells")
    layer = viewer.add_labels(labels, name="labels")
    dock: ReviewDock
    _, dock = viewer.window.add_plugin_dock_widget("napari-labelfix", "Review")
    wait_for_suspects(dock)
    times: dict[str, list[tuple[float, float]]] = {}
    tiles = np.random.default_rng(0).choice((SIZE // CELL // 2) ** 2, repeats, replace=False)
    for tile in tiles.tolist():  # every second cell of every second row
        center = CELL // 2 + 2 * CELL * np.array(divmod(tile, SIZE // CELL // 2))
        edit_one(dock, center, int(labels[tuple(center)]), times)
    facts = {"objects": str(len(history_of(layer).records.table))}
    for name in ("grow", "smooth", "delete"):
        dock.review.select(history_of(layer).records.table.ids[:MANY].tolist())
        QApplication.processEvents()
        times[f"{name}, {MANY} objects"] = [milliseconds(partial(dock.edits.perform, name))]
    rows = [row(what, measured) for what, measured in times.items()]
    viewer.close()
    return rows, facts


def edit_one(
    dock: ReviewDock, center: NDArray[np.integer], object_id: int, times: dict[str, list[tuple[float, float]]]
) -> None:
    """Do everything to one object, and take the time of each."""
    bar = dock.edits
    for name in ACTIONS[:-1]:
        dock.review.select([object_id])
        times.setdefault(name, []).append(milliseconds(partial(bar.perform, name)))
    for name, path in (("cut", line_across(center)), ("merge", line_to_the_next(center))):
        bar.tool_buttons[name].click()
        QApplication.processEvents()
        for corners in range(2, len(path) + 1):
            drawn = partial(bar.hand.canvas.drawn.emit, path[:corners])
            times.setdefault(f"{name}, while it is drawn", []).append(milliseconds(drawn))
        times.setdefault(name, []).append(milliseconds(partial(bar.hand.canvas.released.emit, path)))
        bar.hand.put_away()
    times.setdefault("delete", []).append(milliseconds(partial(bar.perform, "delete")))


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=30)
    rows, facts = measure(parser.parse_args().repeats)
    path = write_report("edits", "Edits among ten thousand objects", rows, machine_facts() | facts, NOTES)
    print(path.read_text())


if __name__ == "__main__":
    main()
