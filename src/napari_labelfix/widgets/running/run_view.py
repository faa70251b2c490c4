"""Run and Stop, how far a run is, and how it goes."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from napari.utils.theme import get_theme
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_labelfix.widgets.parts.progress_bar import ProgressBar
from napari_labelfix.widgets.parts.shortcuts import tooltip, with_key
from napari_labelfix.widgets.parts.wrapped_label import WrappedLabel
from napari_labelfix.widgets.running.metrics_plot import MetricsPlot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QResizeEvent

    from napari_labelfix.snapshots import Snapshot

_EDGES = 4  # pixels of a progress bar, both together


class RunView(QWidget):
    """The part of the dock that shows a run."""

    runClicked = Signal()
    stopClicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.run_button = QPushButton(with_key("Run", "run_or_stop"))
        self.stop_button = QPushButton(with_key("Stop", "run_or_stop"))
        for button in (self.run_button, self.stop_button):
            button.setToolTip(tooltip("run_or_stop"))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys with the canvas
        self.run_button.clicked.connect(self.runClicked)
        self.stop_button.clicked.connect(self.stopClicked)
        self.progress = _ProgressBar()
        self.note = WrappedLabel()  # what the method has to say, such as that it starts without pretrained weights
        self.plot = MetricsPlot()
        self._told = QWidget()  # what a run has told
        self._remaining = TimeLeft()
        self._remark = ""  # on what the run was given

        told = QVBoxLayout(self._told)
        told.setContentsMargins(0, 0, 0, 0)
        told.setSpacing(3)
        for part in (self.progress, self.note, self.plot):
            told.addWidget(part)
        buttons = QHBoxLayout()
        buttons.addWidget(self.run_button)
        buttons.addWidget(self.stop_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(buttons)
        layout.addWidget(self._told)
        self.note.hide()
        self.show_last_run(False)
        self.set_running(False)

    def show_started(self, remark: str = "", *, learns: bool = True) -> None:
        """Something was started; nothing has come from it yet, but a remark on what it was given stays in sight.

        Only what learns has numbers to plot.
        """
        self._remark = remark
        self._remaining = TimeLeft()
        self.plot.setVisible(learns)
        self.plot.prepare()
        self.plot.clear()
        self._show_note("")
        self.progress.setRange(0, 0)  # a bar that only says that something happens
        self.show_last_run(True)

    def show_last_run(self, shown: bool) -> None:
        """Show what the last run has told, or hide it until it is asked for again."""
        self._told.setVisible(shown)

    def show_snapshots(self, snapshots: Sequence[Snapshot]) -> None:
        """Show how far the run is, and its numbers."""
        for snapshot in snapshots:
            self._note(snapshot)
        self.plot.redraw()
        self._show_progress(snapshots[-1])

    def show_ended(self, state: str) -> None:
        """The run is over: "finished", "stopped" or "failed"."""
        self.progress.show_one_of([state])
        if self.progress.maximum() == 0:  # nothing came: end the waiting bar
            self.progress.setRange(0, 1)
            self.progress.setValue(0)  # without a value there would be no text

    def set_theme(self, name: str) -> None:
        """Take the colours of napari's theme."""
        theme = get_theme(name)
        self.plot.set_colors(theme.text.as_hex(), theme.background.as_hex())

    def set_running(self, running: bool) -> None:
        """Offer to stop a run, or to start one."""
        self.run_button.setEnabled(not running)
        self.stop_button.setEnabled(running)

    def _note(self, snapshot: Snapshot) -> None:
        self.plot.add(snapshot.step, snapshot.metrics)
        if snapshot.ranking is not None:
            self.plot.show_ranking(snapshot.ranking)
        self._remaining.add(snapshot.step, time.monotonic())
        if snapshot.message:
            self._show_note(snapshot.message)

    def _show_note(self, message: str) -> None:
        self.note.setText(f"{self._remark} {message}".strip())
        self.note.setVisible(bool(self.note.text()))

    def _show_progress(self, last: Snapshot) -> None:
        self.progress.setRange(0, max(1, last.total))
        self.progress.setValue(min(last.step, last.total))
        left = in_words(self._remaining.seconds(last.total))
        texts = [" · ".join(filter(None, [last.stage, time])) for time in (left, left.removeprefix("about "), "")]
        self.progress.show_one_of(texts)


class _ProgressBar(ProgressBar):
    """A bar that says as much as it has room for: what is too long would be cut off at both ends."""

    _texts: Sequence[str] = ("",)

    def show_one_of(self, texts: Sequence[str]) -> None:
        """Show the first of these texts that fits, or the last."""
        self._texts = texts
        self.setToolTip(texts[0])
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """See again what fits."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        needed = self.fontMetrics().horizontalAdvance
        self.setFormat(next((text for text in self._texts if needed(text) < self.width() - _EDGES), self._texts[-1]))


class TimeLeft:
    """How long a run will still take at its pace of the last moments."""

    def __init__(self, window: int = 50) -> None:
        self._seen: deque[tuple[int, float]] = deque(maxlen=window)

    def add(self, step: int, now: float) -> None:
        """Note that `step` was reached at `now`, in seconds of any clock."""
        if not self._seen or step > self._seen[-1][0]:
            self._seen.append((step, now))

    def seconds(self, total: int) -> float | None:
        """Return the seconds until step `total`, or None while the pace is unknown."""
        if len(self._seen) < 2:
            return None
        (first_step, first_time), (last_step, last_time) = self._seen[0], self._seen[-1]
        return max(0, total - last_step) * (last_time - first_time) / (last_step - first_step)


def in_words(seconds: float | None) -> str:
    """Return a duration as a person says it: "about 2 min left"; "" if it is unknown."""
    if seconds is None:
        return ""
    if seconds < 10:
        return "a few seconds left"
    if seconds < 55:
        return f"about {round(seconds / 10) * 10} s left"
    if seconds < 3570:
        return f"about {max(1, round(seconds / 60))} min left"
    return f"about {seconds / 3600:.1f} h left"
