"""Letters go from any box of a dock to the window, where the keys are bound; what a box needs stays with it."""

import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QStandardItemModel
from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QTableView, QVBoxLayout, QWidget

from napari_labelfix.widgets.passing_keys import pass_keys_on


class Window(QWidget):
    """Notes the keys that reach it."""

    def __init__(self) -> None:
        super().__init__()
        self.keys = []
        self.combo, self.number, self.table = QComboBox(), QDoubleSpinBox(), QTableView()
        self.combo.addItems(["all", "kept", "new"])
        self.table.setModel(QStandardItemModel(3, 2))
        column = QVBoxLayout(self)
        for part in (self.combo, self.number, self.table):
            column.addWidget(part)
        pass_keys_on(self.combo, self.number, self.table)

    def keyPressEvent(self, event) -> None:
        self.keys.append(event.text())


@pytest.fixture
def window(qtbot):
    window = Window()
    qtbot.addWidget(window)
    window.show()
    return window


@pytest.mark.parametrize("part", ["combo", "number", "table"])
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
