"""Before and after: which labels to compare with, blinking, a layer of differences, and a table of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from napari.layers import Labels
from qtpy.QtCore import QAbstractTableModel, QModelIndex, QSize, Qt, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QAbstractItemView, QGridLayout, QLabel, QPushButton, QWidget

from napari_labelfix.review.boxes import find_box
from napari_labelfix.snapshots import Change
from napari_labelfix.widgets.parts.layer_combo import LayerCombo
from napari_labelfix.widgets.parts.passing_keys import pass_keys_on
from napari_labelfix.widgets.parts.shortcuts import tooltip, with_key
from napari_labelfix.widgets.parts.table import Table
from napari_labelfix.widgets.viewer import image_planes, layers, looks
from napari_labelfix.widgets.viewer.going import go_to
from napari_labelfix.widgets.viewer.label_layers import holds_objects, image_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_labelfix.review.differences import Differences
    from napari_labelfix.widgets.reviewing.reviewing import Reviewing

_TITLES = ("Change", "Before", "After", "Pixels")
_FEW = 4  # ids in a cell
_SWATCH = 10  # pixels
_OPACITY = 0.8  # what is gone lies on a black ground


class CompareView(QWidget):
    """The part of the Review dock that compares.

    Parameters
    ----------
    viewer
        The viewer.
    review
        What is reviewed.
    """

    otherChosen = Signal()

    def __init__(self, viewer: ViewerModel, review: Reviewing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._review = viewer, review
        self._shown: WeakKeyDictionary[Labels, Layer] = WeakKeyDictionary()  # a layer's differences
        self.others = LayerCombo(viewer, self._can_be_compared, "nothing", lambda _: None)
        self.keep_button = QPushButton("Keep as before")
        self.blink_button = QPushButton(with_key("Blink", "blink"))
        self.layer_button = QPushButton("Show differences")
        self.summary = QLabel()
        self.model = DifferencesModel(self)
        self.table = Table()
        self._arrange()
        self.others.layerChanged.connect(self.otherChosen)
        self.keep_button.clicked.connect(self.keep_as_before)
        self.blink_button.clicked.connect(self.blink)
        self.layer_button.clicked.connect(self.show_layer)
        self.table.clicked.connect(lambda index: self.go_to(self.model.place_of(index.row())))
        review.searched.connect(self.refresh)
        review.layerChanged.connect(self._on_layer)
        self.refresh()

    @property
    def other(self) -> Labels | None:
        """The layer to compare with."""
        layer = self.others.layer
        return layer if isinstance(layer, Labels) else None

    def refresh(self) -> None:
        """Show what has been found."""
        if self.other is not None and not self._can_be_compared(self.other):  # it has got pixels of another size
            self.others.refresh()
        found, layer = self._review.differences, self._review.layer
        self.model.show_differences(found)
        self.keep_button.setEnabled(layer is not None)
        self.blink_button.setEnabled(layer is not None)
        self.layer_button.setEnabled(found is not None)
        self.summary.setText(self._summary(found))
        if found is not None and layer in self._shown:
            self._shown[layer].data = found.codes

    def keep_as_before(self) -> None:
        """Keep a copy of the labels as they are now, to compare later ones with it."""
        layer = self._review.layer
        if layer is None:
            return
        name = f"{layer.name} before"
        copy = Labels(
            np.array(layer.data), name=name, visible=False, opacity=layer.opacity, **image_planes.placement(layer)
        )
        layers.add_next_to(self._viewer, copy, layer, above=False)
        self.others.choose(copy)

    def blink(self) -> None:
        """Show the other layer instead of the one that is reviewed, or the other way round."""
        layer = self._review.layer
        if layer is None:
            return
        layer.visible = not layer.visible
        if self.other is not None:
            self.other.visible = not layer.visible
        seen = layer if layer.visible or self.other is None else self.other
        self._review.told.emit(f"“{seen.name}” is {'shown' if seen.visible else 'hidden'} now.", "done")

    def show_layer(self) -> None:
        """Add a layer with a colour for each kind of change; it follows later edits."""
        found, layer = self._review.differences, self._review.layer
        if found is None or layer is None:
            return
        if self._shown.get(layer) not in layers.all_layers(self._viewer):
            shown = looks.make_changes(layer)
            shown.name, shown.data = f"{layer.name} differences", found.codes
            shown.opacity = _OPACITY
            layers.link(shown, "changes", image_of(self._viewer, layer), "review")
            layers.add_next_to(self._viewer, shown, layer, above=True)
            self._shown[layer] = shown
        else:
            layers.show(self._shown[layer])

    def go_to(self, row: int) -> None:
        """Go to what has changed."""
        found, layer = self._review.differences, self._review.layer
        if found is None or layer is None:
            return
        if found.after[row]:
            self._review.go_to(found.after[row][0])
        elif self.other is not None:
            here = image_planes.index_in_view(self._viewer, self.other)
            if (box := find_box(self.other.data, found.before[row][0], here)) is not None:
                go_to(self._viewer, self.other, box)

    def _on_layer(self) -> None:
        self.others.refresh()
        self.refresh()

    def _can_be_compared(self, layer: Layer) -> bool:
        reviewed = self._review.layer
        if not holds_objects(layer) or layer.multiscale or layer is reviewed or reviewed is None:
            return False
        return tuple(layer.data.shape) == tuple(reviewed.data.shape)

    def _summary(self, found: Differences | None) -> str:
        if self.other is None:
            return "Choose other labels of this image, or keep these as they are now and see later what you changed."
        if found is None:
            return "Comparing…"
        if not len(found):
            return "There is no difference."
        counts = found.count()
        return "&nbsp; ".join(
            f'<span style="color: {color}">■</span>&nbsp;{counts[kind]}&nbsp;{kind.name.lower()}'
            for kind, color in looks.CHANGE_COLORS.items()
            if counts[kind]
        )

    def _arrange(self) -> None:
        self.others.setToolTip("Labels of the same size: from before, of another method, of another person.")
        self.keep_button.setToolTip("Keep a hidden copy of the labels as they are now, and compare with it.")
        self.blink_button.setToolTip(tooltip("blink"))
        self.layer_button.setToolTip("A layer with a colour for each kind of change.")
        self.table.setModel(self.model)
        pass_keys_on(self.table)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.setMinimumHeight(90)
        self.table.setIconSize(QSize(_SWATCH, _SWATCH))
        for column, width in enumerate((86, 70, 70)):
            self.table.setColumnWidth(column, width)
        self.summary.setWordWrap(True)
        for button in (self.keep_button, self.blink_button, self.layer_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys with the canvas
        grid = QGridLayout(self)
        grid.setContentsMargins(4, 4, 4, 4)
        grid.setSpacing(3)
        grid.addWidget(QLabel("With"), 0, 0)
        grid.addWidget(self.others, 0, 1, 1, 2)
        grid.addWidget(self.summary, 1, 0, 1, 3)
        for column, button in enumerate((self.keep_button, self.blink_button, self.layer_button)):
            grid.addWidget(button, 2, column)
        grid.addWidget(self.table, 3, 0, 1, 3)


class DifferencesModel(QAbstractTableModel):
    """Shows `Differences`, those with the most pixels first."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._found: Differences | None = None
        self._order: list[int] = []

    def show_differences(self, found: Differences | None) -> None:
        """Show others."""
        self.beginResetModel()
        self._found = found
        self._order = np.argsort(-found.pixels, kind="stable").tolist() if found is not None else []
        self.endResetModel()

    def place_of(self, row: int) -> int:
        """Return which difference is shown in a row."""
        return self._order[row]

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Return how many there are."""
        return 0 if parent is not None and parent.isValid() else len(self._order)

    def columnCount(self, _parent: QModelIndex | None = None) -> int:
        """Return the number of columns."""
        return len(_TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a column's title."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _TITLES[section]
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what stands in a cell."""
        found = self._found
        if found is None:
            return None
        row = self._order[index.row()]
        kind = Change(int(found.kinds[row]))
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return QColor(looks.CHANGE_COLORS[kind])
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return (kind.name.lower(), _listed(found.before[row]), _listed(found.after[row]), str(found.pixels[row]))[
            index.column()
        ]


def _listed(ids: tuple[int, ...]) -> str:
    return ", ".join(map(str, ids[:_FEW])) + (" …" if len(ids) > _FEW else "")
