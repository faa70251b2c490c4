"""A form for any `Params` class: the fields describe themselves, the advanced ones are folded away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtGui import QIcon
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QStyle,
    QVBoxLayout,
    QWidget,
)
from superqt import QCollapsible

from napari_labelfix.params import ParamField, Params, param_fields
from napari_labelfix.widgets.parts.passing_keys import pass_keys_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_labelfix.params import Value

_SHORT, _LONG = 8, 14  # characters
_OPEN_END = 2**31 - 1  # the range of a spin box whose parameter has none
_FINEST = 7  # decimals of a number


class ParamsForm(QWidget):
    """Shows and edits the parameters of a method.

    Parameters
    ----------
    params
        The class whose fields become rows.
    parent
        The Qt parent.
    """

    valueChanged = Signal()

    def __init__(self, params: type[Params], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._params = params
        self._editors: dict[str, QWidget] = {}
        self._folded_away: dict[str, ParamField] = {}  # those that have no editor yet
        self._folded_values: dict[str, Value] = {}
        self._unwheeled = _WheelOnlyWithFocus(self)
        basic, self._advanced = _rows(), _rows()
        self.folded = _FilledWhenOpened("More", self._make_folded_editors)
        self.folded.toggleButton().setToolTip("Parameters that can mostly be left as they are.")
        for described in param_fields(params):
            if described.spec.advanced:
                self._folded_away[described.name] = described
                self._folded_values[described.name] = described.default
            else:
                self._add_row(basic, described, described.default)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(basic)
        self.folded.layout().setContentsMargins(0, 0, 0, 0)
        self.folded.layout().setSpacing(0)
        holder = QWidget()
        holder.setLayout(self._advanced)
        self.folded.addWidget(holder)
        if not self._folded_away:
            self.folded.hide()
        layout.addWidget(self.folded)

    def editor(self, name: str) -> Any:
        """Return the widget that edits a parameter."""
        if name in self._folded_away:
            self._make_folded_editors()
        return self._editors[name]

    def value(self) -> Params:
        """Return the parameters as they stand in the form."""
        edited = {name: _read(editor) for name, editor in self._editors.items()}
        return self._params.from_dict(self._folded_values | edited)

    def setValue(self, params: Params) -> None:
        """Show parameters; `valueChanged` is emitted once, and only if something is different."""
        if params == self.value():
            return
        self.blockSignals(True)
        for name, value in params.to_dict().items():
            if name in self._folded_away:
                self._folded_values[name] = value
            else:
                _write(self._editors[name], value)
        self.blockSignals(False)
        self.valueChanged.emit()

    def _make_folded_editors(self) -> None:
        """Make the editors of the advanced parameters, once: every dock would open later for what few unfold."""
        for name, described in self._folded_away.items():
            self._add_row(self._advanced, described, self._folded_values.pop(name))
        self._folded_away = {}

    def _add_row(self, rows: QFormLayout, described: ParamField, value: Value) -> None:
        editor = _make_editor(described)
        _write(editor, value)
        editor.setToolTip(described.spec.help)
        editor.setObjectName(described.name)
        editor.installEventFilter(self._unwheeled)
        editor.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # not by the wheel
        if not isinstance(editor, QLineEdit):
            pass_keys_on(editor)
        _changed_signal(editor).connect(lambda _: self.valueChanged.emit())
        self._editors[described.name] = editor
        label = QLabel(described.spec.label)
        label.setWordWrap(True)
        label.setToolTip(described.spec.help)
        label.setBuddy(editor)
        if max(map(len, described.choices), default=0) > _LONG:  # its words need the whole width
            rows.addRow(label)
            rows.addRow(editor)
        else:
            rows.addRow(label, editor)


class _FilledWhenOpened(QCollapsible):
    def __init__(self, title: str, fill: Callable[[], None]) -> None:
        super().__init__(title)
        self._collapsed_icon = self._expanded_icon = QIcon()  # the setters take an empty one for none in PySide6
        self.toggleButton().setIcon(QIcon())
        self._title, self._fill = title, fill
        self._show_arrow(False)
        self.toggled.connect(self._show_arrow)

    def expand(self, animate: bool = True) -> None:
        """Open it; what is in it is made before, so that its height is known."""
        self._fill()
        super().expand(animate)

    def _show_arrow(self, opened: bool) -> None:
        """Let the arrow be a part of the text: one that is drawn has the colour and size of before napari's style."""
        self.setText(f"{'▾' if opened else '▸'}  {self._title}")


