"""The buttons that accept proposals, and reject wrong ones, and what they would do."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from napari_labelfix.widgets.accepting.acceptor import several
from napari_labelfix.widgets.parts.passing_keys import pass_keys_on
from napari_labelfix.widgets.parts.shortcuts import tooltip, with_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_labelfix.widgets.accepting.acceptor import Count
    from napari_labelfix.widgets.results.result_layers import LegendEntry


class AcceptView(QWidget):
    """The part of the dock that moves proposed objects to the accepted ones, and rejects wrong ones."""

    acceptAllClicked = Signal()
    acceptAboveClicked = Signal()
    thresholdChanged = Signal()
    pickChanged = Signal(str)  # what a click on an object does from now on: the name of an action, or ""
    takeBackClicked = Signal()
    scopeChanged = Signal()

    def __init__(self, threshold: float = 0.9, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.legend = QLabel()  # what the colours of the result mean
        self.legend.setWordWrap(True)
        self.scopes = QComboBox()
        self.scopes.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.certainty = QLabel()
        self.take_back_button = QPushButton("Take back")
        self.all_button = QPushButton("Accept all")
        self.above_button = QPushButton()
        self.object_button = QPushButton()
        self.reject_button = QPushButton()
        self._pick_buttons = {"accept_object": self.object_button, "reject_object": self.reject_button}
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setValue(round(threshold * 100))
        self.number = QDoubleSpinBox()
        self.number.setRange(0, 1)
        self.number.setSingleStep(0.05)
        self.number.setValue(threshold)
        self.count = QLabel()
        self.count.setWordWrap(True)
        self.how_to_click = ""  # while a click on an object accepts or rejects it
        self._noun = ""
        self._left = 0  # that would not be accepted above the threshold
        pass_keys_on(self.scopes, self.number)
        self._explain()
        self._arrange()
        self.show_words("object", "Confidence", "Confidence of an object: the mean over its pixels.")
        self.show_rejecting(False)
        self.show_scopes([])
        self.show_legend([])
        self.all_button.clicked.connect(self.acceptAllClicked)
        self.above_button.clicked.connect(self.acceptAboveClicked)
        for action, button in self._pick_buttons.items():
            button.setCheckable(True)
            button.toggled.connect(partial(self._on_picked, action))
        self.take_back_button.clicked.connect(self.takeBackClicked)
        self.scopes.activated.connect(lambda _: self.scopeChanged.emit())
        self.slider.valueChanged.connect(lambda percent: self.number.setValue(percent / 100))
        self.number.valueChanged.connect(self._on_number)
        self.show_counts(None, None)

    @property
    def threshold(self) -> float:
        """The confidence above which objects are accepted, 0..1."""
        return round(self.number.value(), 2)

    @property
    def doubt(self) -> str:
        """A sentence that says how many are left that are less certain than the threshold; "" if none is."""
        if not self._left:
            return ""
        noun = self._noun if self._left == 1 else several(self._noun)
        return f"{self._left} {noun} {_are(self._left)} doubtful (below {self.threshold:.2f})."

    @property
    def scope(self) -> int:
        """The number of the chosen scope."""
        return max(0, self.scopes.currentIndex())

    def stop_picking(self) -> None:
        """Leave the mode in which a click does something."""
        for button in self._pick_buttons.values():
            button.setChecked(False)

    def show_scopes(self, names: Sequence[str]) -> None:
        """Offer what to accept from; there is nothing to choose where it is one."""
        if len(names) == self.scopes.count():
            for row, name in enumerate(names):
                self.scopes.setItemText(row, name)
        else:
            chosen = self.scopes.currentText()
            self.scopes.clear()
            self.scopes.addItems(list(names))
            self.scopes.setCurrentIndex(max(0, self.scopes.findText(chosen)))
        self.scopes.setVisible(len(names) > 1)

    def show_words(self, noun: str, certainty: str, certainty_help: str) -> None:
        """Call things by the names that they have in this scope."""
        self._noun = noun
        self.object_button.setText(with_key(f"Accept {noun}", "accept_object"))
        self.reject_button.setText(with_key(f"Reject {noun}", "reject_object"))
        self.certainty.setText(certainty)
        for widget in (self.certainty, self.slider, self.number):
            widget.setToolTip(certainty_help)

    def show_legend(self, entries: Sequence[LegendEntry]) -> None:
        """Show colours with their meaning; nothing where there is none."""
        self.legend.setText("&nbsp; ".join(map(_in_color, entries)))
        self.legend.setToolTip("\n".join(f"{entry.meaning}: {entry.help}" for entry in entries if entry.help))
        self.legend.setVisible(bool(entries))

    def show_rejecting(self, possible: bool) -> None:
        """Offer to reject an object, or not: a run cannot always be told of a single one."""
        self.reject_button.setVisible(possible)
        if not possible:
            self.reject_button.setChecked(False)

    def show_counts(self, above: Count | None, everything: Count | None, can_take_back: bool = False) -> None:
        """Say what the buttons would do; None where there is no proposal."""
        self.above_button.setText(with_key(f"Accept ≥ {self.threshold:.2f}", "accept_confident"))
        self.all_button.setEnabled(bool(everything and everything.new))
        self.above_button.setEnabled(bool(above and above.new))
        for button in self._pick_buttons.values():
            button.setEnabled(everything is not None)
        self.take_back_button.setVisible(can_take_back)
        self._left = everything.new - above.new if above and everything else 0
        if above is None or everything is None:
            self.count.setText("Nothing is proposed yet.")
            self.all_button.setText("Accept all")
            return
        self.all_button.setText(f"Accept all ({everything.new})")
        there = f", {above.present} {_are(above.present)} already there" if above.present else ""
        noun = self._noun if above.new == 1 else several(self._noun)
        self.count.setText(f"{above.new} {noun} ≥ {self.threshold:.2f} will be accepted{there}.")

    def _on_picked(self, action: str, picking: bool) -> None:
        if picking:
            for other, button in self._pick_buttons.items():
                if other != action:
                    button.setChecked(False)
        self.pickChanged.emit(action if picking else "")

    def _on_number(self, value: float) -> None:
        self.slider.blockSignals(True)
        self.slider.setValue(round(value * 100))
        self.slider.blockSignals(False)
        self.thresholdChanged.emit()

    def _explain(self) -> None:
        self.all_button.setToolTip("Accept every proposed object that is not there yet.")
        self.above_button.setToolTip(tooltip("accept_confident"))
        for action, button in self._pick_buttons.items():
            button.setToolTip(f"{tooltip(action)}\nOr press this button and click on objects; press it again to end.")
        self.scopes.setToolTip("What the buttons accept.")
        self.take_back_button.setToolTip("Take back what was accepted or rejected last, where Ctrl+Z does not.")
        for button in (self.all_button, self.above_button, *self._pick_buttons.values(), self.take_back_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys with the canvas

    def _arrange(self) -> None:
        column = QVBoxLayout(self)  # not a grid: there, texts that wrap get the height of one line now and then
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self.legend)
        column.addWidget(self.scopes)
        column.addLayout(_in_a_row(self.certainty, self.slider, self.number))
        column.addWidget(self.count)
        column.addLayout(_in_a_row(self.above_button, self.all_button))
        column.addLayout(_in_a_row(self.object_button, self.reject_button))
        column.addWidget(self.take_back_button)


def _in_a_row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    for widget in widgets:
        row.addWidget(widget)
    return row


def _in_color(entry: LegendEntry) -> str:
    """Return rich text that is not broken between the colour and its meaning."""
    return f'<span style="color: {entry.color}">■</span>&nbsp;{entry.number}&nbsp;{entry.meaning}'


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
