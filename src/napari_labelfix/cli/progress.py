"""How far a run is: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from napari_labelfix.snapshots import Clock

if TYPE_CHECKING:
    from napari_labelfix.snapshots import Snapshot

LINE_EVERY = 5.0  # seconds


class Reporter(Protocol):
    """Tells a person what a run tells."""

    def __enter__(self) -> Self:
        """Begin; the time counts from here."""

    def __exit__(self, *exception: object) -> None:
        """End."""

    def say(self, sentence: str) -> None:
        """Show a sentence that stays."""

    def show(self, snapshot: Snapshot) -> None:
        """Show where the run is."""


def make_reporter(budget: float | None) -> Reporter:
    """Return a bar if there is a terminal, else lines; `budget` is the run's time in seconds, if it has one."""
    console = Console()
    return Bar(console, budget) if console.is_terminal else Lines()


class Lines:
    """A line at each stage, and one every few seconds."""

    def __init__(self) -> None:
        self._clock = Clock(LINE_EVERY)
        self._stage = ""

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def say(self, sentence: str) -> None:
        """Print a line with the time."""
        typer.echo(f"{time.monotonic() - self._started:7.1f} s  {sentence}")

    def show(self, snapshot: Snapshot) -> None:
        """Print a line if the stage is new or the last line is some seconds old."""
        if self._clock.due() or snapshot.stage != self._stage:
            self.say(describe(snapshot))
        self._stage = snapshot.stage


class Bar:
    """A bar that fills with the steps of the run, or with its time where that ends sooner."""

    def __init__(self, console: Console, budget: float | None) -> None:
        self._budget = budget
        columns = (BarColumn(bar_width=30), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
        self._progress = Progress(*columns, console=console)

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        self._progress.start()
        self._task = self._progress.add_task("", total=1.0)
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()

    def say(self, sentence: str) -> None:
        """Print a line above the bar."""
        self._progress.console.print(sentence, markup=False, highlight=False, soft_wrap=True)

    def show(self, snapshot: Snapshot) -> None:
        """Fill the bar, and say beside it what is going on."""
        done = snapshot.step / max(snapshot.total, 1)
        if self._budget:
            done = max(done, (time.monotonic() - self._started) / self._budget)
        self._progress.update(self._task, completed=min(done, 1.0), description=describe(snapshot))


def describe(snapshot: Snapshot) -> str:
    """Say in a line where a run is: "training  35 of 300  loss 0.231  confident 0.830"."""
    steps = [f"{snapshot.step} of {snapshot.total}"] if snapshot.step else []
    return "  ".join([snapshot.stage, *steps, *(f"{name} {value:.3f}" for name, value in snapshot.metrics.items())])
