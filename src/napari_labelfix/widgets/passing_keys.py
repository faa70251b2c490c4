"""Widgets that leave letters to the keys of the dock, wherever the focus is: no box of ours wants words."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QAbstractSpinBox, QWidget


def pass_keys_on(*widgets: QWidget) -> None:
    """Let letters, and where no number is typed all else that is written, go on from these widgets to napari's window.

    A combo box would look for an entry that begins so, and a table for a row.
    """
    for widget in widgets:
        widget.installEventFilter(_PassesOn(widget))


class _PassesOn(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leave a key to whoever is around the widget."""
        if event.type() != QEvent.Type.KeyPress or event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier:
            return False
        text = event.text()
        written = text.isprintable() and not text.isspace() and not isinstance(watched, QAbstractSpinBox)
        if not text or not (text.isalpha() or written):
            return False
        event.ignore()
        return True