class _Number(QDoubleSpinBox):
    """Shows as many decimals as a number has, and two at least: learning rates have many, shares do not."""

    def textFromValue(self, value: float) -> str:
        """Return a number without the zeros at its end."""
        return self.locale().toString(value, "f", _decimals(round(value, _FINEST)))


def _make_editor(described: ParamField) -> QWidget:
    spec = described.spec
    low = -_OPEN_END if spec.minimum is None else spec.minimum
    high = _OPEN_END if spec.maximum is None else spec.maximum
    editor: QWidget
    if described.choices:
        editor = QComboBox()
        editor.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        editor.setMinimumContentsLength(_SHORT)  # a long choice must not make the dock wider
        editor.addItems(described.choices)
    elif described.kind is bool:
        editor = QCheckBox()
    elif described.kind is int:
        editor = QSpinBox()
        editor.setRange(max(int(low), -_OPEN_END), min(int(high), _OPEN_END))
        editor.setSingleStep(int(spec.step or 1))
    elif described.kind is float:
        editor = _Number()
        step = spec.step or 0.1
        editor.setDecimals(_FINEST)
        editor.setRange(low, high)
        editor.setSingleStep(step)
    else:
        editor = _FolderEdit(spec.label) if spec.folder else QLineEdit()
    return editor


def _decimals(value: float) -> int:
    """Return the decimals that show a number in full, at least two."""
    return max(2, len(f"{value:.{_FINEST}f}".rstrip("0").partition(".")[2]))


def _read(editor: QWidget) -> Value:
    if isinstance(editor, QComboBox):
        return editor.currentText()
    if isinstance(editor, QCheckBox):
        return editor.isChecked()
    if isinstance(editor, QSpinBox | QDoubleSpinBox):
        return editor.value()
    return editor.text()


def _write(editor: QWidget, value: Any) -> None:
    if isinstance(editor, QComboBox):
        editor.setCurrentText(value)
    elif isinstance(editor, QCheckBox):
        editor.setChecked(value)
    elif isinstance(editor, QSpinBox | QDoubleSpinBox):
        editor.setValue(value)
    else:
        editor.setText(value)


def _changed_signal(editor: QWidget) -> Any:
    if isinstance(editor, QComboBox):
        return editor.currentTextChanged
    if isinstance(editor, QCheckBox):
        return editor.toggled
    if isinstance(editor, QSpinBox | QDoubleSpinBox):
        return editor.valueChanged
    return editor.textChanged


def _rows() -> QFormLayout:
    rows = QFormLayout()
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setVerticalSpacing(3)
    rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    return rows


class _FolderEdit(QLineEdit):
    """The path of a folder, typed, or looked for with the button at the end."""

    def __init__(self, label: str) -> None:
        super().__init__()
        self._label = label
        self.setPlaceholderText("none")
        icon = self.style().standardIcon(QStyle.StandardPixmap.SP_DirOpenIcon)
        look = self.addAction(icon, QLineEdit.ActionPosition.TrailingPosition)
        look.setToolTip("Look for a folder.")
        look.triggered.connect(self._look_for_one)

    def _look_for_one(self) -> None:
        if folder := QFileDialog.getExistingDirectory(self, self._label, self.text()):
            self.setText(folder)


class _WheelOnlyWithFocus(QObject):
    """Keeps a scroll of the dock from turning the numbers that pass under the mouse pointer."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        passes_by = event.type() == QEvent.Type.Wheel and not watched.hasFocus()
        if passes_by:
            event.ignore()  # so that it goes on to the scroll area
        return passes_by
