"""The Review dock: every object of a Labels layer, what is doubtful about it, and what a person decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QItemSelection, QItemSelectionModel
from qtpy.QtWidgets import QWidget

from napari_labelfix.errors import InputError
from napari_labelfix.review.states import State
from napari_labelfix.widgets.editing.bar import EditBar
from napari_labelfix.widgets.parts import shortcuts
from napari_labelfix.widgets.parts.dock_frame import fill_dock
from napari_labelfix.widgets.parts.dock_keys import DockKeys
from napari_labelfix.widgets.parts.layer_combo import LayerCombo
from napari_labelfix.widgets.parts.message import Message, primary_style
from napari_labelfix.widgets.reviewing.compare_view import CompareView
from napari_labelfix.widgets.reviewing.objects_model import ObjectsModel, runs_of
from napari_labelfix.widgets.reviewing.reference import fits
from napari_labelfix.widgets.reviewing.reviewing import NOT_THERE_NOW, Reviewing
from napari_labelfix.widgets.reviewing.selection_outline import SelectionOutline
from napari_labelfix.widgets.reviewing.view import ReviewView
from napari_labelfix.widgets.saving.dock_saving import Saving
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.label_layers import first_choice, holds_objects
from napari_labelfix.widgets.viewer.mouse import draws, is_click
from napari_labelfix.widgets.viewer.pictured_labels import pictured_labels
from napari_labelfix.widgets.viewer.pointing import is_3d, object_at, place_at
from napari_labelfix.widgets.viewer.way_back import WAY_BACK, WayBack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari.layers import Layer
    from napari.viewer import Viewer
    from qtpy.QtGui import QHideEvent, QShowEvent

_NAMED = 3  # numbers in a sentence
_OUTLINED = 200  # objects: more are not outlined
_WIDTH = 360


class ReviewDock(QWidget):
    """Everything a person needs to account for each object.

    Parameters
    ----------
    napari_viewer
        The viewer it is docked in; the name is what napari looks for.
    """

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        viewer = layers.behind_the_proxy(napari_viewer)
        self._viewer = viewer
        self._following = False  # the table shows a selection that was made elsewhere
        self._open = True
        self.message = Message(viewer.theme)
        self.review = Reviewing(viewer, self)
        self.saving = Saving(viewer, self)
        self.labels = LayerCombo(viewer, _can_be_reviewed, "no labels", _preferred)
        self.model = ObjectsModel(self)
        self.edits = EditBar(viewer, self.review)
        self.compare = CompareView(viewer, self.review, self.edits.editing)
        self.view = ReviewView(self.labels, self.model, self.edits, self.compare)
        self._outline = SelectionOutline(viewer)
        self._way_back = WayBack(viewer, self.message.text, self._say)
        self._keys = DockKeys(viewer, self._actions(), self)
        self._arrange()
        self._connect()
        self._on_layer_chosen()
        self._keys.take()

    def close_review(self) -> None:
        """Leave the viewer alone. The dock is of no more use."""
        self._open = False
        self.edits.hand.put_away()
        self.review.leave()
        self._outline.clear()
        self._keys.release()
        self._listen_to_clicks(False)

    def showEvent(self, event: QShowEvent) -> None:
        """Listen to clicks on the canvas, and show there what is selected."""
        self._listen_to_clicks(True)
        self._on_selected()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Leave the canvas alone."""
        self._listen_to_clicks(False)
        self._outline.clear()
        super().hideEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Notice that the dock was closed: napari then takes the widget out of its dock and drops it."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self.close_review()
        super().changeEvent(event)

    def _actions(self) -> dict[str, Any]:
        return {
            "next_doubtful": self.review.next_doubtful,
            "previous": self.review.previous,
            "accept_selected": lambda: self.review.decide(State.ACCEPTED),
            "reject_selected": lambda: self.review.decide(State.REJECTED),
            "ignore_selected": lambda: self.review.decide(State.IGNORED),
            "accept_sure": self._accept_sure,
            "blink": self.compare.blink,
            **self.edits.actions,
        }

    def _accept_sure(self) -> None:
        self.review.accept_above(self.view.certainty)

    def _on_layer_chosen(self) -> None:
        """Review what is chosen, compared with what is chosen."""
        layer, other = self.labels.layer, self.compare.other
        if not self._open or (layer is not None and self.review.layer is layer and self.review.other is other):
            return
        try:
            self.review.review(layer, other if fits(other, layer) else None)
        except InputError as error:
            self.message.show_text(str(error), "warning")
            return
        self.message.show_text(self._hint())
        self.edits.refresh()

    def _on_changed(self) -> None:
        review = self.review
        if self.message.mood == "hint":
            self.message.show_text(self._hint())
        classes = review.classes
        self.model.show_records(review.table, review.doubt, review.suspects, classes)
        self.view.show_counts(review.table)
        self.view.show_ids(review.table)
        self.view.show_classes(classes)
        self.view.show_selected(review.table, review.selected_ids, can_go_back=review.can_go_back)
        self._show_what_is_sure()
        self.edits.refresh()
        self._outline_selected()

    def _hint(self) -> str:
        opened = self.review.layer is None and pictured_labels(self._viewer)
        return opened or _hint(self.review)

    def _on_layers_changed(self, _event: object = None) -> None:
        """Notice that labels were opened as an image, or are none any more."""
        if self._open and self.review.layer is None and self.message.mood == "hint":
            self.message.show_text(self._hint())

    def _show_what_is_sure(self) -> None:
        self.view.show_sure(self.review.reachable(self.view.certainty).size)

    def _say(self, text: str) -> None:
        """Show what was done, or else what to do."""
        self.message.show_text(text or self._hint(), "done" if text else "hint")

    def _on_searched(self) -> None:
        self.view.show_searching(self.review.searching)
        self.edits.refresh()

    def _on_selected(self) -> None:
        """Show in table and canvas what is selected."""
        self._following = True
        rows = self.model.rows_of(self.review.selected_ids)
        selection = QItemSelection()
        for first, last in runs_of(rows):  # each range of its own would be compared with all others
            selection.select(self.model.index(first, 0), self.model.index(last, self.model.columnCount() - 1))
        chosen = self.view.table.selectionModel()
        chosen.select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if rows:
            current = self.model.index(rows[0], 0)
            chosen.setCurrentIndex(current, QItemSelectionModel.SelectionFlag.NoUpdate)
            self.view.table.scrollTo(current)
        self._following = False
        if self.review.selected_ids and self.message.text() == NOT_THERE_NOW:
            self._say("")
        self.view.show_selected(self.review.table, self.review.selected_ids, can_go_back=self.review.can_go_back)
        self.edits.refresh()
        self._outline_selected()

    def _on_rows_selected(self, _selected: object = None, _deselected: object = None) -> None:
        if self._following:
            return
        rows = sorted({index.row() for index in self.view.table.selectionModel().selectedRows()})
        ids = [self.model.id_at(row) for row in rows]
        if len(ids) == 1:
            self.review.go_to(ids[0])
        elif ids:
            self.review.select(ids)

    def _outline_selected(self, _event: object = None) -> None:
        layer, ids = self.review.layer, self.review.selected_ids
        if layer is None or not ids or len(ids) > _OUTLINED or not self.isVisible():
            self._outline.clear()
            return
        self._outline.show(layer, self.review.boxes_in_view(ids).items())

    def _listen_to_clicks(self, listen: bool) -> None:
        callbacks = self._viewer.mouse_drag_callbacks
        if self._on_canvas_click in callbacks:
            callbacks.remove(self._on_canvas_click)
        if listen:
            callbacks.append(self._on_canvas_click)

    def _on_canvas_click(self, _viewer: object, event: Any) -> Iterator[None]:
        """Select the object at a click, where a click does not draw; with Shift, add it to the selection."""
        is_for_selecting = yield from is_click(event)
        if not is_for_selecting or draws(layers.active(self._viewer)) or self.edits.hand.tool is not None:
            return
        try:
            label = self._object_at(event)
        except InputError as error:
            self.message.show_text(str(error), "hint")
            return
        if not label and is_3d(self._viewer):  # beside the objects is most of the view, where it is turned
            return
        ids = list(self.review.selected_ids) if "Shift" in event.modifiers else []
        self.review.select([*(one for one in ids if one != label), *([label] if label else [])])

    def _object_at(self, pointer: Any) -> int:
        layer = self.review.layer
        position = place_at(self._viewer, pointer, layer) if layer is not None else None
        return object_at(layer, position) if layer is not None and position is not None else 0

    def _on_theme(self, _event: object = None) -> None:
        self.message.set_theme(self._viewer.theme)
        self.view.next_button.setStyleSheet(primary_style(self._viewer.theme))

    def _connect(self) -> None:
        review, view = self.review, self.view
        self.labels.layerChanged.connect(self._on_layer_chosen)
        layers.on_list_change(self._viewer, self._on_layers_changed)
        self.compare.otherChosen.connect(self._on_layer_chosen)
        review.changed.connect(self._on_changed)
        review.selected.connect(self._on_selected)
        review.searched.connect(self._on_searched)
        review.told.connect(self.message.show_text)
        review.decided.connect(lambda layer: self._way_back.promise(layer, WAY_BACK))
        view.filterChanged.connect(self.model.show_only)
        view.stateClicked.connect(review.decide)
        view.lockClicked.connect(review.lock)
        view.classChosen.connect(review.set_class)
        view.nextClicked.connect(review.next_doubtful)
        view.previousClicked.connect(review.previous)
        view.sureClicked.connect(self._accept_sure)
        view.certaintyChanged.connect(self._show_what_is_sure)
        view.searchClicked.connect(review.search)
        self.model.noteWritten.connect(review.set_note)
        view.table.selectionModel().selectionChanged.connect(self._on_rows_selected)
        self._viewer.dims.events.current_step.connect(self._outline_selected)
        self._viewer.dims.events.ndisplay.connect(self._outline_selected)
        self._viewer.events.theme.connect(self._on_theme)

    def _arrange(self) -> None:
        fill_dock(self, self.message, self.view, _WIDTH, self._keys)
        self._on_theme()


