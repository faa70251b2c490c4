"""How the Review dock looks: counts, filter, table, buttons, and the parts below them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QTableView,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_labelfix.review.record_table import STATES
from napari_labelfix.review.states import State
from napari_labelfix.widgets.objects_model import STATE_COLORS, STATE_NAMES, Column, ObjectsModel
from napari_labelfix.widgets.shortcuts import tooltip, with_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_labelfix.review.record_table import RecordTable

_WIDTHS = {Column.ID: 54, Column.STATE: 86, Column.DOUBT: 58, Column.WHY: 110, Column.AREA: 54, Column.SOURCE: 90}
_SWATCH = 10  # pixels


class ReviewView(QWidget):
    """The parts of the dock under its message.

    Parameters
    ----------
    labels
        Chooses the layer.
    model
        The table of objects.
    edits, compare
        The parts in tabs.
    """

    filterChanged = Signal(object, str)  # states, words
    stateClicked = Signal(object)  # a State
    lockClicked = Signal(bool)
    nextClicked = Signal()
    previousClicked = Signal()
    sureClicked = Signal()
    certaintyChanged = Signal()
    searchClicked = Signal()

    def __init__(self, labels: QComboBox, model: ObjectsModel, edits: QWidget, compare: QWidget) -> None:
        super().__init__()
        self.progress = QProgressBar()
        self.counts = QLabel()
        self.filter = QComboBox()
        self.words = QLineEdit()
        self.table = QTableView()
        self.next_button = QPushButton(with_key("Next doubtful", "next_doubtful"))
        self.previous_button = QPushButton(with_key("Back", "previous"))
        self.accept_button = QPushButton(with_key("Accept", "accept_selected"))
        self.reject_button = QPushButton(with_key("Reject", "reject_selected"))
        self.ignore_button = QPushButton(with_key("Ignore", "ignore_selected"))
        self.todo_button = QPushButton("Put back to do")
        self.lock_button = QPushButton("Lock")
        self.certainty_box = QDoubleSpinBox()
        self.sure_button = QPushButton()
        self.search_button = QPushButton("Look for suspects again")
        self.tabs = QTabWidget()
        self._all_locked = False
        self._fill(model)
        self._arrange(labels, edits, compare)
        self._connect()

    @property
    def certainty(self) -> float:
        """From which certainty, 0..1, objects are accepted together."""
        return round(self.certainty_box.value(), 2)

    def show_counts(self, table: RecordTable) -> None:
        """Show how many objects are in each state, and how much is done."""
        counts, total = table.count(), len(table)
        done = total - counts[State.TODO]
        self.progress.setMaximum(max(total, 1))
        self.progress.setValue(done)
        self.progress.setFormat(f"{done} of {total} decided" if total else "no objects")
        self.counts.setText(
            "&nbsp; ".join(
                f'<span style="color: {STATE_COLORS[state]}">■</span>&nbsp;{counts[state]}&nbsp;'
                f"{STATE_NAMES[state].replace(' ', '&nbsp;')}"
                for state in STATES
            )
        )

    def show_selected(self, table: RecordTable, ids: Sequence[int]) -> None:
        """Let the buttons say what they would do to the selection."""
        for button in (self.accept_button, self.reject_button, self.ignore_button, self.todo_button, self.lock_button):
            button.setEnabled(bool(ids))
        locked = [record.locked for label in ids if (record := table.get(label)) is not None]
        self._all_locked = bool(locked) and all(locked)
        self.lock_button.setText("Unlock" if self._all_locked else "Lock")

    def show_sure(self, number: int) -> None:
        """Say how many objects would be accepted together."""
        text = f"Accept {number} object{'' if number == 1 else 's'}"
        self.sure_button.setText(with_key(text, "accept_sure"))
        self.sure_button.setEnabled(number > 0)

    def show_searching(self, searching: bool) -> None:
        """Say whether suspects are looked for."""
        self.search_button.setText("Looking for suspects…" if searching else "Look for suspects again")
        self.search_button.setEnabled(not searching)

    def _on_filter(self) -> None:
        state = self.filter.currentData()
        self.filterChanged.emit((state,) if state else (), self.words.text())

    def _connect(self) -> None:
        self.filter.currentIndexChanged.connect(lambda _: self._on_filter())
        self.words.textChanged.connect(lambda _: self._on_filter())
        self.next_button.clicked.connect(self.nextClicked)
        self.previous_button.clicked.connect(self.previousClicked)
        for button, state in [
            (self.accept_button, State.ACCEPTED),
            (self.reject_button, State.REJECTED),
            (self.ignore_button, State.IGNORED),
            (self.todo_button, State.TODO),
        ]:
            button.clicked.connect(lambda _=False, state=state: self.stateClicked.emit(state))
        self.lock_button.clicked.connect(lambda: self.lockClicked.emit(not self._all_locked))
        self.sure_button.clicked.connect(self.sureClicked)
        self.certainty_box.valueChanged.connect(lambda _: self.certaintyChanged.emit())
        self.search_button.clicked.connect(self.searchClicked)

    def _fill(self, model: ObjectsModel) -> None:
        self.filter.addItem("all objects", None)
        for state in STATES:
            self.filter.addItem(STATE_NAMES[state], state)
        self.words.setPlaceholderText("id, reason, source or note")
        self.words.setClearButtonEnabled(True)
        self.certainty_box.setRange(0, 1)
        self.certainty_box.setSingleStep(0.05)
        self.certainty_box.setValue(0.9)
        self.table.setModel(model)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(Column.DOUBT, Qt.SortOrder.DescendingOrder)
        self.table.setWordWrap(False)
        self.table.setIconSize(QSize(_SWATCH, _SWATCH))
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(22)
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.setMinimumHeight(150)
        for column, width in _WIDTHS.items():
            self.table.setColumnWidth(column, width)
        self._explain()

    def _explain(self) -> None:
        self.next_button.setToolTip(tooltip("next_doubtful"))
        self.previous_button.setToolTip(tooltip("previous"))
        self.accept_button.setToolTip(tooltip("accept_selected"))
        self.reject_button.setToolTip(tooltip("reject_selected"))
        self.ignore_button.setToolTip(tooltip("ignore_selected"))
        self.todo_button.setToolTip("Take back what was decided about the selected objects.")
        self.lock_button.setToolTip("No stroke and no edit changes a locked object.")
        self.certainty_box.setToolTip("Certainty: 1 less the doubt.")
        self.sure_button.setToolTip(tooltip("accept_sure"))
        self.search_button.setToolTip("Measure all objects again. That also happens by itself, unless it takes long.")
        self.table.setToolTip("Click a row to go to the object; click an object on the canvas to find its row.")

    def _arrange(self, labels: QComboBox, edits: QWidget, compare: QWidget) -> None:
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.counts.setWordWrap(True)
        which, show = QHBoxLayout(), QHBoxLayout()
        which.addWidget(QLabel("Labels"))
        which.addWidget(labels, 1)
        show.addWidget(QLabel("Show"))
        show.addWidget(self.filter)
        show.addWidget(self.words, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(which)
        column.addWidget(self.progress)
        column.addWidget(self.counts)
        column.addLayout(show)
        column.addWidget(self.table, 1)
        column.addLayout(self._buttons())
        for title, part in (("Edit", edits), ("Compare", compare), ("Many at once", self._many())):
            self.tabs.addTab(_scrolling(part), title)
        column.addWidget(self.tabs)
        for button in self.findChildren(QPushButton):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys with the canvas
        self.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def _buttons(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(3)
        grid.addWidget(self.next_button, 0, 0, 1, 4)
        grid.addWidget(self.previous_button, 0, 4, 1, 2)
        for place, button in enumerate((self.accept_button, self.reject_button, self.ignore_button)):
            grid.addWidget(button, 1, 2 * place, 1, 2)
        grid.addWidget(self.todo_button, 2, 0, 1, 3)
        grid.addWidget(self.lock_button, 2, 3, 1, 3)
        return grid

    def _many(self) -> QWidget:
        part = QWidget()
        grid = QGridLayout(part)
        grid.addWidget(QLabel("All objects to do that are at least this certain"), 0, 0, 1, 2)
        grid.addWidget(self.certainty_box, 1, 0)
        grid.addWidget(self.sure_button, 1, 1)
        grid.addWidget(QLabel("Several rows can be selected with Shift and Ctrl."), 2, 0, 1, 2)
        grid.addWidget(self.search_button, 3, 0, 1, 2)
        grid.setRowStretch(4, 1)
        return part


def _scrolling(part: QWidget) -> QScrollArea:
    """Return a part that scrolls where the window is too low for it."""
    area = QScrollArea()
    area.setWidget(part)
    area.setWidgetResizable(True)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area
