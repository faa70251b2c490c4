"""The table of what differs from other labels, or from points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt
from qtpy.QtGui import QColor

from napari_labelfix.snapshots import Change
from napari_labelfix.widgets.viewer import looks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_labelfix.review.differences import Differences

_TITLES = ("Change", "Before", "After", "Pixels")
_TITLES_OF_POINTS = ("What", "Points", "Object", "Pixels")
_FEW = 4  # ids in a cell


class DifferencesModel(QAbstractTableModel):
    """Shows `Differences`, in their order."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._found: Differences | None = None

    def show_differences(self, found: Differences | None) -> None:
        """Show others."""
        self.beginResetModel()
        self._found = found
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Return how many there are."""
        return 0 if self._found is None or (parent is not None and parent.isValid()) else len(self._found)

    def columnCount(self, _parent: QModelIndex | None = None) -> int:
        """Return the number of columns."""
        return len(_TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a column's title."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            of_points = self._found is not None and self._found.points is not None
            return (_TITLES_OF_POINTS if of_points else _TITLES)[section]
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what stands in a cell."""
        found, row = self._found, index.row()
        if found is None:
            return None
        kind = Change(int(found.kinds[row]))
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return QColor(looks.CHANGE_COLORS[kind])
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return (found.NAMES[kind], _listed(found.before[row]), _listed(found.after[row]), str(found.pixels[row] or ""))[
            index.column()
        ]


def _listed(ids: Sequence[int]) -> str:
    return ", ".join(map(str, ids[:_FEW])) + (" …" if len(ids) > _FEW else "")
