"""A look, before a run, at what the training makes of right labels: a button that adds a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QPushButton, QWidget

from napari_labelfix.errors import InputError
from napari_labelfix.widgets.annotating.layer_kind import Place
from napari_labelfix.widgets.parts.background import Background
from napari_labelfix.widgets.viewer import image_planes, layers
from napari_labelfix.widgets.viewer.looks import make_preview

if TYPE_CHECKING:
    import numpy as np
    from napari.components import ViewerModel
    from numpy.typing import NDArray

    from napari_labelfix.methods.table import Method
    from napari_labelfix.params import Params
    from napari_labelfix.widgets.annotating.input_view import InputView


class PreviewButton(QPushButton):
    """Shows another example each time it is pressed; it is worked out in a thread.

    Parameters
    ----------
    viewer
        Where it is shown.
    method
        The method; the button is hidden if it has nothing to show.
    inputs
        What is chosen.
    """

    told = Signal(str, str)  # a sentence, and its mood

    def __init__(self, viewer: ViewerModel, method: Method, inputs: InputView, parent: QWidget | None = None) -> None:
        super().__init__("Preview training labels", parent)
        self._viewer, self._method, self._inputs = viewer, method, inputs
        self._shown = 0  # examples
        self._place: Place | None = None  # what the example that is worked out is of; None if it is not to be shown
        self._work = Background(self)
        self._work.done.connect(self._on_done)
        self._work.failed.connect(self._on_failed)
        if not method.preview:
            self.hide()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip(
            "Add a layer with the right labels, spoiled as badly as the training does it.\nAgain: another example."
        )

    def show_example(self, params: Params) -> None:
        """Put an example into the layer, which is made on the first one."""
        try:
            if missing := self._inputs.missing():
                raise InputError(missing)
            seen = self._inputs.plane_in_view()
        except InputError as error:
            self.told.emit(str(error), "warning")
            return
        if self._inputs.image is None or seen is None:
            return
        plane, index = seen
        self._place = Place(self._inputs.image, index)
        self.setEnabled(False)
        preview, seed = self._method.load_preview(), self._shown
        self._work.start(lambda: preview(plane, params, seed=seed))

    def hide_example(self) -> None:
        """Hide the example: a run shows something else."""
        self._place = None
        image = self._inputs.image
        layer = layers.find(self._viewer, "preview", image, self._method.name) if image is not None else None
        if layer is not None:
            layers.hide(layer)

    def _on_done(self, labels: NDArray[np.integer]) -> None:
        self.setEnabled(True)
        place, self._place = self._place, None
        if place is not None and place.image is self._inputs.image:  # no other is in hand by now
            self._show(labels, place)

    def _on_failed(self, sentence: str) -> None:
        self.setEnabled(True)
        self.told.emit(sentence, "warning")

    def _show(self, labels: NDArray[np.integer], place: Place) -> None:
        image = place.image
        layer = layers.find(self._viewer, "preview", image, self._method.name)
        if layer is None or tuple(layer.data.shape) != image_planes.spatial_shape(image):
            layer = make_preview(image)
            layer.editable = False
            layers.link(layer, "preview", image, self._method.name)
            layers.add_quietly(self._viewer, layer)
        layer.data[place.index] = labels
        layers.show(layer)
        layer.refresh()
        self._shown += 1
        self._inputs.make_way()
        self.told.emit(f"“{layer.name}” shows right labels, spoiled as badly as the training does it.", "done")
