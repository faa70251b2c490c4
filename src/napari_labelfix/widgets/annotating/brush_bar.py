"""The buttons for what a person draws with; those of classes can be added, named and removed."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QSize, Qt, Signal
from qtpy.QtWidgets import QGridLayout, QLineEdit, QMenu, QPushButton, QWidget

from napari_labelfix.widgets.parts.shortcuts import tooltip
from napari_labelfix.widgets.parts.swatch import swatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QContextMenuEvent, QFocusEvent, QKeyEvent, QMouseEvent, QResizeEvent

    from napari_labelfix.widgets.annotating.layer_kind import Brush

_SWATCH, _SQUARE = 14, 26  # pixels
_IN_A_ROW = 2  # where classes may come
_SHORTEST, _LONGEST = 8, 13  # characters that a button asks room for where names may be long
_BESIDE = _SWATCH + 14  # pixels of the width of such a button
_LONGEST_NAME = 80


class BrushBar(QWidget):
    """A button for each brush.

    Parameters
    ----------
    brushes
        Those of the beginning.
    grows
        Whether a person may add brushes, and name them.
    """

    picked = Signal(object)  # the value of a brush
    addClicked = Signal()
    named = Signal(object, str)  # the value of a brush, and what a person has typed
    removed = Signal(object)

    def __init__(self, brushes: Sequence[Brush], *, grows: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.brushes: tuple[Brush, ...] = ()
        self.buttons: dict[int | str, BrushButton] = {}  # by what the brushes are known by
        self.add_button = QPushButton("+", self)
        self.name_edit = NameEdit(self)
        self._named: int | str = ""  # the brush that is being named
        self._grows = grows
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(3)
        self.add_button.setVisible(grows)
        self.add_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.add_button.setToolTip("Add a class of objects, with a colour of its own, and give it a name.")
        self.add_button.setFixedWidth(_SQUARE)
        self.add_button.clicked.connect(self.addClicked)
        self.name_edit.finished.connect(self._on_named)
        self.show_brushes(brushes)

    def show_brushes(self, brushes: Sequence[Brush]) -> None:
        """Show a button for each of these."""
        if tuple(brushes) == self.brushes:
            return
        self.brushes, before = tuple(brushes), dict(self.buttons)
        self.buttons.clear()  # whoever has the buttons sees the others
        for brush in brushes:
            button = before.pop(brush.value, None) or self._button(brush.value)
            button.show_brush(brush)
            self.buttons[brush.value] = button
        for button in before.values():
            self._grid.removeWidget(button)
            button.hide()
            button.deleteLater()
        if self._named not in self.buttons:  # such as one whose only stroke was taken back
            self.name_edit.hide()
        self._arrange()

    def edit_name(self, value: int | str) -> None:
        """Let a name be typed in the place of a button."""
        button = self.buttons[value]
        if button.brush is None or button.brush.name is None:
            return
        self._named = value
        self._grid.activate()  # one that was just added has its place then
        self.name_edit.begin(button.brush.name)
        self._lay_over_what_is_named()

    def event(self, event: QEvent) -> bool:
        """Let the line lie over what is named, also where buttons have got other places: they have by now."""
        done = super().event(event)
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest) and self.name_edit.isVisible():
            self._lay_over_what_is_named()
        return done

    def _lay_over_what_is_named(self) -> None:
        self.name_edit.setGeometry(self.buttons[self._named].geometry())

    def _on_named(self, name: str) -> None:
        button = self.buttons.get(self._named)
        if button is not None and button.brush is not None and name != button.brush.name:
            self.named.emit(self._named, name)

    def _button(self, value: int | str) -> BrushButton:
        button = BrushButton(self, shortens=self._grows)
        button.clicked.connect(lambda: self.picked.emit(value))
        button.nameAsked.connect(lambda: self.edit_name(value))
        button.removeAsked.connect(lambda: self.removed.emit(value))
        return button

    def _arrange(self) -> None:
        in_a_row = _IN_A_ROW if self._grows else max(1, len(self.buttons))
        for at, button in enumerate(self.buttons.values()):
            self._grid.addWidget(button, at // in_a_row, at % in_a_row)
            self._grid.setColumnStretch(at % in_a_row, 1)
        if self._grows:
            self._grid.addWidget(self.add_button, 0, in_a_row)
        in_order = [*self.buttons.values(), self.add_button, self.name_edit]
        for before, after in pairwise(in_order):  # a new button would come after all else of the dock
            self.setTabOrder(before, after)


class BrushButton(QPushButton):
    """Shows a brush: its colour, and what it draws.

    Parameters
    ----------
    shortens
        Whether it shows only as much of that as there is room for: names may be long.
    """

    nameAsked = Signal()
    removeAsked = Signal()

    def __init__(self, parent: QWidget | None = None, *, shortens: bool = False) -> None:
        super().__init__(parent)
        self.brush: Brush | None = None
        self._shortens = shortens
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def show_brush(self, brush: Brush) -> None:
        """Show another brush, or the same by another name."""
        if brush == self.brush:
            return
        self.brush = brush
        self.setIcon(swatch(brush.color, _SWATCH))
        called = f"{brush.text}\n" if brush.name else ""
        self.setToolTip(f"{called}{brush.help}\n{tooltip('next_brush')}")
        self.setText(_as_label(brush.text))
        self._shorten()

    def sizeHint(self) -> QSize:
        """Ask for no more room than names usually need: long ones do not make the dock wider."""
        return self._with_room_for(_LONGEST, super().sizeHint())

    def minimumSizeHint(self) -> QSize:
        """Ask for enough room to tell one name from another, and for all of what brushes are called at first."""
        named = self.brush is not None and bool(self.brush.name)
        return self._with_room_for(_SHORTEST if named else _LONGEST_NAME, super().minimumSizeHint())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as much of the name as there is room for."""
        super().resizeEvent(event)
        self._shorten()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Let a class be named: its brush is in hand since the first click."""
        if self.brush is None or self.brush.name is None:
            super().mouseDoubleClickEvent(event)
        elif event.button() == Qt.MouseButton.LeftButton:
            self.nameAsked.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer what can be done to a class."""
        if (menu := self.menu_of_class()) is not None:
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(event.globalPos())

    def menu_of_class(self) -> QMenu | None:
        """Return what can be done to a class; None for another brush."""
        if self.brush is None or self.brush.name is None:
            return None
        menu = QMenu(self)
        menu.addAction("Rename…" if self.brush.name else "Name…").triggered.connect(self.nameAsked)
        remove = menu.addAction("Remove")
        remove.setEnabled(self.brush.removable)
        remove.triggered.connect(self.removeAsked)
        return menu

    def _with_room_for(self, characters: int, asked: QSize) -> QSize:
        if self.brush is None or not self._shortens:
            return asked
        metrics = self.fontMetrics()
        whole = metrics.horizontalAdvance(self.brush.text) + 1  # it is rounded
        width = min(whole, characters * metrics.averageCharWidth())
        return QSize(_BESIDE + width, asked.height())

    def _shorten(self) -> None:
        if self.brush is None or not self._shortens:
            return
        room = self.width() - _BESIDE
        text = _as_label(self.fontMetrics().elidedText(self.brush.text, Qt.TextElideMode.ElideRight, room))
        if text != self.text():
            self.setText(text)


