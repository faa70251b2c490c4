"""What differs from other labels or from points: which to compare with, blinking, a layer of it, and a table."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from napari.layers import Labels, Points
from qtpy.QtCore import QItemSelection, QSize, Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QGridLayout, QLabel, QPushButton, QWidget

from napari_labelfix.errors import InputError
from napari_labelfix.review.boxes import find_box
from napari_labelfix.snapshots import Change
from napari_labelfix.widgets.parts.layer_combo import LayerCombo
from napari_labelfix.widgets.parts.passing_keys import pass_keys_on
from napari_labelfix.widgets.parts.shortcuts import tooltip, with_key
from napari_labelfix.widgets.parts.table import Table
from napari_labelfix.widgets.reviewing.differences_model import DifferencesModel
from napari_labelfix.widgets.reviewing.reference import fits, points_on
from napari_labelfix.widgets.viewer import image_planes, layers, looks
from napari_labelfix.widgets.viewer.going import go_to
from napari_labelfix.widgets.viewer.label_layers import image_of
from napari_labelfix.widgets.viewer.way_back import WAY_BACK

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_labelfix.review.differences import Differences
    from napari_labelfix.widgets.editing.editing import Editing
    from napari_labelfix.widgets.reviewing.reference import Reference
    from napari_labelfix.widgets.reviewing.reviewing import Reviewing

_SWATCH, _ROW = 10, 20  # pixels
_OPACITY = 0.8  # what is gone lies on a black ground
_SCORES = (
    "How well the two agree, 1 if they are the same: F1 of the objects, of which those belong together that overlap by "
    "at least half of what they cover together (IoU 0.5), or that have a point; and Dice of all their pixels."
)
_AROUND = 12  # pixels, on each side of a point that is gone to


class CompareView(QWidget):
    """The part of the Review dock that compares.

    Parameters
    ----------
    viewer
        The viewer.
    review
        What is reviewed.
    editing
        Edits it.
    """

    otherChosen = Signal()

    def __init__(self, viewer: ViewerModel, review: Reviewing, editing: Editing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._review, self._editing = viewer, review, editing
        self._shown: WeakKeyDictionary[Labels, Layer] = WeakKeyDictionary()  # a layer's differences
        self._parted: Differences | None = None  # of which the objects were parted: they are compared anew meanwhile
        self.others = LayerCombo(viewer, lambda layer: fits(layer, review.layer), "nothing", lambda _: None)
        self.keep_button = QPushButton("Keep as before")
        self.blink_button = QPushButton(with_key("Blink", "blink"))
        self.layer_button = QPushButton("Show differences")
        self.part_button = QPushButton()
        self.summary = QLabel()
        self.model = DifferencesModel(self)
        self.table = Table()
        self._arrange()
        self.others.layerChanged.connect(self.otherChosen)
        self.keep_button.clicked.connect(self.keep_as_before)
        self.blink_button.clicked.connect(self.blink)
        self.layer_button.clicked.connect(self.show_layer)
        self.part_button.clicked.connect(self.part_at_points)
        self.table.selectionModel().selectionChanged.connect(lambda chosen, _: self._on_rows_chosen(chosen))
        review.searched.connect(self.refresh)
        review.changed.connect(self._show_what_to_part)  # an object may be locked, or set aside
        review.layerChanged.connect(self._on_layer)
        self.refresh()

    @property
    def other(self) -> Reference | None:
        """The layer to compare with."""
        layer = self.others.layer
        return layer if isinstance(layer, Labels | Points) else None

    def refresh(self) -> None:
        """Show what has been found."""
        if self.other is not None and not fits(self.other, self._review.layer):  # it has got pixels of another size
            self.others.refresh()
        found, layer = self._review.differences, self._review.layer
        self.model.show_differences(found)
        self.keep_button.setEnabled(layer is not None)
        self.blink_button.setEnabled(layer is not None)
        self.layer_button.setEnabled(found is not None)
        self.summary.setText(self._summary(found))
        self._show_what_to_part()
        if layer in self._shown:
            self._show_in_layer(layer, found)

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
        """Show other labels instead of those that are reviewed, or the other way round; points stay as they are."""
        layer = self._review.layer
        if layer is None:
            return
        layer.visible = not layer.visible
        seen: Layer = layer
        if isinstance(self.other, Labels):
            self.other.visible = not layer.visible
            seen = layer if layer.visible else self.other
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

    def _show_in_layer(self, layer: Labels, found: Differences | None) -> None:
        """Let the layer of differences follow; without anything to compare with it would go on saying what was."""
        if found is not None:
            self._shown[layer].data = found.codes
        elif self.other is None and (shown := self._shown.pop(layer)) in layers.all_layers(self._viewer):
            layers.remove(self._viewer, shown)

    def part_at_points(self) -> None:
        """Part the objects with several points between these, all in one step."""
        found, layer = self._review.differences, self._review.layer
        ids = self._to_part(found) if found is not None else []
        if layer is None or not ids or not isinstance(self.other, Points):
            return
        try:
            number = self._editing.part_at(ids, points_on(self.other, layer))
        except InputError as error:
            self._review.told.emit(str(error), "warning")
            return
        if number:
            parted = "1 object was parted between its" if number == 1 else f"{number} objects were parted between their"
            self._review.told.emit(f"{parted} points. {WAY_BACK}", "done")
            self._review.decided.emit(layer)
            self._parted = found
            self._review.search()
        else:
            why = "the points of an object lie in one pixel, or in other objects by now"
            self._review.told.emit(f"Nothing was parted: {why}.", "hint")

    def go_to(self, row: int) -> None:
        """Go to what has changed."""
        found, layer, other = self._review.differences, self._review.layer, self.other
        if found is None or layer is None:
            return
        if found.after[row]:
            self._review.go_to(found.after[row][0])
        elif found.points is not None:
            *plane, row_at, column_at = np.round(found.points[found.before[row][0]]).astype(int).tolist()
            around = (slice(at - _AROUND, at + _AROUND + 1) for at in (row_at, column_at))
            go_to(self._viewer, layer, (*(slice(at, at + 1) for at in plane), *around))
        elif isinstance(other, Labels):
            here = image_planes.index_in_view(self._viewer, other)
            if (box := find_box(other.data, found.before[row][0], here)) is not None:
                go_to(self._viewer, other, box)

    def _on_rows_chosen(self, chosen: QItemSelection) -> None:
        """Go to the row that was clicked, or that the arrow keys have come to."""
        if rows := {index.row() for index in chosen.indexes()}:
            self.go_to(rows.pop())

    def _to_part(self, found: Differences) -> list[int]:
        """Return which objects with several points may be parted: none of a proposal, and none locked or set aside."""
        if found.points is None or found is self._parted or self._review.labels is None:
            return []
        table = self._review.table
        several = [found.after[row][0] for row in np.flatnonzero(found.kinds == Change.MERGED)]
        return np.intersect1d(several, table.ids[~(table.locked | table.set_aside)]).astype(int).tolist()

    def _show_what_to_part(self) -> None:
        found = self._review.differences
        number = len(self._to_part(found)) if found is not None else 0
        self.part_button.setVisible(isinstance(self.other, Points))
        self.part_button.setEnabled(number > 0)
        what = f"Part {number} at its points" if number == 1 else f"Part {number} at their points"
        self.part_button.setText(what if number else "Part at points")

    def _on_layer(self) -> None:
        self.others.refresh()
        self.refresh()

    def _summary(self, found: Differences | None) -> str:
        if self.other is None:
            return (
                "Choose other labels of this image, or points, one for each cell; or keep these as they are now, and "
                "see later what you changed."
            )
        if found is None:
            return "Comparing…"
        if not len(found):
            if found.points is None:
                return "There is no difference."
            if not len(self._review.table):
                return "There are no objects and no points yet."
            return "There is one point in each object, and no other."
        counts = found.count()
        parts = [
            f'<span style="color: {color}">■</span>&nbsp;{counts[kind]}&nbsp;{found.NAMES[kind].replace(" ", "&nbsp;")}'
            for kind, color in looks.CHANGE_COLORS.items()
            if counts.get(kind)
        ]
        scores = f"F1&nbsp;{found.f1:.2f}" + ("" if found.points is not None else f", Dice&nbsp;{found.dice:.2f}")
        return "&nbsp; ".join([*parts, scores])

    def _arrange(self) -> None:
        self.others.setToolTip(
            "Labels of the same size: from before, of another method, of another person. Or points, one for each cell."
        )
        self.keep_button.setToolTip("Keep a hidden copy of the labels as they are now, and compare with it.")
        self.blink_button.setToolTip(tooltip("blink"))
        self.layer_button.setToolTip("A layer with a colour for each kind of change.")
        self.part_button.setToolTip(
            "Part all objects with several points, each around its points, where its shape is narrow. What is locked, "
            "rejected or ignored stays."
        )
        self.summary.setToolTip(_SCORES)
        self.table.setModel(self.model)
        pass_keys_on(self.table)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.setMinimumHeight(90)
        self.table.setIconSize(QSize(_SWATCH, _SWATCH))
        self.table.setWordWrap(False)
        self.table.verticalHeader().setDefaultSectionSize(_ROW)
        for column, width in enumerate((110, 66, 56)):
            self.table.setColumnWidth(column, width)
        self.summary.setWordWrap(True)
        for button in (self.keep_button, self.blink_button, self.layer_button, self.part_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys with the canvas
        grid = QGridLayout(self)
        grid.setContentsMargins(4, 4, 4, 4)
        grid.setSpacing(3)
        grid.addWidget(QLabel("With"), 0, 0)
        grid.addWidget(self.others, 0, 1, 1, 2)
        grid.addWidget(self.summary, 1, 0, 1, 3)
        for column, button in enumerate((self.keep_button, self.blink_button, self.layer_button)):
            grid.addWidget(button, 2, column)
        grid.addWidget(self.part_button, 3, 0, 1, 3)
        grid.addWidget(self.table, 4, 0, 1, 3)
