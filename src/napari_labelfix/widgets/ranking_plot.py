"""A plot of the candidates that a method ranks: how the scores fall, and which of them were chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_labelfix.widgets.small_plot import COLORS, SmallPlot

if TYPE_CHECKING:
    from napari_labelfix.snapshots import Ranking


class RankingPlot(SmallPlot):
    """Scores from the highest to the lowest, with a dot at each candidate that was chosen, a colour a reason."""

    def __init__(self) -> None:
        import pyqtgraph

        super().__init__()
        self._curve = self.plot.plot(pen=pyqtgraph.mkPen(COLORS[1], width=2))
        self._dots: dict[str, Any] = {}

    def show_ranking(self, ranking: Ranking) -> None:
        """Show another ranking."""
        import pyqtgraph

        scores = ranking.scores
        self._curve.setData(scores)
        for dots in self._dots.values():
            dots.clear()
        for name, places in ranking.chosen.items():
            if name not in self._dots:
                color = COLORS[(2, 3)[len(self._dots) % 2]]
                self._dots[name] = pyqtgraph.ScatterPlotItem(size=4, pen=None, brush=color)
                self.plot.addItem(self._dots[name])
            self._dots[name].setData(places, scores[places])
        counts = ", ".join(f"{len(places)} {name}" for name, places in ranking.chosen.items())
        self.title.show_text(f"{counts} of {len(scores)}")
        self.fit(0, max(len(scores) - 1, 1), float(scores.min()), float(scores.max()))
