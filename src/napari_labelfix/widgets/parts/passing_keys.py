"""Widgets that leave letters to the keys of the dock, wherever the focus is: no box of ours wants words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QAbstractSpinBox, QSpinBox, QWidget

if TYPE_CHECKING:
    from qtpy.QtGui import QKeyEvent


def pass_keys_on(*widgets: QWidget) -> None:
    """Let letters, and where no number is typed all else that is written, go on from these widgets to napari's window.

    A combo box would look for an entry that begins so, and a table for a row. Ctrl+Z goes on, too: it takes back what
    was done last, as the docks say, and not a digit in a box, where the focus stays after a number was typed.
    """
    for widget in widgets:
        widget.installEventFilter(_PassesOn(widget))


class _PassesOn(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leave a key to whoever is around the widget."""
        if event.type() != QEvent.Type.KeyPress or not (_is_undo_or_redo(event) or _is_for_keys(event, watched)):
            return False
        event.ignore()
        return True


def _is_undo_or_redo(event: QKeyEvent) -> bool:
    held = event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier
    return event.key() == Qt.Key.Key_Z and held == Qt.KeyboardModifier.ControlModifier


def _is_for_keys(event: QKeyEvent, watched: QObject) -> bool:
    """Whether the dock may have a key that is written so, and the widget does not need it."""
    text = event.text()
    if not text or event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier:
        return False
    if isinstance(watched, QSpinBox):
        return text.isalpha() or text in ".,"
    written = text.isprintable() and not text.isspace() and not isinstance(watched, QAbstractSpinBox)
    return text.isalpha() or written
