"""The message is readable in napari's themes."""

import re

import pytest
from napari.utils.theme import get_theme
from qtpy.QtGui import QColor

from napari_labelfix.widgets.parts.message import Message, primary_style


def luminance(color: str) -> float:
    """Relative luminance after WCAG 2."""
    parts = QColor(color).getRgbF()[:3]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted([luminance(one), luminance(other)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("mood", ["hint", "done", "warning", "error"])
def test_text_stands_out_from_its_background(qtbot, theme, mood):
    message = Message(theme)
    qtbot.addWidget(message)
    message.show_text("Choose a smaller crop.", mood)
    background = re.search(r"background: ([^;]*);", message.styleSheet())[1]
    text = re.search(r" color: ([^;]*);", message.styleSheet())[1]
    assert contrast(background, text) > 4.5, "WCAG 2, level AA"
    assert message.wordWrap()


def test_the_edge_tells_an_error_from_a_hint(qtbot):
    message = Message("dark")
    qtbot.addWidget(message)
    message.show_text("Press Run.")
    hint = message.styleSheet()
    message.show_text("It failed.", "error")
    assert message.styleSheet() != hint
    assert message.mood == "error"


def test_a_change_of_theme_keeps_the_text(qtbot):
    message = Message("dark")
    qtbot.addWidget(message)
    message.show_text("It failed.", "error")
    dark = message.styleSheet()
    message.set_theme("light")
    assert message.text() == "It failed."
    assert message.styleSheet() != dark


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_button_that_leads_on_is_readable(theme):
    backgrounds = re.findall(r"background: ([^;]*);", primary_style(theme))
    assert len(backgrounds) == 2
    assert all(contrast(background, get_theme(theme).text.as_hex()) > 4.5 for background in backgrounds)
