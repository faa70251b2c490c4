"""Letters go from any box of a dock to the window, where the keys are bound; what a box needs stays with it."""

import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QStandardItemModel
from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QSpinBox, QTableView, QVBoxLayout, QWidget

from napari_labelfix.widgets.parts.passing_keys import pass_keys_on

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class Window(QWidget):
    """Notes the keys that reach it."""

    def __init__(self) -> None:
        super().__init__()
        self.keys, self.pressed = [], []
        self.combo, self.number, self.table = QComboBox(), QDoubleSpinBox(), QTableView()
        self.whole = QSpinBox()
        self.combo.addItems(["all", "kept", "new"])
        self.table.setModel(QStandardItemModel(3, 2))
        column = QVBoxLayout(self)
        for part in (self.combo, self.number, self.table, self.whole):
            column.addWidget(part)
        pass_keys_on(self.combo, self.number, self.table, self.whole)

    def keyPressEvent(self, event) -> None:
        self.keys.append(event.text())
        self.pressed.append((event.key(), event.modifiers()))


@pytest.fixture
def window(qtbot):
    window = Window()
    qtbot.addWidget(window)
    window.show()
    return window


@pytest.mark.parametrize("part", ["combo", "number", "table", "whole"])
def test_letters_reach_the_window(window, qtbot, part):
    qtbot.keyClicks(getattr(window, part), "kN")
    assert window.keys == ["k", "N"]
    assert window.combo.currentText() == "all"


def test_full_stop_and_comma_do_where_no_number_is_typed(window, qtbot):
    qtbot.keyClicks(window.table, ".,")
    assert window.keys == [".", ","]
    window.number.selectAll()
    qtbot.keyClicks(window.number, "0.5")
    assert window.number.value() == 0.5
    assert window.keys == [".", ","]


def test_arrows_stay_with_the_box(window, qtbot):
    qtbot.keyClick(window.combo, Qt.Key.Key_Down)
    assert window.combo.currentText() == "kept"
    assert window.keys == []


@pytest.mark.parametrize("part", ["combo", "number", "table", "whole"])
def test_ctrl_z_takes_back_what_was_done_and_not_what_was_typed(window, qtbot, part):
    box = getattr(window, part)
    window.number.selectAll()
    window.whole.selectAll()
    qtbot.keyClicks(box, "3")
    qtbot.keyClick(box, Qt.Key.Key_Z, CTRL)
    qtbot.keyClick(box, Qt.Key.Key_Z, CTRL | SHIFT)
    assert [held for key, held in window.pressed if key == Qt.Key.Key_Z] == [CTRL, CTRL | SHIFT]
    if part in ("number", "whole"):
        assert box.value() == 3


def test_full_stop_and_comma_are_in_no_whole_number(window, qtbot):
    qtbot.keyClicks(window.whole, ".,")
    assert window.keys == [".", ","]
    window.whole.selectAll()
    qtbot.keyClicks(window.whole, "12")
    assert window.whole.value() == 12
    assert window.keys == [".", ","]
