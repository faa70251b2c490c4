"""What the plots in a dock are made of. They are drawn many times a second beside a training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QPainter
from qtpy.QtWidgets import QVBoxLayout, QWidget

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtGui import QFont, QPaintEvent

_PLOT_HEIGHT = 58


class SmallPlot(QWidget):
    """A plot with a title above, of which only the height says something."""

    def __init__(self) -> None:
        import pyqtgraph

        super().__init__()
        self.title = Title()
        self.plot: Any = pyqtgraph.PlotWidget()
        self.plot.setFixedHeight(_PLOT_HEIGHT)
        self.plot.setMinimumWidth(60)
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.hideAxis("bottom")
        self._axis = self.plot.getAxis("left")
        self._axis.setWidth(40)
        self._axis.setStyle(hideOverlappingLabels=False)  # or it drops the one at the top
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.title)
        column.addWidget(self.plot)

    def fit(
        self, left: float, right: float, low: float, high: float, told: Callable[[float], str] = "{:.2g}".format
    ) -> None:
        """Show a range, with numbers, as they are told, at its upper and lower end.

        By hand: pyqtgraph finds ranges only while it paints, and then paints again.
        """
        self.plot.setXRange(left, right, padding=0.02)
        self.plot.setYRange(low, high, padding=0.12)
        self._axis.setTicks([[(value, told(value)) for value in (low, high)]])
        self.plot.scene().prepareForPaint()

    def clear(self) -> None:
        """Take the numbers away that stand at the axis."""
        self._axis.setTicks([[]])

    def set_colors(self, text: str, background: str) -> None:
        """Take the colours of napari's theme."""
        self.title.color = text
        self.plot.setBackground(background)
        self._axis.setPen(text)
        self._axis.setTextPen(text)


class Title(QWidget):
    """A line of text that changes often.

    A label, or a title of pyqtgraph, would have everything around it laid out and painted again with each number.
    """

    color = "#d0d0d0"

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.set_font(self.font())

    def set_font(self, font: QFont) -> None:
        """Take another font, and the height that it needs."""
        self.setFont(font)
        self.setFixedHeight(self.fontMetrics().height() + 2)

    def show_text(self, text: str) -> None:
        """Show another text."""
        if text != self.text:
            self.text = text
            self.update()

    @property
    def shown(self) -> str:
        """What there is room for: the beginning, where that is not all."""
        return self.fontMetrics().elidedText(self.text, Qt.TextElideMode.ElideRight, self.width())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the text in the middle."""
        painter = QPainter(self)
        painter.setPen(QColor(self.color))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.shown)
