"""A live plot of a run's numbers, one small panel for each metric."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QPainter
from qtpy.QtWidgets import QGridLayout, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtpy.QtGui import QPaintEvent

_COLORS = ("#e69f00", "#56b4e9", "#009e73", "#cc79a7")  # Okabe & Ito
_COLUMNS = 2
_PLOT_HEIGHT = 58
_MOST_POINTS = 2000


class MetricsPlot(QWidget):
    """Draws each metric over the step of the run."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._panels: dict[str, _Panel] = {}
        self._text, self._background = "#d0d0d0", "#262930"
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)

    def prepare(self) -> None:
        """Import pyqtgraph: when a run starts, so that neither the dock opens late nor the first numbers come late."""
        import pyqtgraph  # noqa: F401

    def add(self, step: int, metrics: Mapping[str, float]) -> None:
        """Append numbers; `redraw` shows them."""
        for name, value in metrics.items():
            if name not in self._panels:
                self._panels[name] = self._new_panel(name)
            self._panels[name].add(step, value)

    def redraw(self) -> None:
        """Show what was added."""
        for panel in self._panels.values():
            panel.redraw()

    def clear(self) -> None:
        """Forget the numbers of the last run."""
        for panel in self._panels.values():
            panel.clear()

    def points(self, name: str) -> tuple[list[float], list[float]]:
        """Return the steps and the values of a metric."""
        panel = self._panels[name]
        return list(panel.steps), list(panel.values)

    def set_colors(self, text: str, background: str) -> None:
        """Take the colours of napari's theme."""
        self._text, self._background = text, background
        for panel in self._panels.values():
            panel.set_colors(text, background)

    def _new_panel(self, name: str) -> _Panel:
        panel = _Panel(name, _COLORS[len(self._panels) % len(_COLORS)])
        panel.set_colors(self._text, self._background)
        self._layout.addWidget(panel.widget, *divmod(len(self._panels), _COLUMNS))
        return panel


class _Panel:
    def __init__(self, name: str, color: str) -> None:
        import pyqtgraph

        self.steps: list[float] = []
        self.values: list[float] = []
        self._name = name
        self.widget = QWidget()
        self._title = _Title()
        self._plot: Any = pyqtgraph.PlotWidget()
        self._plot.setFixedHeight(_PLOT_HEIGHT)
        self._plot.setMinimumWidth(60)
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.hideAxis("bottom")  # the progress bar says how far it is
        self._axis = self._plot.getAxis("left")
        self._axis.setWidth(40)
        self._axis.setStyle(hideOverlappingLabels=False)  # or it drops the one at the top
        self._curve = self._plot.plot(pen=pyqtgraph.mkPen(color, width=2))
        column = QVBoxLayout(self.widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._title)
        column.addWidget(self._plot)

    def add(self, step: int, value: float) -> None:
        self.steps.append(step)
        self.values.append(value)
        if len(self.steps) > _MOST_POINTS:  # every other one is enough to see where it goes
            self.steps, self.values = self.steps[::2], self.values[::2]

    def redraw(self) -> None:
        steps = self._shown_steps()
        self._curve.setData(steps, self.values)
        finite = [value for value in self.values if math.isfinite(value)]
        if finite:  # from zero, so that noise does not look like progress
            low, high = min(0.0, *finite), max(0.0, *finite)
            self._plot.setYRange(low, high, padding=0.12)
            self._axis.setTicks([[(value, f"{value:.2g}") for value in (low, high)]])
        if self.values:
            # range and transform by hand: pyqtgraph finds them only while it paints, and then paints again
            self._plot.setXRange(steps[0], max(steps[-1], steps[0] + 1), padding=0.02)
            self._title.show_text(f"{self._name} {self.values[-1]:.2g}")
        self._plot.scene().prepareForPaint()

    def _shown_steps(self) -> list[float]:
        """Return the steps; where many numbers come in one step, their order."""
        few_steps = len(set(self.steps)) <= len(self.steps) / 2
        return list(range(len(self.steps))) if few_steps else self.steps

    def clear(self) -> None:
        self.steps, self.values = [], []
        self.redraw()

    def set_colors(self, text: str, background: str) -> None:
        self._title.color = text
        self._plot.setBackground(background)
        self._axis.setPen(text)
        self._axis.setTextPen(text)
        self.redraw()


class _Title(QWidget):
    """A line of text that changes often.

    A label, or a title of pyqtgraph, would have everything around it laid out and painted again with each number.
    """

    color = "#d0d0d0"

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self.setFixedHeight(self.fontMetrics().height() + 2)

    def show_text(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(QColor(self.color))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._text)
