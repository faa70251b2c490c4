"""An annotation to begin with, found by simple means: a button that puts it into the layer that is drawn on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QPushButton

from napari_labelfix.errors import InputError
from napari_labelfix.widgets.annotating.layer_kind import Place
from napari_labelfix.widgets.parts.background import Background
from napari_labelfix.widgets.viewer import layers

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_labelfix.annotations import Annotation
    from napari_labelfix.methods.table import Method
    from napari_labelfix.params import Params
    from napari_labelfix.widgets.annotating.input_view import InputView
    from napari_labelfix.widgets.annotating.layer_kind import AnnotationKind


class SuggestionButton(QPushButton):
    """Finds an annotation for the plane in view, in a thread; what it found before is replaced, what was drawn stays.

    Parameters
    ----------
    viewer
        Whose plane is in view.
    method
        The method; the button is hidden if it suggests nothing.
    kind
        What the method learns from.
    inputs
        What is chosen.
    """

    told = Signal(str, str)  # a sentence, and its mood

    def __init__(self, viewer: ViewerModel, method: Method, kind: AnnotationKind, inputs: InputView) -> None:
        self._what = kind.layers[0].label.lower()
        super().__init__(f"Find {self._what}")
        self._viewer, self._method, self._kind, self._inputs = viewer, method, kind, inputs
        self._place: Place | None = None  # where it is looking
        self._usable = True
        self._work = Background(self)
        self._work.done.connect(self._show)
        self._work.failed.connect(lambda sentence: self._end(sentence, "warning"))
        if not method.suggest:
            self.hide()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip(
            f"Find {self._what} in the plane in view by simple means, as the parameters say.\n"
            "Again, with other parameters: they replace those found before."
        )

    def find(self, params: Params) -> None:
        """Look at the plane in view."""
        try:
            seen = self._inputs.plane_in_view()
            if seen is None or self._inputs.image is None:
                raise InputError("Open an image first.")
            plane, index = seen
            plane.check()
        except InputError as error:
            self.told.emit(str(error), "warning")
            return
        self._place = Place(self._inputs.image, index)
        self.setEnabled(False)
        suggest = self._method.load_suggest()
        self._work.start(lambda: suggest(plane, params))

    def set_usable(self, usable: bool) -> None:
        """Let it be pressed, or not: a run would take what is found for what a person has drawn."""
        self._usable = usable
        self.setEnabled(usable and not self._work.busy)

    def _show(self, suggested: Annotation) -> None:
        sentence, mood = f"The {self._what} that were found could not be added.", "warning"
        try:
            sentence, mood = self._add(suggested)
        finally:  # napari tells of an error; the button must not stay disabled
            self._end(sentence, mood)

    def _add(self, suggested: Annotation) -> tuple[str, str]:
        """Put what was found into the layer; return what to say, and its mood."""
        place = self._place
        if place is None or place.image is not self._inputs.image or self._kind.write is None or not self._usable:
            return "The image was changed, or a run has begun meanwhile, so nothing was added.", "hint"
        if self._inputs.annotation is None:
            self._inputs.create_annotation()
        layer = self._inputs.annotation
        found = self._kind.write(layer, place, suggested)
        layers.show(layer)
        if found:
            return f"{found} {self._what} were found. Delete wrong ones, draw more, or go on to Run.", "done"
        return f"No {self._what} were found. Choose another way or more sensitivity, or draw some.", "warning"

    def _end(self, sentence: str, mood: str) -> None:
        self.setEnabled(self._usable)
        self.told.emit(sentence, mood)
