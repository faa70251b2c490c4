"""A text that wraps wherever it must: a long name, of a file or a layer, makes no dock wider."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtGui import QClipboard, QGuiApplication, QKeySequence
from qtpy.QtWidgets import QLabel, QMenu, QWidget

if TYPE_CHECKING:
    from qtpy.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent

_MAY_BREAK = "\u200b"  # without a width, and nothing is seen of it where no line ends
_LONG = 20  # characters; Qt makes a label at least as wide as its longest word
_LONG_WORD = re.compile(rf"\S{{{_LONG + 1},}}")
_PIECE = re.compile(rf".{{1,{_LONG - 1}}}[_./\\:,;+=-]+|.{{1,{_LONG}}}")  # to the last place where names are joined


class WrappedLabel(QLabel):
    """A `QLabel` of plain text that breaks long words. What it says, and what is copied from it, is as it was given.

    Parameters
    ----------
    text
        What it says first.
    """

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self.setTextFormat(Qt.TextFormat.PlainText)  # a name may look like HTML
        self.setWordWrap(True)
        self.setText(text)

    def text(self) -> str:
        """Return what was given."""
        return self._text

    def setText(self, text: str) -> None:
        """Say something."""
        self._text = text
        super().setText(_LONG_WORD.sub(_breakable, text))

    def selectedText(self) -> str:
        """Return what is selected, as it was given."""
        return super().selectedText().replace(_MAY_BREAK, "")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy what is selected as it was given."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self._copy()
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let the middle button paste what is selected as it was given, where the system has that."""
        super().mouseReleaseEvent(event)
        clipboard = QGuiApplication.clipboard()
        if clipboard.supportsSelection() and self.hasSelectedText():
            clipboard.setText(self.selectedText(), QClipboard.Mode.Selection)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer to copy, where text can be selected; Qt's own menu would copy where lines may end, too."""
        if not self.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse:
            super().contextMenuEvent(event)
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        copy = menu.addAction("Copy")
        copy.setEnabled(self.hasSelectedText())
        copy.triggered.connect(lambda _checked=False: self._copy())
        copy_all = menu.addAction("Copy all")
        copy_all.triggered.connect(lambda _checked=False: QGuiApplication.clipboard().setText(self._text))
        menu.popup(event.globalPos())

    def _copy(self) -> None:
        if self.hasSelectedText():
            QGuiApplication.clipboard().setText(self.selectedText())


def _breakable(word: re.Match[str]) -> str:
    return _MAY_BREAK.join(_PIECE.findall(word[0]))
