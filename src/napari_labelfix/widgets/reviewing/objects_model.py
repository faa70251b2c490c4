"""The table of objects: sorted and filtered as arrays, so that ten thousand rows are as quick as ten."""

from __future__ import annotations

from enum import IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal
from qtpy.QtGui import QColor

from napari_labelfix.annotations import BACKGROUND, FIRST_CLASS
from napari_labelfix.review.record_table import STATES, RecordTable
from napari_labelfix.review.states import State
from napari_labelfix.widgets.annotating.class_brushes import SCRIBBLE_COLORS
from napari_labelfix.widgets.viewer.colors import BLUE, GREEN, ORANGE, RED

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_labelfix.review.suspects import Suspects

STATE_COLORS = {
    State.TODO: ORANGE,
    State.ACCEPTED: GREEN,
    State.EDITED: BLUE,
    State.REJECTED: RED,
    State.IGNORED: "#999999",
}
STATE_NAMES = {
    State.TODO: "to do",
    State.ACCEPTED: "accepted",
    State.EDITED: "edited",
    State.REJECTED: "rejected",
    State.IGNORED: "ignored",
}
CLASS_COLORS = {label - BACKGROUND: QColor(color) for label, color in SCRIBBLE_COLORS.items() if label >= FIRST_CLASS}
_LOCK = " \N{LOCK}"


class Column(IntEnum):
    """What stands in a column."""

    ID = 0
    STATE = 1
    CLASS = 2
    DOUBT = 3
    WHY = 4
    AREA = 5
    SOURCE = 6
    NOTE = 7


_TITLES = {
    Column.ID: ("Object", "The object's id; a lock means that no edit changes it."),
    Column.STATE: ("State", "What a person has decided."),
    Column.CLASS: ("Class", "Which class it is of, in the colour of its strokes; exports call it so, too."),
    Column.DOUBT: ("Doubt", "1 less the model's confidence; without a model, how suspect the object is."),
    Column.WHY: ("Why", "What is suspect about it."),
    Column.AREA: ("Area", "Pixels; in a stack, of all planes."),
    Column.SOURCE: ("Source", "Who made it: a method, a person's hand, a file."),
    Column.NOTE: ("Note", "Double-click to write."),
}