class NameEdit(QLineEdit):
    """A line that lies over what is named; Enter, or a click elsewhere, ends it, and Esc leaves all as it was."""

    finished = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._name = ""  # as it was
        self.setMaxLength(_LONGEST_NAME)
        self.setPlaceholderText("Type its name")
        self.setToolTip("What the objects are. Enter keeps the name, Esc leaves it as it was.")
        self.hide()

    def begin(self, name: str) -> None:
        """Let the person type."""
        self._name = name
        self.setText(name)
        self.selectAll()
        self.show()
        self.raise_()
        self.setFocus()

    def event(self, event: QEvent) -> bool:
        """Keep Esc from others that wait for it."""
        if event.type() == QEvent.Type.ShortcutOverride and event.key() == Qt.Key.Key_Escape:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take over what was typed, at Enter; leave the name as it was, at Esc. Neither key goes on to the canvas."""
        if event.key() == Qt.Key.Key_Escape:
            self.setText(self._name)
        elif event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)
            return
        self._finish()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take over what was typed."""
        super().focusOutEvent(event)
        self._finish()

    def _finish(self) -> None:
        self.clearFocus()  # by which this comes once more; Qt would hand the keys of what is hidden to a box
        if not self.isHidden():
            self.hide()
            self.finished.emit(self.text())


def _as_label(text: str) -> str:
    """Return a text of which a button shows every &."""
    return text.replace("&", "&&")
