"""The buttons that accept proposals, and what they would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QDoubleSpinBox, QGridLayout, QLabel, QPushButton, QSlider, QWidget

from napari_labelfix.widgets.shortcuts import tooltip, with_key

if TYPE_CHECKING:
    from napari_labelfix.widgets.accepting import Count


class AcceptView(QWidget):
    """The part of the dock that moves proposed objects to the accepted ones."""

    acceptAllClicked = Signal()
    acceptAboveClicked = Signal()
    thresholdChanged = Signal()
    pickToggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.all_button = QPushButton("Accept all")
        self.above_button = QPushButton()
        self.object_button = QPushButton(with_key("Accept object", "accept_object"))
        self.object_button.setCheckable(True)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setValue(90)
        self.number = QDoubleSpinBox()
        self.number.setRange(0, 1)
        self.number.setSingleStep(0.05)
        self.number.setValue(0.9)
        self.count = QLabel()
        self.count.setWordWrap(True)
        self._explain()
        self._arrange()
        self.all_button.clicked.connect(self.acceptAllClicked)
        self.above_button.clicked.connect(self.acceptAboveClicked)
        self.object_button.toggled.connect(self.pickToggled)
        self.slider.valueChanged.connect(lambda percent: self.number.setValue(percent / 100))
        self.number.valueChanged.connect(self._on_number)
        self.show_counts(None, None)

    @property
    def threshold(self) -> float:
        """The confidence above which objects are accepted, 0..1."""
        return round(self.number.value(), 2)

    def show_counts(self, above: Count | None, everything: Count | None) -> None:
        """Say what the buttons would do; None where there is no proposal."""
        self.above_button.setText(with_key(f"Accept ≥ {self.threshold:.2f}", "accept_confident"))
        self.all_button.setEnabled(bool(everything and everything.new))
        self.above_button.setEnabled(bool(above and above.new))
        self.object_button.setEnabled(everything is not None)
        if above is None or everything is None:
            self.count.setText("Nothing is proposed yet.")
            self.all_button.setText("Accept all")
            return
        self.all_button.setText(f"Accept all ({everything.new})")
        there = f", {above.present} {_are(above.present)} already there" if above.present else ""
        self.count.setText(f"{above.new} {_objects(above.new)} ≥ {self.threshold:.2f} will be accepted{there}.")

    def _on_number(self, value: float) -> None:
        self.slider.blockSignals(True)
        self.slider.setValue(round(value * 100))
        self.slider.blockSignals(False)
        self.thresholdChanged.emit()

    def _explain(self) -> None:
        self.all_button.setToolTip("Accept every proposed object that is not there yet.")
        self.above_button.setToolTip(tooltip("accept_confident"))
        self.object_button.setToolTip(
            f"{tooltip('accept_object')}\nOr press this button and click on objects; press it again to end."
        )
        for widget in (self.slider, self.number):
            widget.setToolTip("Confidence of an object: the mean over its pixels.")
        for button in (self.all_button, self.above_button, self.object_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys with the canvas

    def _arrange(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(3)
        grid.addWidget(QLabel("Confidence"), 0, 0)
        grid.addWidget(self.slider, 0, 1, 1, 2)
        grid.addWidget(self.number, 0, 3)
        grid.addWidget(self.count, 1, 0, 1, 4)
        grid.addWidget(self.above_button, 2, 0, 1, 2)
        grid.addWidget(self.all_button, 2, 2, 1, 2)
        grid.addWidget(self.object_button, 3, 0, 1, 4)


def _objects(count: int) -> str:
    return "object" if count == 1 else "objects"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
