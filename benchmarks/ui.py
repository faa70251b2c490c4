"""The UI suite: how smooth a real napari window stays while a method trains, and how fast the plugin opens.

On a desktop: `python benchmarks/ui.py`. Without a display: `xvfb-run -a -s "-screen 0 1600x1000x24" python
benchmarks/ui.py`. It takes a few minutes, and wants the machine for itself.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from compileall import compile_dir
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from load import OtherLoad
from report import machine_facts, write_report

import napari_labelfix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import napari
    from qtpy.QtCore import QEvent, QPointF
    from qtpy.QtWidgets import QWidget

    from napari_labelfix.widgets.method_dock import MethodDock

TITLE = "Scribble2Label"  # of the dock, in the menu
TICK = 0.010  # seconds between two beats of the event loop's pulse
MOVE = 0.050  # seconds between two movements of the mouse while it paints
MOVES = 20  # in a stroke
PAUSE = 0.5  # seconds after a stroke; the dock hands it in meanwhile
FRESH_STARTS = 7
DISTURBANCE = 0.05  # share of the processor that other programs may take while something is measured
TRIES = 1800
BUSY = "Other programs keep the machine busy. End them and measure again."


# ---------------------------------------------------------------- opening


def measure_import() -> list[float]:
    """Seconds of `import napari_labelfix`, each in a fresh interpreter."""
    code = (
        "import sys, time; began = time.perf_counter(); import napari_labelfix; print(time.perf_counter() - began);"
        "assert 'torch' not in sys.modules"
    )
    return [float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(FRESH_STARTS)]


def measure_dock() -> list[float]:
    """Seconds from the menu to a painted dock, each in a fresh napari that shows a sample."""
    compile_dir(Path(napari_labelfix.__file__).parent, quiet=1)  # as pip does when it installs
    return [json.loads(in_fresh_process("dock"))["seconds"] for _ in range(FRESH_STARTS)]


def open_dock() -> dict[str, Any]:
    """Open napari and, when it and the machine have settled, the dock."""
    with window() as viewer:
        wait_for_others()
        began = time.perf_counter()
        dock = add_dock(viewer)
        while not dock.isVisible() or dock.visibleRegion().isEmpty():
            process_events()
        process_events()
        seconds = time.perf_counter() - began
        assert "torch" not in sys.modules
    return {"seconds": seconds}


# ---------------------------------------------------------------- using


def use_window(blocks: int, seconds: float) -> dict[str, dict[str, list[float]]]:
    """Alternate between idle and training, and look on and paint in both; all times in seconds."""
    found: dict[str, dict[str, list[float]]] = {"idle": {}, "training": {}}
    with window() as viewer:
        dock = add_dock(viewer)
        dock.inputs.draw()
        for _ in range(blocks):
            dock.stop()
            wait_until(lambda: dock.session.trainer.ready)  # the next process has imported torch
            measure_undisturbed(viewer, seconds, found["idle"])
            dock.run()
            wait_until(lambda: dock.session.model is not None)  # past the instant proposal
            measure_undisturbed(viewer, seconds, found["training"])
            if not dock.session.running:
                raise SystemExit("The training ended while it was measured. Choose fewer --seconds.")
        assert "torch" not in sys.modules
    return found


def measure_undisturbed(viewer: napari.Viewer, seconds: float, found: dict[str, list[float]]) -> None:
    """Measure as soon as other programs leave the machine alone, and again if they did not."""
    for _ in range(TRIES):
        wait_for_others()
        others, fresh = OtherLoad(), {}
        measure(viewer, seconds, fresh)
        if others.share() < DISTURBANCE:
            for what, values in fresh.items():
                found.setdefault(what, []).extend(values)
            return
    raise SystemExit(BUSY)


def wait_for_others() -> None:
    """Run the event loop until other programs leave the machine alone."""
    for _ in range(TRIES):
        others = OtherLoad()
        run_event_loop(1)
        if others.share() < DISTURBANCE:
            return
    raise SystemExit(BUSY)


def measure(viewer: napari.Viewer, seconds: float, found: dict[str, list[float]]) -> None:
    """Look on for `seconds`, paint for as long, and add what was seen to `found`."""
    with pulse(found.setdefault("lateness, looking on", [])):
        run_event_loop(seconds)
    with pulse(found.setdefault("lateness, painting", [])):
        found.setdefault("paint and redraw", []).extend(paint(viewer, seconds))


@contextmanager
def pulse(lateness: list[float]) -> Iterator[None]:
    """Note how much later than asked for the event loop calls a timer."""
    from qtpy.QtCore import Qt, QTimer

    timer, last = QTimer(), time.perf_counter()

    def beat() -> None:
        nonlocal last
        now = time.perf_counter()
        lateness.append(max(0.0, now - last - TICK))
        last = now

    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(beat)
    timer.start(round(TICK * 1000))
    yield
    timer.stop()


def paint(viewer: napari.Viewer, seconds: float) -> list[float]:
    """Paint strokes along a spiral with the mouse; seconds from each movement until the canvas has been drawn again.

    Each call paints the same strokes with the other label, and the spiral never meets itself: a movement that changes
    no pixel would draw nothing. So the number of strokes must not depend on how fast they are.
    """
    from qtpy.QtCore import QEvent, QPointF

    canvas, drawn, times = viewer.window._qt_viewer.canvas, [], []
    canvas._scene_canvas.events.draw.connect(lambda _event: drawn.append(True))
    scribbles = viewer.layers.selection.active
    scribbles.selected_label = 3 - scribbles.selected_label
    native, angle = canvas.native, 0.0

    def position() -> QPointF:
        reach = 40 + 2 * angle
        offset = QPointF(reach * np.cos(angle), reach * np.sin(angle))
        return QPointF(native.width() / 2, native.height() / 2) + offset

    for _ in range(max(1, round(seconds / (MOVES * MOVE + PAUSE)))):
        mouse(native, QEvent.Type.MouseButtonPress, position())
        for _ in range(MOVES):
            next_move = time.perf_counter() + MOVE
            angle += 0.1
            drawn.clear()
            began = time.perf_counter()
            mouse(native, QEvent.Type.MouseMove, position())
            while not drawn:
                process_events()
                if time.perf_counter() - began > 10:
                    raise SystemExit("A movement of the mouse drew nothing. Is the scribble layer in paint mode?")
            times.append(time.perf_counter() - began)
            run_event_loop(next_move - time.perf_counter())
        mouse(native, QEvent.Type.MouseButtonRelease, position())
        run_event_loop(PAUSE)
    return times


def mouse(widget: QWidget, what: QEvent.Type, position: QPointF) -> None:
    """Hand an event of the left button to a widget, as Qt does: a virtual screen may lose the pointer's movements."""
    from qtpy.QtCore import QEvent, Qt
    from qtpy.QtGui import QMouseEvent
    from qtpy.QtWidgets import QApplication

    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    button = none if what == QEvent.Type.MouseMove else left
    held = none if what == QEvent.Type.MouseButtonRelease else left
    in_window = widget.mapToGlobal(position)
    event = QMouseEvent(what, position, in_window, button, held, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, event)


