"""A live plot of a run's numbers, one small panel for each metric."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QGridLayout, QWidget

if TYPE_CHECKING:
    from collections.abc import Mapping

_COLORS = ("#e69f00", "#56b4e9", "#009e73", "#cc79a7")  # Okabe & Ito
_COLUMNS = 2
_PANEL_HEIGHT = 78
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
        self.widget: Any = pyqtgraph.PlotWidget()
        self.widget.setFixedHeight(_PANEL_HEIGHT)
        self.widget.setMouseEnabled(x=False, y=False)
        self.widget.setMenuEnabled(False)
        self.widget.hideButtons()
        self.widget.hideAxis("bottom")  # the progress bar says how far it is
        self.widget.getAxis("left").setWidth(40)
        self.widget.getAxis("left").setStyle(hideOverlappingLabels=False)  # or it drops the one at the top
        self.widget.setMinimumWidth(60)
        self._curve = self.widget.plot(pen=pyqtgraph.mkPen(color, width=2))

    def add(self, step: int, value: float) -> None:
        self.steps.append(step)
        self.values.append(value)
        if len(self.steps) > _MOST_POINTS:  # every other one is enough to see where it goes
            self.steps, self.values = self.steps[::2], self.values[::2]

    def redraw(self) -> None:
        self._curve.setData(self.steps, self.values)
        finite = [value for value in self.values if math.isfinite(value)]
        if finite:  # from zero, so that noise does not look like progress
            low, high = min(0.0, *finite), max(0.0, *finite)
            self.widget.setYRange(low, high, padding=0.12)
            self.widget.getAxis("left").setTicks([[(value, f"{value:.2g}") for value in (low, high)]])
        if self.values:
            # by hand, since pyqtgraph finds the range only while it paints, and then paints again
            self.widget.setXRange(self.steps[0], max(self.steps[-1], self.steps[0] + 1), padding=0.02)
            self.widget.setTitle(f"{self._name} {self.values[-1]:.2g}", size="9pt", color=self._text)

    def clear(self) -> None:
        self.steps, self.values = [], []
        self.redraw()

    def set_colors(self, text: str, background: str) -> None:
        self._text = text
        self.widget.setBackground(background)
        self.widget.getAxis("left").setPen(text)
        self.widget.getAxis("left").setTextPen(text)
        self.redraw()
