"""A plot of the candidates that a method ranks: how the scores fall, and which of them were chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_labelfix.snapshots import PointRole
from napari_labelfix.widgets.running.small_plot import SmallPlot
from napari_labelfix.widgets.viewer.colors import GREEN
from napari_labelfix.widgets.viewer.looks import POINT_COLORS, POINT_NAMES

if TYPE_CHECKING:
    from napari_labelfix.snapshots import Ranking


_COLORS = {POINT_NAMES[role]: POINT_COLORS[role] for role in PointRole}  # as they have in the layer


class RankingPlot(SmallPlot):
    """Scores from the highest to the lowest, with a dot at each candidate that was chosen, a colour a reason."""

    def __init__(self) -> None:
        import pyqtgraph

        super().__init__()
        self._curve = self.plot.plot(pen=pyqtgraph.mkPen(POINT_COLORS[PointRole.DETECTED], width=2))
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
                self._dots[name] = pyqtgraph.ScatterPlotItem(size=4, pen=None, brush=_COLORS.get(name, GREEN))
                self.plot.addItem(self._dots[name])
            self._dots[name].setData(places, scores[places])
        counts = ", ".join(f"{len(places)} {name}" for name, places in ranking.chosen.items())
        self.title.show_text(counts if len(ranking.chosen) > 1 else f"{counts} of {len(scores)}")
        self.setToolTip(f"All {len(scores)}, the likeliest first. Dots are those that are learned from: {counts}.")
        self.fit(0, max(len(scores) - 1, 1), float(scores.min()), float(scores.max()))
