"""A table whose rows, columns and marks are as large as its font asks for."""

from __future__ import annotations

from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QTableView, QWidget


class Table(QTableView):
    """A `QTableView` that keeps its proportions: Qt's own leaves rows and columns as they are in any other font."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._line = self.fontMetrics().height()  # pixels, for which its sizes are

    def changeEvent(self, event: QEvent) -> None:
        """Make everything larger with the font, or smaller."""
        super().changeEvent(event)
        if event.type() != QEvent.Type.FontChange:
            return
        self.horizontalHeader().setFont(self.font())  # a header with napari's style takes it from no other
        if (line := self.fontMetrics().height()) != self._line:
            self._resize(line / self._line)
            self._line = line

    def _resize(self, factor: float) -> None:
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        rows.setDefaultSectionSize(round(rows.defaultSectionSize() * factor))
        self.setIconSize(self.iconSize() * factor)
        for column in range(columns.count()):
            self.setColumnWidth(column, round(self.columnWidth(column) * factor))
