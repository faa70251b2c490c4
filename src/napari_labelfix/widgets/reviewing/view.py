"""How the Review dock looks: counts, filter, table, buttons, and the parts below them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_labelfix.io.class_names import name_of
from napari_labelfix.review.record_table import STATES
from napari_labelfix.review.states import State
from napari_labelfix.widgets.parts.dock_frame import ScrollingParts
from napari_labelfix.widgets.parts.passing_keys import pass_keys_on
from napari_labelfix.widgets.parts.progress_bar import ProgressBar
from napari_labelfix.widgets.parts.shortcuts import tooltip, with_key
from napari_labelfix.widgets.parts.swatch import swatch
from napari_labelfix.widgets.parts.table import Table
from napari_labelfix.widgets.reviewing.objects_model import (
    CLASS_COLORS,
    STATE_COLORS,
    STATE_NAMES,
    Column,
    ObjectsModel,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qtpy.QtGui import QKeyEvent, QResizeEvent, QWheelEvent

    from napari_labelfix.review.record_table import RecordTable

# those that a decision rests on are seen at once, the others by scrolling
_WIDTHS = {
    Column.ID: 46, Column.STATE: 84, Column.CLASS: 50, Column.DOUBT: 58, Column.WHY: 134, Column.AREA: 54,
    Column.SOURCE: 90,
}  # fmt: skip
_SWATCH, _ROW, _BESIDE = 10, 20, 12  # pixels; the last beside the text of a cell
_WIDEST_CLASS = 110  # pixels
_SHORT = 8  # characters
_STEPS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End)
_MOST = 0.39  # of the screen's width, for what is in a tab: a little less than the dock, which goes around it
_MANY = ("All objects to do that are at least this certain", "Several rows can be selected with Shift and Ctrl.")


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
    classChosen = Signal(int)
    nextClicked = Signal()
    previousClicked = Signal()
    sureClicked = Signal()
    certaintyChanged = Signal()
    searchClicked = Signal()

    def __init__(self, labels: QComboBox, model: ObjectsModel, edits: QWidget, compare: QWidget) -> None:
        super().__init__()
        self.progress = ProgressBar()
        self.counts = _WholeLabel()
        self.filter = QComboBox()
        self.words = QLineEdit()
        self.table = Table()
        self.next_button = QPushButton(with_key("Next doubtful", "next_doubtful"))
        self.previous_button = QPushButton(with_key("Back", "previous"))
        self.accept_button = QPushButton(with_key("Accept", "accept_selected"))
        self.reject_button = QPushButton(with_key("Reject", "reject_selected"))
        self.ignore_button = QPushButton(with_key("Ignore", "ignore_selected"))
        self.todo_button = QPushButton("Put back to do")
        self.lock_button = QPushButton("Lock")
        self.class_box = _ListBox()
        self._class_row = QWidget()
        self._classes: Mapping[int, str] = {}  # that are offered
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
        self.next_button.setEnabled(total > 0)
        self.progress.setRange(0, max(total, 1))
        self.progress.setValue(done)
        self.progress.setFormat(f"{done} of {total} decided" if total else "no objects")
        self.counts.setText(
            "&nbsp; ".join(
                f'<span style="color: {STATE_COLORS[state]}">■</span>&nbsp;{counts[state]}&nbsp;'
                f"{STATE_NAMES[state].replace(' ', '&nbsp;')}"
                for state in STATES
            )
        )

    def show_ids(self, table: RecordTable) -> None:
        """Let the ids be read in full: in a proposal of a stack they have seven digits, and differ in the last."""
        if len(table):
            needed = self.table.fontMetrics().horizontalAdvance(str(table.ids[-1])) + _BESIDE
            self.table.setColumnWidth(Column.ID, max(needed, self.table.columnWidth(Column.ID)))

    def show_classes(self, classes: Mapping[int, str]) -> None:
        """Show which class each object is of, and offer to say it, where there are several."""
        several = len(classes) > 1
        self.table.setColumnHidden(Column.CLASS, not several)
        self._class_row.setVisible(several)
        if classes != self._classes:
            self._classes = dict(classes)
            self.class_box.clear()
            for number in classes:
                color = CLASS_COLORS.get(number, QColor("transparent"))
                self.class_box.addItem(swatch(color, _SWATCH), name_of(number, classes), number)
            widest = max((self.table.fontMetrics().horizontalAdvance(name) for name in classes.values()), default=0)
            needed = min(widest + _SWATCH + 2 * _BESIDE, _WIDEST_CLASS)
            self.table.setColumnWidth(Column.CLASS, max(needed, _WIDTHS[Column.CLASS]))

    def show_selected(self, table: RecordTable, ids: Sequence[int], *, can_go_back: bool) -> None:
        """Let the buttons say what they would do to the selection, or from there."""
        self.previous_button.setEnabled(can_go_back)
        decisions = (self.accept_button, self.reject_button, self.ignore_button, self.todo_button, self.lock_button)
        for part in (*decisions, self.class_box):
            part.setEnabled(bool(ids))
        chosen = np.isin(table.ids, ids)
        of_class = np.unique(table.classes[chosen])
        self.class_box.setCurrentIndex(self.class_box.findData(int(of_class[0])) if of_class.size == 1 else -1)
        self.class_box.setPlaceholderText(_class_said(of_class.tolist()))
        locked = table.locked[chosen]
        self._all_locked = bool(locked.size and locked.all())
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
        self.words.returnPressed.connect(self.words.clearFocus)  # else the keys of the dock would go on being typed
        self.next_button.clicked.connect(self.nextClicked)
        self.previous_button.clicked.connect(self.previousClicked)
        for button, state in [
            (self.accept_button, State.ACCEPTED),
            (self.reject_button, State.REJECTED),
            (self.ignore_button, State.IGNORED),
            (self.todo_button, State.TODO),
        ]:
            button.clicked.connect(lambda _=False, state=state: self.stateClicked.emit(state))
        self.class_box.activated.connect(lambda row: self.classChosen.emit(self.class_box.itemData(row)))
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
        self.table.verticalHeader().setDefaultSectionSize(_ROW)
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.setMinimumHeight(150)
        for column, width in _WIDTHS.items():
            self.table.setColumnWidth(column, width)
        self.class_box.setIconSize(QSize(_SWATCH, _SWATCH))
        self.class_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.class_box.setMinimumContentsLength(_SHORT)
        pass_keys_on(self.filter, self.table, self.certainty_box, self.class_box)
        self._explain()

    def _explain(self) -> None:
        self.next_button.setToolTip(tooltip("next_doubtful"))
        self.previous_button.setToolTip(tooltip("previous"))
        self.accept_button.setToolTip(tooltip("accept_selected"))
        self.reject_button.setToolTip(tooltip("reject_selected"))
        self.ignore_button.setToolTip(tooltip("ignore_selected"))
        self.todo_button.setToolTip("Take back what was decided about the selected objects.")
        self.class_box.setToolTip(
            "Which class the selected objects are of. Choose another one if that is wrong; what is only proposed is "
            "accepted as that."
        )
        self.lock_button.setToolTip("No stroke and no edit changes a locked object.")
        self.certainty_box.setToolTip("Certainty: 1 less the doubt.")
        self.sure_button.setToolTip(tooltip("accept_sure"))
        self.search_button.setToolTip("Measure all objects again. That also happens by itself, unless it takes long.")
        self.filter.setToolTip("Show only the objects in this state.")
        self.words.setToolTip(
            "Show only the objects with this id, or these words in a reason, the class, the source or the note."
        )
        self.table.setToolTip("Click a row to go to the object; click an object on the canvas to find its row.")

    def _arrange(self, labels: QComboBox, edits: QWidget, compare: QWidget) -> None:
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        which, show = QHBoxLayout(), QHBoxLayout()
        which.addWidget(QLabel("Labels"))
        which.addWidget(labels, 1)
        show.addWidget(QLabel("Show"))
        show.addWidget(self.filter)
        show.addWidget(self.words, 1)
        for title, part in (("Edit", edits), ("Compare", compare), ("Many at once", self._many())):
            self.tabs.addTab(ScrollingParts(part, most=_MOST), title)
        column = _LowColumn(self)
        column.setContentsMargins(6, 0, 6, 6)
        column.setSpacing(4)
        column.addLayout(which)
        column.addWidget(self.progress)
        column.addWidget(self.counts)
        column.addLayout(show)
        column.addWidget(self._table_over_tabs(), 1)
        for button in self.findChildren(QPushButton):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys with the canvas

    def _table_over_tabs(self) -> QSplitter:
        """Return the two between which a person can share out the height; the table gets what the tabs do not need."""
        upper, split = QWidget(), QSplitter(Qt.Orientation.Vertical)
        column = QVBoxLayout(upper)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.table, 1)
        column.addLayout(self._buttons())
        for stretch, part in ((1, upper), (0, self.tabs)):
            split.addWidget(part)
            split.setStretchFactor(split.indexOf(part), stretch)
        split.setChildrenCollapsible(False)
        return split

    def _buttons(self) -> QVBoxLayout:
        """Return rows: where to go, what is decided there, and of which class it is, where there are several."""
        rows = QVBoxLayout()
        rows.setSpacing(3)
        for buttons in (
            (self.next_button, self.previous_button, self.todo_button),
            (self.accept_button, self.reject_button, self.ignore_button, self.lock_button),
        ):
            row = QHBoxLayout()
            row.setSpacing(3)
            for button in buttons:
                row.addWidget(button, 1 if button is self.next_button else 0)
            rows.addLayout(row)
        of_class = QHBoxLayout(self._class_row)
        of_class.setContentsMargins(0, 0, 0, 0)
        of_class.addWidget(QLabel("Class"))
        of_class.addWidget(self.class_box, 1)
        rows.addWidget(self._class_row)
        return rows

    def _many(self) -> QWidget:
        part = QWidget()
        grid = QGridLayout(part)
        sure, several = (QLabel(text) for text in _MANY)
        for label in (sure, several):
            label.setWordWrap(True)
        grid.addWidget(sure, 0, 0, 1, 2)
        grid.addWidget(self.certainty_box, 1, 0)
        grid.addWidget(self.sure_button, 1, 1)
        grid.addWidget(several, 2, 0, 1, 2)
        grid.addWidget(self.search_button, 3, 0, 1, 2)
        grid.setRowStretch(4, 1)
        return part


def _class_said(numbers: Sequence[int]) -> str:
    """Say of which class the selected objects are, where that is none of the list."""
    if not numbers:
        return "of the selected objects"
    return "of several classes" if len(numbers) > 1 else "nobody has said it"


class _ListBox(QComboBox):
    """A box whose choice acts at once, so that it is made in the list: not by the wheel, nor by a key on the way."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to what scrolls around it."""
        event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Show the list at a key that would step through it."""
        if event.key() in _STEPS:
            self.showPopup()
        else:
            super().keyPressEvent(event)


class _LowColumn(QVBoxLayout):
    """Scrolls no sooner than it must. Qt's own, if a text in it wraps, asks for the height in which all is at ease."""

    def hasHeightForWidth(self) -> bool:
        return False


class _WholeLabel(QLabel):
    """A text that wraps, and is as high as its lines also where the column is as low as it can be."""

    def __init__(self) -> None:
        super().__init__()
        self.setWordWrap(True)

    def setText(self, text: str) -> None:
        super().setText(text)
        self._be_whole()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._be_whole()

    def _be_whole(self) -> None:
        self.setMinimumHeight(self.heightForWidth(self.width()))