def _can_be_reviewed(layer: Layer) -> bool:
    return holds_objects(layer) and not layer.multiscale


def _preferred(candidates: Sequence[Layer]) -> Layer | None:
    """Return the layer that is meant, of those that are seen if there are any."""
    return first_choice([layer for layer in candidates if layer.visible]) or first_choice(candidates)


def _hint(review: Reviewing) -> str:
    """Say what to do with what is reviewed."""
    layer, undecided = review.layer, review.table.count()[State.TODO]
    if layer is None:
        return "Choose labels to review. If there are none yet, open some, or accept objects in a method's dock."
    if numbers := review.unusable_ids:
        named = ", ".join(map(str, numbers[:_NAMED])) + (", …" if len(numbers) > _NAMED else "")
        return f"“{layer.name}” has numbers that no object can have: {named}. Press Renumber, under Edit, for others."
    if not len(review.table):
        return f"There are no objects in “{layer.name}”. Choose other labels, or draw or accept some."
    if not undecided:
        return f"Every object of “{layer.name}” is decided."
    if layers.role_of(layer) == "proposal":
        return "This is a proposal: what you accept goes into the corrected layer, what you reject stays out."
    press = f"Press {shortcuts.with_key('Next doubtful', 'next_doubtful')} to"
    if not layer.visible:
        return f"“{layer.name}” is hidden. {press} show it and go to the most doubtful object."
    return f"{press} go to the most doubtful object."
