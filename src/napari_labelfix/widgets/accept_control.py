"""What happens when a person accepts: from a button, a key or a click on the canvas, to the corrected layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

from napari_labelfix.errors import InputError
from napari_labelfix.widgets import layers
from napari_labelfix.widgets.accepting import Accepting
from napari_labelfix.widgets.shortcuts import SHORTCUTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_labelfix.review.actions import Edit
    from napari_labelfix.widgets.accept_view import AcceptView
    from napari_labelfix.widgets.results import ResultLayers

_TREMBLE = 4  # pixels of the canvas
_COUNT_AFTER_MS = 300  # at most three counts a second, however often the proposal refreshes


class AcceptControl(QObject):
    """Connects the accept part of the dock with the layers of the chosen image.

    Parameters
    ----------
    viewer
        The viewer.
    view
        The buttons.
    parent
        The Qt parent.
    """

    told = Signal(str, str)  # a sentence, and its mood: a `Mood`

    def __init__(self, viewer: ViewerModel, view: AcceptView, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._view = viewer, view
        self._accepting: Accepting | None = None
        self._watched: Layer | None = None
        self._count_timer = QTimer(self)
        self._count_timer.setSingleShot(True)
        self._count_timer.setInterval(_COUNT_AFTER_MS)
        self._count_timer.timeout.connect(self.show_counts)
        view.acceptAllClicked.connect(self.accept_all)
        view.acceptAboveClicked.connect(self.accept_above)
        view.thresholdChanged.connect(self.show_counts)
        view.pickToggled.connect(self._on_pick_toggled)
        layers.on_list_change(viewer, self.count_later)

    def set_results(self, results: ResultLayers | None) -> None:
        """Accept from these layers from now on."""
        self._accepting = Accepting(results) if results is not None else None
        self.stop_picking()
        self.show_counts()

    def accept_all(self) -> None:
        """Accept every proposed object that is not there yet."""
        self._accept(lambda accepting: accepting.accept_above(0.0), "Nothing is proposed yet.")

    def accept_above(self) -> None:
        """Accept the objects that are at least as confident as the threshold."""
        threshold = self._view.threshold
        self._accept(lambda accepting: accepting.accept_above(threshold), "Nothing is proposed yet.")

    def accept_under_cursor(self) -> None:
        """Accept the object under the mouse pointer."""
        self._accept_at(self._viewer.cursor.position)

    def stop_picking(self) -> None:
        """Leave the mode in which a click accepts."""
        self._view.object_button.setChecked(False)

    def count_later(self, _event: object = None) -> None:
        """Show the counts soon; more calls until then are one."""
        if not self._count_timer.isActive():
            self._count_timer.start()

    def show_counts(self) -> None:
        """Show what the buttons would do."""
        self._watch_corrected()
        accepting = self._accepting
        if accepting is None or not accepting.has_objects:
            self._view.show_counts(None, None)
        else:
            self._view.show_counts(accepting.count(self._view.threshold), accepting.count())

    def _accept(self, accept: Callable[[Accepting], Edit | None], nothing: str) -> None:
        if self._accepting is None:
            return
        try:
            edit = accept(self._accepting)
        except InputError as error:
            self.told.emit(str(error), "warning")
            return
        if edit is None:
            self.told.emit(nothing, "hint")
        else:
            self.told.emit(_what_happened(edit), "done")
        self.show_counts()

    def _accept_at(self, position: Sequence[float]) -> None:
        self._accept(
            lambda accepting: accepting.accept_at(position),
            f"There is no proposed object here. Point at one and press {SHORTCUTS['accept_object'].key}.",
        )

    def _on_pick_toggled(self, picking: bool) -> None:
        callbacks = self._viewer.mouse_drag_callbacks
        if self._on_canvas_click in callbacks:
            callbacks.remove(self._on_canvas_click)
        if picking and self._accepting is not None:
            self._accepting.select_layer_without_brush()
            callbacks.append(self._on_canvas_click)
            self.told.emit("Click on the objects to accept. Press the button again to end.", "hint")

    def _on_canvas_click(self, _viewer: object, event: Any) -> Iterator[None]:
        """Accept at a click; a drag, of more than a hand's tremble, moves the image."""
        pressed = np.array(event.pos)  # pixels of the canvas
        yield
        while event.type == "mouse_move":
            yield
        if np.abs(event.pos - pressed).max() <= _TREMBLE:
            self._accept_at(event.position)

    def _watch_corrected(self) -> None:
        corrected = self._accepting.corrected if self._accepting is not None else None
        if corrected is self._watched:
            return
        if self._watched is not None:
            layers.unwatch(self._watched, self._on_corrected_touched)
        if corrected is not None:
            layers.watch(corrected, self._on_corrected_touched)
        self._watched = corrected

    def _on_corrected_touched(self, _event: object = None) -> None:
        if self._accepting is not None:
            self._accepting.forget_counts()
        self.count_later()


def _what_happened(edit: Edit) -> str:
    if not edit.count:
        return f"Nothing was changed: {_objects(edit.present)} already there."
    there = f" {edit.present} more {'was' if edit.present == 1 else 'were'} there already." if edit.present else ""
    return (
        f"{_objects(edit.count)} accepted into the corrected layer.{there} "
        "Ctrl+Z takes it back; File > Save Selected Layers saves it."
    )


def _objects(count: int) -> str:
    return "1 object was" if count == 1 else f"{count} objects were"