# ---------------------------------------------------------------- napari


@contextmanager
def window() -> Iterator[napari.Viewer]:
    """A napari window with a sample image of 512 x 512 and scribbles, settled."""
    import napari

    viewer = napari.Viewer()
    viewer.open_sample("napari-labelfix", "fluorescence")
    viewer.window._qt_window.resize(1400, 900)
    run_event_loop(3)
    yield viewer
    viewer.close()
    process_events()


def add_dock(viewer: napari.Viewer) -> MethodDock:
    """Open the method's dock as the menu does."""
    _, dock = viewer.window.add_plugin_dock_widget("napari-labelfix", TITLE)
    return dock


def process_events() -> None:
    """Do what waits in the event loop."""
    from qtpy.QtWidgets import QApplication

    QApplication.instance().processEvents()


def run_event_loop(seconds: float) -> None:
    """Hand over to the event loop for a while."""
    from qtpy.QtCore import QEventLoop, QTimer

    if seconds > 0:
        loop = QEventLoop()
        QTimer.singleShot(round(seconds * 1000), loop.quit)
        loop.exec()


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Run the event loop until something is so."""
    until = time.perf_counter() + seconds
    while not condition():
        if time.perf_counter() > until:
            raise TimeoutError(f"It was not so within {seconds} s.")
        run_event_loop(0.05)


# ---------------------------------------------------------------- telling


def rows_of(found: dict[str, dict[str, list[float]]]) -> list[dict[str, object]]:
    """One row per measurement and condition, in milliseconds, with the ratio to idle at the 95th percentile."""
    rows = []
    for what in found["idle"]:
        idle = np.percentile(found["idle"][what], 95)
        for condition, measured in found.items():
            values = np.array(measured[what]) * 1000
            rows.append(
                {
                    "what": what,
                    "condition": condition,
                    "n": values.size,
                    "p50 ms": round(float(np.percentile(values, 50)), 2),
                    "p95 ms": round(float(np.percentile(values, 95)), 2),
                    "max ms": round(float(values.max()), 2),
                    "p95 / idle": round(float(np.percentile(values, 95) / 1000 / idle), 2),
                }
            )
    return rows


def opening_row(what: str, seconds: list[float]) -> dict[str, object]:
    """One row about something that was opened in fresh processes."""
    values = [1000 * value for value in seconds]
    return {
        "what": what,
        "n": len(values),
        "p50 ms": round(statistics.median(values), 2),
        "max ms": round(max(values), 2),
    }


def in_fresh_process(part: str, *options: str) -> str:
    """Run one part of the suite by itself and return the last line that it prints."""
    done = subprocess.run([sys.executable, __file__, "--part", part, *options], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout.splitlines()[-1]


def main() -> None:
    """Measure all, or one part in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, default=4, help="times to alternate between idle and training")
    parser.add_argument("--seconds", type=float, default=8, help="of looking on, and of painting, in each block")
    parser.add_argument("--part", choices=["dock", "window"], help="measure that only and print it")
    chosen = parser.parse_args()
    if chosen.part == "dock":
        print(json.dumps(open_dock()))
    elif chosen.part == "window":
        print(json.dumps(use_window(chosen.blocks, chosen.seconds)))
    else:
        found = json.loads(in_fresh_process("window", "--blocks", str(chosen.blocks), "--seconds", str(chosen.seconds)))
        rows = rows_of(found)
        rows.append(opening_row("import napari_labelfix", measure_import()))
        rows.append(opening_row("open the dock", measure_dock()))
        print(write_report("ui", "The window while a method trains", rows, machine_facts(), NOTES).read_text())


NOTES = (
    "A real napari window with a 512 x 512 image, its scribbles and the dock; idle and training alternate in one run, "
    "and training is measured after its first proposal.",
    "Lateness: how much later than asked for a timer of 10 ms is called. Looking on: hands off, layers and plot "
    "refresh while it trains. Painting: strokes with the mouse, a movement every 50 ms.",
    "Paint and redraw: from a movement of the mouse until the canvas has been drawn again.",
    "Opening: each in a fresh process; the dock from the menu's call until it is painted. No torch was imported.",
)

if __name__ == "__main__":
    main()
