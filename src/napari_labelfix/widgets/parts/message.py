"""The dock's line that says what to do next, what has happened, or what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from napari.utils.theme import get_theme
from qtpy.QtCore import Qt

from napari_labelfix.widgets.parts.wrapped_label import WrappedLabel
from napari_labelfix.widgets.viewer.colors import GREEN, RED

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

Mood = Literal["hint", "done", "warning", "error"]  # a warning is over once its cause is; an error stays


class Message(WrappedLabel):
    """A wrapped sentence with a coloured edge, readable in napari's dark and light theme.

    Parameters
    ----------
    theme
        The name of napari's theme.
    """

    def __init__(self, theme: str, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.mood: Mood = "hint"
        self._theme = theme

    def show_text(self, text: str, mood: Mood = "hint") -> None:
        """Say something."""
        self.mood = mood
        self.setText(text)
        self._paint()

    def set_theme(self, theme: str) -> None:
        """Take the colours of another theme."""
        self._theme = theme
        self._paint()

    def _paint(self) -> None:
        theme = get_theme(self._theme)
        edge = {"hint": theme.current.as_hex(), "done": GREEN, "warning": RED, "error": RED}[self.mood]
        self.setStyleSheet(
            f"QLabel {{ border: none; border-left: 4px solid {edge}; border-radius: 2px; padding: 5px 6px;"
            f" background: {theme.foreground.as_hex()}; color: {theme.text.as_hex()}; }}"
        )


def primary_style(theme: str) -> str:
    """Return the style sheet of the button that leads on, in the accent colour of napari's theme."""
    colors = get_theme(theme)
    accent, hover = colors.current.as_hex(), colors.highlight.as_hex()
    return f"QPushButton:enabled {{ background: {accent}; }} QPushButton:enabled:hover {{ background: {hover}; }}"
