"""The box for a length that a layer carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QDoubleSpinBox, QGridLayout, QLabel, QPushButton, QWidget

from napari_labelfix.widgets.viewer import image_planes, layers

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_labelfix.widgets.annotating.layer_kind import Measure

_LARGEST = 9999.0  # pixels


class MeasureBox(QWidget):
    """Shows a length that a layer carries, sets it, and offers an estimate.

    Parameters
    ----------
    measure
        What it is.
    """

    estimateClicked = Signal()

    def __init__(self, measure: Measure, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._measure = measure
        self._layer: Layer | None = None
        self._image: Layer | None = None
        self.number = QDoubleSpinBox()
        self.number.setRange(1, _LARGEST)
        self.number.setDecimals(1)
        self.number.setToolTip(measure.help)
        self.estimate_button = QPushButton("Estimate")
        self.estimate_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.estimate_button.setToolTip("Look at the image, and at the points that are there.")
        row = QGridLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel(measure.label), 0, 0)
        row.addWidget(self.number, 0, 1)
        row.addWidget(self.estimate_button, 0, 2)
        self.number.valueChanged.connect(self._on_number)
        self.estimate_button.clicked.connect(self.estimateClicked)

    def show_layer(self, layer: Layer | None, image: Layer | None) -> None:
        """Show the length of this layer from now on, in pixels of an image, whoever changes it."""
        if self._layer is not None:
            layers.unwatch(self._layer, self._on_layer_touched)
        self._layer, self._image = layer, image
        if layer is not None:
            layers.watch(layer, self._on_layer_touched)
        self._on_layer_touched()

    def _on_layer_touched(self, _event: object = None) -> None:
        if self._layer is None or self._image is None or not self._fits():
            return
        self.number.blockSignals(True)
        self.number.setValue(self._measure.read(self._layer, self._image))
        self.number.blockSignals(False)

    def _on_number(self, value: float) -> None:
        if self._layer is not None and self._image is not None and self._fits():
            self._measure.write(self._layer, self._image, value)

    def _fits(self) -> bool:
        """Whether the image has not become a projection of itself, say, since the layer was shown."""
        return self._layer is not None and self._layer.ndim == len(image_planes.spatial_shape(self._image))
