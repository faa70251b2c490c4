"""A list of texts with buttons, such as what is to be restored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_labelfix.widgets.parts.wrapped_label import WrappedLabel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Rows(QWidget):
    """A heading with texts under it, each with buttons; hidden while there is none.

    Parameters
    ----------
    title
        The heading.
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 8, 0, 0)
        self._column.addWidget(QLabel(f"<b>{title}</b>"))
        self._shown: list[str] = []
        self._rows: list[QWidget] = []
        self.buttons: list[QPushButton] = []
        self.hide()

    def show_rows(self, rows: Sequence[tuple[str, Sequence[tuple[str, Callable[[], object]]]]]) -> None:
        """Show these rows; those that are there already stay."""
        texts = [text for text, _ in rows]
        if texts == self._shown:
            return
        for row in self._rows:
            row.deleteLater()
        self._shown, self.buttons = texts, []
        self._rows = [self._row(text, buttons) for text, buttons in rows]
        self.setVisible(bool(rows))

    def texts(self) -> list[str]:
        """Return what is shown."""
        return self._shown

    def _row(self, text: str, buttons: Sequence[tuple[str, Callable[[], object]]]) -> QWidget:
        row, line = QWidget(), QHBoxLayout()
        line.addStretch()
        for caption, act in buttons:
            button = QPushButton(caption)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _checked=False, act=act: act())
            line.addWidget(button)
            self.buttons.append(button)
        column = QVBoxLayout(row)
        column.setContentsMargins(0, 0, 0, 4)
        column.addWidget(WrappedLabel(text))
        column.addLayout(line)
        self._column.addWidget(row)
        return row
