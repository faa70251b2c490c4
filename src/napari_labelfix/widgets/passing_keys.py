"""Widgets that leave letters to the keys of the dock, wherever the focus is: no box of ours wants words."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QAbstractSpinBox, QWidget

_OF_KEYS = ".,"  # beside letters


def pass_keys_on(*widgets: QWidget) -> None:
    """Let letters, and full stop and comma where no number is typed, go on from these widgets to napari's window.

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
        if not text or not (text.isalpha() or (text in _OF_KEYS and not isinstance(watched, QAbstractSpinBox))):
            return False
        event.ignore()
        return True
