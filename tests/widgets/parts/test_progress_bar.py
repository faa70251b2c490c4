"""The bar is painted with the window."""

import pytest
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_labelfix.widgets.parts.progress_bar import ProgressBar

pytestmark = pytest.mark.gui


class Beside(QWidget):
    """Something else in the window that is not up to date."""

    def __init__(self):
        super().__init__()
        self.painted = 0
        self.setMinimumSize(20, 20)

    def paintEvent(self, event):
        self.painted += 1


@pytest.mark.parametrize(
    "change",
    [lambda bar: bar.setValue(7), lambda bar: bar.setRange(0, 3), lambda bar: bar.setRange(0, 0)],
    ids=["a number", "a range that the number is not in", "waiting"],
)
def test_a_number_paints_nothing_at_once_and_the_bar_soon(qtbot, change):
    window, beside, bar = QWidget(), Beside(), ProgressBar()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    column.addWidget(beside)
    column.addWidget(bar)
    bar.setRange(0, 10)
    bar.setValue(5)
    with qtbot.waitExposed(window):
        window.show()
    qtbot.waitUntil(lambda: beside.painted)
    before = beside.painted
    beside.update()
    change(bar)
    assert beside.painted == before
    qtbot.waitUntil(lambda: beside.painted > before)
