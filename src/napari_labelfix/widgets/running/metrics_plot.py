"""A live plot of a run's numbers, one small panel for each that makes a curve."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from napari_labelfix.widgets.running.metric_words import words_of
from napari_labelfix.widgets.running.ranking_plot import RankingPlot
from napari_labelfix.widgets.running.small_plot import SmallPlot
from napari_labelfix.widgets.viewer.colors import BLUE, GREEN, ORANGE, PINK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_labelfix.snapshots import Ranking

_COLORS = (ORANGE, BLUE, GREEN, PINK)
_COLUMNS = 2
_MOST_POINTS = 2000
_UNBROKEN = "\N{NO-BREAK SPACE}"
_CURVE = 4  # numbers; fewer, such as one a round, are told in words


class MetricsPlot(QWidget):
    """Draws each metric over the step of the run."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._series: dict[str, _Series] = {}
        self._panels: dict[str, _Panel] = {}
        self._ranking: RankingPlot | None = None
        self._text, self._background = "#d0d0d0", "#262930"
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.hide()
        self._grid = QGridLayout()
        self._grid.setSpacing(2)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self._column.addLayout(self._grid)
        self._column.addWidget(self.words)

    def prepare(self) -> None:
        """Import pyqtgraph: when a run starts, so that neither the dock opens late nor the first numbers come late."""
        import pyqtgraph  # noqa: F401

    def add(self, step: int, metrics: Mapping[str, float]) -> None:
        """Append numbers; `redraw` shows them."""
        for name, value in metrics.items():
            self._series.setdefault(name, _Series()).add(step, value)

    def show_ranking(self, ranking: Ranking) -> None:
        """Show which candidates of a ranking were chosen, in place of the last one."""
        if self._ranking is None:
            self._ranking = RankingPlot()
            self._ranking.set_colors(self._text, self._background)
            self._ranking.title.set_font(self.font())
            self._column.addWidget(self._ranking)
        self._ranking.show_ranking(ranking)
        self._ranking.show()

    def redraw(self) -> None:
        """Show what was added."""
        for name, series in self._series.items():
            if name not in self._panels and len(series.values) >= _CURVE:
                self._panels[name] = self._new_panel(name)
        for name, panel in self._panels.items():
            panel.show_series(self._series[name])
        few = [(words_of(name), series.values[-1]) for name, series in self._few() if series.values]
        told = [words.told(value).replace(" ", _UNBROKEN) for words, value in few if not words.aside]
        self.words.setText(" · ".join(told))
        self.words.setToolTip("\n".join(f"{words.told(value)}: {words.help}" for words, value in few if words.help))
        self.words.setVisible(bool(told))

    def clear(self) -> None:
        """Forget the numbers of the last run."""
        for series in self._series.values():
            series.steps, series.values = [], []
        if self._ranking is not None:
            self._ranking.hide()
        self.redraw()

    def points(self, name: str) -> tuple[list[float], list[float]]:
        """Return the steps and the values of a metric."""
        return list(self._series[name].steps), list(self._series[name].values)

    def set_colors(self, text: str, background: str) -> None:
        """Take the colours of napari's theme."""
        self._text, self._background = text, background
        for plot in self._plots():
            plot.set_colors(text, background)

    def changeEvent(self, event: QEvent) -> None:
        """Hand the font of the dock on: plots that came later than the dock take it from nobody."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            for plot in self._plots():
                plot.title.set_font(self.font())

    def _plots(self) -> list[SmallPlot]:
        return [*self._panels.values(), *filter(None, [self._ranking])]

    def _few(self) -> list[tuple[str, _Series]]:
        return [(name, series) for name, series in self._series.items() if name not in self._panels]

    def _new_panel(self, name: str) -> _Panel:
        panel = _Panel(name, _COLORS[len(self._panels) % len(_COLORS)])
        panel.set_colors(self._text, self._background)
        panel.title.set_font(self.font())
        self._grid.addWidget(panel, *divmod(len(self._panels), _COLUMNS))
        return panel


class _Series:
    """The numbers of one metric."""

    def __init__(self) -> None:
        self.steps: list[float] = []
        self.values: list[float] = []

    def add(self, step: int, value: float) -> None:
        self.steps.append(step)
        self.values.append(value)
        if len(self.steps) > _MOST_POINTS:  # every other one is enough to see where it goes
            self.steps, self.values = self.steps[::2], self.values[::2]

    def shown_steps(self) -> list[float]:
        """Return the steps; where many numbers come in one step, their order."""
        few_steps = len(set(self.steps)) <= len(self.steps) / 2
        return list(range(len(self.steps))) if few_steps else self.steps


class _Panel(SmallPlot):
    """A curve; the progress bar says how far it is."""

    def __init__(self, name: str, color: str) -> None:
        import pyqtgraph

        super().__init__()
        self._words = words_of(name)
        self.setToolTip(self._words.help)
        self._curve = self.plot.plot(pen=pyqtgraph.mkPen(color, width=2))

    def show_series(self, series: _Series) -> None:
        steps = series.shown_steps()
        self._curve.setData(steps, series.values)
        if series.values:
            # from zero, so that noise does not look like progress
            finite = [0.0, *(value for value in series.values if math.isfinite(value))]
            self.fit(steps[0], max(steps[-1], steps[0] + 1), min(finite), max(finite), self._words.in_short)
            self.title.show_text(self._words.told(series.values[-1]))
        else:
            self.clear()
            self.title.show_text(self._words.short)