class ObjectsModel(QAbstractTableModel):
    """Shows a `RecordTable`."""

    noteWritten = Signal(int, str)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._table = RecordTable()
        self._doubt: NDArray[np.float64] = np.zeros(0)
        self._suspects: Suspects | None = None
        self._states: Collection[State] = ()  # those that are shown; none for all
        self._words = ""
        self._sorting: tuple[Column, bool] = (Column.DOUBT, True)
        self._rows: NDArray[np.intp] = np.zeros(0, np.intp)  # of the table, as they are shown
        self._ids: NDArray[np.int64] = np.zeros(0, np.int64)  # those shown: the table may have changed since
        self._colors = [QColor(STATE_COLORS[state]) for state in STATES]
        self._names: Mapping[int, str] = {}  # of classes

    def show_records(
        self,
        table: RecordTable,
        doubt: NDArray[np.float64],
        suspects: Suspects | None,
        names: Mapping[int, str] = MappingProxyType({}),
    ) -> None:
        """Show other records, or the same after a change, and what their classes are called."""
        self._table, self._doubt, self._suspects, self._names = table, doubt, suspects, names
        self._arrange()

    def show_only(self, states: Collection[State], words: str) -> None:
        """Show only objects in one of these states, with these words in id, name of class, source, note or reasons."""
        self._states, self._words = states, words.strip().lower()
        self._arrange()

    def id_at(self, row: int) -> int:
        """Return the object in a row."""
        return int(self._ids[row])

    def rows_of(self, ids: Collection[int]) -> list[int]:
        """Return the rows of objects, of those that are shown."""
        return np.flatnonzero(np.isin(self._ids, list(ids))).tolist()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort as the header asks for."""
        self._sorting = Column(max(column, 0)), order == Qt.SortOrder.DescendingOrder
        self._arrange()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Return how many objects are shown."""
        return 0 if parent is not None and parent.isValid() else int(self._rows.size)

    def columnCount(self, _parent: QModelIndex | None = None) -> int:
        """Return the number of columns."""
        return len(Column)

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Let notes be written."""
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == Column.NOTE else flags

    def setData(self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Tell what was written into a note."""
        if role != Qt.ItemDataRole.EditRole or index.column() != Column.NOTE:
            return False
        self.noteWritten.emit(self.id_at(index.row()), str(value).strip())
        return True

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a column's title."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        title, tip = _TITLES[Column(section)]
        return {Qt.ItemDataRole.DisplayRole: title, Qt.ItemDataRole.ToolTipRole: tip}.get(Qt.ItemDataRole(role))

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what stands in a cell."""
        row, column = int(self._rows[index.row()]), Column(index.column())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole, Qt.ItemDataRole.ToolTipRole):
            return self._text(row, column)
        if role == Qt.ItemDataRole.DecorationRole and column == Column.STATE:
            return self._colors[self._table.states[row]]
        if role == Qt.ItemDataRole.DecorationRole and column == Column.CLASS:
            return CLASS_COLORS.get(int(self._table.classes[row]))
        if role == Qt.ItemDataRole.TextAlignmentRole and column in (Column.ID, Column.DOUBT, Column.AREA):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def _text(self, row: int, column: Column) -> str:
        table = self._table
        if column == Column.ID:
            return str(table.ids[row]) + (_LOCK if table.locked[row] else "")
        if column == Column.STATE:
            return STATE_NAMES[STATES[table.states[row]]]
        if column == Column.CLASS:
            return self._names.get(int(table.classes[row])) or str(table.classes[row] or "")
        if column == Column.DOUBT:
            return "" if np.isnan(self._doubt[row]) else f"{self._doubt[row]:.2f}"
        if column == Column.WHY:
            return self._why(row)
        if column == Column.AREA:
            return str(table.areas[row])
        if column == Column.SOURCE:
            return " ".join(filter(None, (table.sources[row], table.models[row])))
        return str(table.notes[row])

    def _why(self, row: int) -> str:
        reasons = [] if np.isnan(self._table.confidence[row]) else ["confidence"]
        if (suspects := self._suspects) is not None:
            place = int(np.searchsorted(suspects.ids, self._table.ids[row]))
            if place < suspects.ids.size and suspects.ids[place] == self._table.ids[row]:
                reasons += suspects.why(place)
        return ", ".join(reasons)

    def _arrange(self) -> None:
        """Choose and order the rows anew, and keep the selection on its objects."""
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        ids = [self.id_at(index.row()) for index in before]
        rows = np.flatnonzero(self._shown())
        column, descending = self._sorting
        key = self._key(column)[rows]
        order = np.lexsort((self._table.ids[rows], -key if descending else key))
        self._rows = rows[order]
        self._ids = self._table.ids[self._rows]
        place = {label: row for row, label in enumerate(self._ids.tolist())} if ids else {}
        after = [
            self.index(place[label], index.column()) if label in place else QModelIndex()
            for label, index in zip(ids, before, strict=True)
        ]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _shown(self) -> NDArray[np.bool_]:
        shown = self._table.in_state(*self._states) if self._states else np.ones(len(self._table), bool)
        if self._words:
            called = [self._names.get(number, "") for number in self._table.classes.tolist()]
            columns = (self._table.ids, self._texts(Column.SOURCE), self._table.notes, self._texts(Column.WHY))
            rows = zip(*(column[shown].tolist() for column in (*columns, np.array(called, object))), strict=True)
            shown[shown] = [self._words in " ".join(map(str, row)).lower() for row in rows]
        return shown

    def _key(self, column: Column) -> NDArray[Any]:
        """Return (N,) numbers to sort by."""
        table = self._table
        if column == Column.DOUBT:
            return np.nan_to_num(self._doubt, nan=-1.0)
        numbers: dict[Column, NDArray[Any]] = {
            Column.ID: table.ids,
            Column.AREA: table.areas,
            Column.STATE: table.states,
            Column.CLASS: table.classes,
        }
        if column in numbers:
            return numbers[column].astype(np.int64)
        texts = self._texts(column)
        place = {text: at for at, text in enumerate(sorted(set(texts.tolist())))}
        return np.array([place[text] for text in texts.tolist()], np.int64)

    def _texts(self, column: Column) -> NDArray[Any]:
        """Return (N,) what stands in a column, in all rows; rows that are alike in it are looked at once."""
        table = self._table
        if column == Column.WHY:
            alike = self._reasons().tolist()
        elif column == Column.SOURCE:
            alike = list(zip(table.sources.tolist(), table.models.tolist(), strict=True))
        else:
            alike = table.notes.tolist()
        one_of = {like: row for row, like in enumerate(alike)}
        texts = {like: self._text(row, column) for like, row in one_of.items()}
        found = np.empty(len(table), object)
        found[:] = [texts[like] for like in alike]
        return found

    def _reasons(self) -> NDArray[np.int64]:
        """Return (N,) a number for each set of reasons that a row has."""
        table, suspects = self._table, self._suspects
        reasons = (~np.isnan(table.confidence)).astype(np.int64)
        if suspects is None or not suspects.ids.size:
            return reasons
        places = np.minimum(np.searchsorted(suspects.ids, table.ids), suspects.ids.size - 1)
        known = suspects.ids[places] == table.ids
        for bit, holds in enumerate(suspects.found.values(), start=1):
            reasons += (known & holds[places]).astype(np.int64) << bit
        return reasons


def runs_of(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Return the first and the last row of each run of ascending rows without gaps."""
    parts = np.split(np.array(rows, np.intp), np.flatnonzero(np.diff(rows) > 1) + 1) if len(rows) else []
    return [(int(part[0]), int(part[-1])) for part in parts]
