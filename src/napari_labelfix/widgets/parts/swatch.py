"""A square of one colour, to be seen beside a word."""

from __future__ import annotations

from qtpy.QtGui import QColor, QIcon, QPixmap


def swatch(color: QColor | str, side: int) -> QIcon:
    """Return a square of a colour; its side is in pixels."""
    pixels = QPixmap(side, side)
    pixels.fill(QColor(color))
    return QIcon(pixels)
