"""The form shows what the Params class says, and gives back what stands in it."""

from dataclasses import dataclass
from typing import Literal

import pytest
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication, QCheckBox, QComboBox, QDoubleSpinBox, QLineEdit, QSpinBox

from napari_labelfix.methods.table import METHODS
from napari_labelfix.params import Params, param, param_fields
from napari_labelfix.widgets.parts.params_form import ParamsForm


@dataclass(frozen=True, kw_only=True)
class ExampleParams(Params):
    ratio: float = param(0.25, label="Ratio", minimum=0, maximum=1, step=0.05, help="A share.")
    count: int = param(3, label="Count", minimum=1, help="How many.")
    offset: int = param(-5, label="Offset", help="No bounds.")
    mode: Literal["fast", "good"] = param("good", label="Mode", help="How.")
    rate: float = param(3e-4, label="Rate", step=1e-5, advanced=True, help="Small.")
    quiet: bool = param(True, label="Quiet", advanced=True, help="No noise.")
    encoder: str = param("resnet34", label="Encoder", advanced=True, help="A name.")


@pytest.fixture
def form(qtbot):
    form = ParamsForm(ExampleParams)
    qtbot.addWidget(form)
    return form


def test_an_untouched_form_gives_the_defaults(form):
    assert form.value() == ExampleParams()


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_every_methods_form_gives_its_defaults(qtbot, method):
    form = ParamsForm(method.params)
    qtbot.addWidget(form)
    assert form.value() == method.params()


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_three_or_four_parameters_are_visible(method):
    visible = [described for described in param_fields(method.params) if not described.spec.advanced]
    assert len(visible) in (3, 4)


@pytest.mark.parametrize(
    ("name", "editor", "value"),
    [
        ("ratio", QDoubleSpinBox, 0.75),
        ("count", QSpinBox, 2_000_000_000),
        ("offset", QSpinBox, -1_000_000),
        ("mode", QComboBox, "fast"),
        ("rate", QDoubleSpinBox, 0.00002),
        ("quiet", QCheckBox, False),
        ("encoder", QLineEdit, "resnet50"),
    ],
)
def test_each_type_has_its_editor_and_keeps_its_value(form, qtbot, name, editor, value):
    assert isinstance(form.editor(name), editor)
    with qtbot.waitSignal(form.valueChanged):
        form.setValue(ExampleParams().replace(**{name: value}))
    assert getattr(form.value(), name) == value


def test_typing_changes_the_value_and_tells_so(form, qtbot):
    with qtbot.waitSignal(form.valueChanged):
        form.editor("count").setValue(7)
    assert form.value().count == 7


def test_setting_many_values_is_told_once_and_the_same_ones_not_at_all(form, qtbot):
    told = []
    form.valueChanged.connect(lambda: told.append(1))
    form.setValue(ExampleParams(ratio=0.5, count=9, mode="fast"))
    form.setValue(ExampleParams(ratio=0.5, count=9, mode="fast"))
    assert len(told) == 1


def test_numbers_stay_in_range(form):
    form.editor("ratio").setValue(9)
    form.editor("count").setValue(-9)
    assert (form.value().ratio, form.value().count) == (1, 1)


def test_every_row_explains_itself(form):
    for described in param_fields(ExampleParams):
        assert form.editor(described.name).toolTip() == described.spec.help


def test_the_advanced_ones_are_folded_away_until_asked_for(form, qtbot):
    form.show()
    assert form.editor("mode").isVisible()
    assert form.editor("rate").visibleRegion().isEmpty()
    form.folded.expand(animate=False)
    qtbot.waitUntil(lambda: not form.editor("rate").visibleRegion().isEmpty())


def test_the_wheel_passes_over_a_number_that_nobody_edits(form):
    def turn(editor):
        wheel = QWheelEvent(
            QPointF(3, 3),
            QPointF(editor.mapToGlobal(QPoint(3, 3))),
            QPoint(0, 0),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(editor, wheel)

    form.show()
    turn(form.editor("count"))
    turn(form.editor("mode"))
    assert form.value() == ExampleParams()


@pytest.mark.parametrize("method", METHODS.values(), ids=lambda method: method.name)
def test_every_number_can_be_as_small_as_it_may_be_and_shows_no_idle_zeros(qtbot, method):
    form = ParamsForm(method.params)
    qtbot.addWidget(form)
    for described in param_fields(method.params):
        if described.kind is float and described.spec.minimum:
            form.editor(described.name).setValue(described.spec.minimum)
            assert getattr(form.value(), described.name) == described.spec.minimum
    if any(described.name == "learning_rate" for described in param_fields(method.params)):
        rate = form.editor("learning_rate")
        rate.setValue(3e-4)
        assert rate.text() in ("0.0003", "0,0003")
        form.setValue(form.value().replace(learning_rate=1e-5))
        assert (form.value().learning_rate, rate.text()) == (1e-5, rate.locale().toString(1e-5, "f", 5))
