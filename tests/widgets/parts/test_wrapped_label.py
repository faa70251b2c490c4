"""A long name fits into a dock, and is copied as it is."""

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QContextMenuEvent, QGuiApplication
from qtpy.QtWidgets import QApplication, QMenu

from napari_labelfix.widgets.parts.message import Message
from napari_labelfix.widgets.parts.wrapped_label import WrappedLabel

NAME = "20231105_plate3_wellB07_channelDAPI_field0012_maxproj_background_subtracted_registered_final_v2"
SENTENCE = f"“{NAME}_GFP” lies on “{NAME}” and hides it. Press Run [G]."
DOCK = 300  # pixels


@pytest.fixture
def message(qtbot):
    message = Message("dark")
    qtbot.addWidget(message)
    return message


@pytest.mark.parametrize(
    "text", [SENTENCE, "x" * 94, "https://example.org/" + "a/b" * 40, "W" * 60, f"<b>{'b' * 80}</b>"]
)
def test_no_word_makes_a_message_wider_than_a_dock(message, text):
    message.show_text(text)
    assert message.minimumSizeHint().width() <= DOCK
    assert message.text() == text
    assert message.heightForWidth(DOCK) > 3 * message.fontMetrics().height(), "it takes more lines"


def test_names_are_broken_where_they_are_joined(qtbot):
    label = WrappedLabel(NAME)
    qtbot.addWidget(label)
    pieces = super(WrappedLabel, label).text().split("\u200b")
    assert "".join(pieces) == NAME
    assert pieces[0] == "20231105_plate3_"
    assert all(piece.endswith("_") for piece in pieces[:-1])


def test_what_is_copied_is_the_name(message, qtbot):
    message.show_text(SENTENCE)
    message.setSelection(0, 150)
    assert "\u200b" not in message.selectedText()
    qtbot.keyClick(message, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().startswith(f"“{NAME}_GFP” lies on")
    QApplication.sendEvent(message, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, QPoint(5, 5), QPoint(5, 5)))
    [menu] = message.findChildren(QMenu)
    [one, everything] = menu.actions()
    assert one.isEnabled()
    everything.trigger()
    assert QGuiApplication.clipboard().text() == SENTENCE
    QGuiApplication.clipboard().setText("")
    one.trigger()
    assert QGuiApplication.clipboard().text().startswith(f"“{NAME}_GFP”")
    menu.close()


def test_short_words_stay_as_they_are(qtbot):
    label = WrappedLabel("Press Run [G].")
    qtbot.addWidget(label)
    assert super(WrappedLabel, label).text() == "Press Run [G]."
