"""A combo box of the viewer's layers that keeps itself up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter, QWidget

from napari_labelfix.widgets.parts.passing_keys import pass_keys_on
from napari_labelfix.widgets.viewer import layers

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.layers import Layer
    from qtpy.QtGui import QPaintEvent


class LayerCombo(QComboBox):
    """Offers the layers that a rule accepts. A choice is a layer, not a name: renaming or moving it changes nothing.

    Parameters
    ----------
    viewer
        Whose layers.
    accepts
        The rule.
    nothing
        What stands there when there is no layer, or none is chosen.
    preferred
        Names the layer to choose when nothing is; None leaves it so.
    follows
        Whether it is also chosen later, in the place of one that no person has picked: what is preferred may come when
        something else was there before.
    """

    layerChanged = Signal()
    entriesChanged = Signal()  # other layers are offered, whichever is chosen

    def __init__(
        self,
        viewer: ViewerModel,
        accepts: Callable[[Layer], bool],
        nothing: str,
        preferred: Callable[[list[Layer]], Layer | None],
        parent: QWidget | None = None,
        *,
        follows: bool = False,
    ) -> None:
        super().__init__(parent)
        self._follows = follows
        self.was_picked = False  # whether a person has chosen anything
        self._viewer, self._accepts, self._nothing, self._preferred = viewer, accepts, nothing, preferred
        self._layers: list[Layer] = []
        self._shown: list[Layer] = []  # the entries
        self._layer: Layer | None = None
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        pass_keys_on(self)
        self.declined = False  # whether a person has chosen that it shall be none
        self.activated.connect(self._on_activated)
        layers.on_list_change(viewer, self.refresh)
        self.refresh()

    @property
    def layer(self) -> Layer | None:
        """The chosen layer."""
        return self._layer

    def choose(self, layer: Layer | None) -> None:
        """Choose a layer that the rule accepts."""
        before, self._layer = self._layer, layer
        self.declined = self.declined and layer is None
        self._show()
        if layer is not before:
            self.layerChanged.emit()

    def choose_anew(self) -> None:
        """Choose as if nothing was chosen: the rule may have changed."""
        self.declined = False
        self._layers = list(layers.layers_where(self._viewer, self._accepts))
        self.choose(self._preferred(self._layers))

    def refresh(self, _event: object = None) -> None:
        """Look at the viewer's layers again."""
        layers.adopt_reopened(self._viewer)
        self._layers = list(layers.layers_where(self._viewer, self._accepts))
        kept = self._layer if self._layer in self._layers else None
        if (self._follows and not self.was_picked) or (kept is None and not self.declined):
            kept = self._preferred(self._layers)
        self.choose(kept)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Leave out the middle of a name that is too long: the names of an image's layers differ at the end."""
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        field = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, self).width()
        option.currentText = self.fontMetrics().elidedText(option.currentText, Qt.TextElideMode.ElideMiddle, room)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def _on_activated(self, row: int) -> None:
        self.declined, self.was_picked = row == 0, True
        self.choose(self._layers[row - 1] if row else None)

    def _show(self) -> None:
        self.blockSignals(True)
        self.clear()
        self.addItems([self._nothing, *(layer.name for layer in self._layers)])
        self.setCurrentIndex(self._layers.index(self._layer) + 1 if self._layer in self._layers else 0)
        self.setToolTip(self.currentText())  # in full: the box may be too narrow for it
        self.blockSignals(False)
        if self._shown != self._layers:
            self._shown = list(self._layers)
            self.entriesChanged.emit()
