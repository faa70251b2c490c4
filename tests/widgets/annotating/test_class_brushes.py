"""Classes of objects in the dock: a button for each, which a person adds, names and removes."""

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QFocusEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_labelfix.annotations import Scribbles
from napari_labelfix.widgets.annotating.brush_bar import BrushBar
from napari_labelfix.widgets.annotating.class_brushes import SCRIBBLE_COLORS
from napari_labelfix.widgets.annotating.input_view import InputView
from napari_labelfix.widgets.annotating.kinds import KINDS
from napari_labelfix.widgets.results.proposal_layers import ProposalLayers
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.class_names import classes_of, set_classes

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def model(spots):
    model = ViewerModel()
    model.add_image(spots, name="cells")
    return model


@pytest.fixture
def inputs(qtbot, model):
    inputs = InputView(model, KINDS[Scribbles])
    qtbot.addWidget(inputs)
    inputs.resize(300, 200)
    inputs.show()
    inputs.create_annotation()
    return inputs


@pytest.fixture
def bar(inputs):
    return inputs.parts[0].brush_bar


@pytest.fixture
def told(inputs):
    told = []
    inputs.refused.connect(told.append)
    return told


def paint(layer, label, row=0):
    layer.data_setitem((np.full(4, row), np.arange(4)), label)


def name(bar, label, typed):
    """Double-click on a button, and type."""
    QTest.mouseDClick(bar.buttons[label], LEFT)
    assert bar.name_edit.isVisible()
    bar.name_edit.setText(typed)
    QTest.keyClick(bar.name_edit, Qt.Key.Key_Return)
    assert bar.name_edit.isHidden()


def texts(bar):
    return [brush.text for brush in bar.brushes]


def test_a_class_is_added_taken_in_hand_and_named_at_once(inputs, bar):
    bar.add_button.click()
    assert texts(bar) == ["1 Background", "2 Foreground", "3 Foreground 2"]
    assert (inputs.annotation.selected_label, inputs.annotation.mode) == (3, "paint")
    assert bar.name_edit.isVisible()
    QTest.keyClicks(bar.name_edit, "mitotic & other, in anaphase or later")
    QTest.keyClick(bar.name_edit, Qt.Key.Key_Return)
    shown = bar.buttons[3].text()
    assert shown.startswith("3 mitotic && ")
    assert shown.endswith("…"), "a button is narrower than the name"
    assert bar.buttons[3].toolTip().startswith("3 mitotic & other, in anaphase or later\n")
    assert bar.buttons[3].brush.color == SCRIBBLE_COLORS[3]
    assert classes_of(inputs.annotation) == {2: "mitotic & other, in anaphase or later"}
    bar.edit_name(2)
    bar.name_edit.setText("nucleus")
    QApplication.sendEvent(bar.name_edit, QFocusEvent(QEvent.Type.FocusOut))  # such as by a click on the image
    assert texts(bar)[1] == "2 nucleus"
    for _ in range(3):
        inputs.draw_with_next_brush()
    assert inputs.annotation.selected_label == 3, "the key goes through all classes"


@pytest.mark.parametrize("points", [9, 14])
def test_what_brushes_are_called_at_first_is_not_cut_off(bar, qtbot, points):
    alone = BrushBar(bar.brushes, grows=True)
    qtbot.addWidget(alone)
    font = alone.font()
    font.setPointSize(points)
    alone.setFont(font)
    alone.show()
    alone.resize(alone.minimumSizeHint())
    QApplication.processEvents()
    assert [button.text() for button in alone.buttons.values()] == ["1 Background", "2 Foreground"]


def test_the_line_stays_over_what_is_named_and_goes_with_it(inputs, bar):
    for _ in range(4):
        bar.add_button.click()
    bar.edit_name(6)
    for size in ((300, 400), (420, 180)):
        inputs.resize(*size)
        QApplication.processEvents()
        assert bar.name_edit.geometry() == bar.buttons[6].geometry()
    bar.add_button.click()
    QApplication.processEvents()
    assert bar.name_edit.geometry() == bar.buttons[7].geometry()
    inputs.parts[0].remove_class(7)
    assert bar.name_edit.isHidden()
    assert 7 not in bar.buttons


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Escape])
def test_after_a_name_no_box_of_the_dock_has_the_keys(inputs, bar, qtbot, key):
    window = inputs.window()  # it need not be the active one, which depends on what else is on the screen
    bar.add_button.click()
    qtbot.waitUntil(lambda: window.focusWidget() is bar.name_edit)
    QTest.keyClicks(bar.name_edit, "mitosis")
    QTest.keyClick(bar.name_edit, key)
    assert window.focusWidget() is None, "they go to napari"
    assert texts(bar)[2] == ("3 mitosis" if key == Qt.Key.Key_Return else "3 Foreground 2")


def test_tab_goes_from_the_image_through_the_brushes_also_to_those_that_were_added(inputs, bar, model, spots):
    model.add_image(spots, name="second")
    bar.add_button.click()
    bar.add_button.click()
    QTest.keyClick(bar.name_edit, Qt.Key.Key_Escape)
    chain = [inputs.nextInFocusChain()]
    while chain[-1].nextInFocusChain() is not inputs:
        chain.append(chain[-1].nextInFocusChain())
    reached = [part for part in chain if part.isVisible() and part.focusPolicy() & Qt.FocusPolicy.TabFocus]
    images = [inputs.images, inputs.images.others_button]
    assert reached == [*images, inputs.annotations, *bar.buttons.values(), bar.add_button]


def test_a_name_that_is_none_is_told_and_changes_nothing(bar, told):
    bar.add_button.click()
    name(bar, 3, "debris")
    for typed in ("", "  ", "Background", "foreground", "class 1"):
        name(bar, 3, typed)
    assert [sentence.split(" ")[0] for sentence in told] == ["Expected", "Expected", *["Something"] * 3]
    name(bar, 2, "Debris")
    assert len(told) == 6
    assert texts(bar) == ["1 Background", "2 Foreground", "3 debris"]
    bar.edit_name(3)
    bar.name_edit.setText("other")
    QTest.keyClick(bar.name_edit, Qt.Key.Key_Escape)
    bar.edit_name(1)
    assert bar.name_edit.isHidden(), "the background has its name"
    assert bar.buttons[1].menu_of_class() is None
    assert texts(bar)[2] == "3 debris"
    assert len(told) == 6


def test_the_buttons_follow_what_is_painted(inputs, bar):
    paint(inputs.annotation, 3)
    paint(inputs.annotation, 5, row=2)
    assert list(inputs.brushes) == [1, 2, 3, 5]
    inputs.annotation.undo()
    inputs.annotation.undo()
    assert list(inputs.brushes) == [1, 2]
    inputs.annotation.data = np.arange(60 * 80).reshape(60, 80) // 20
    assert list(inputs.brushes) == [1, 2], "so many are objects, and no classes"


def test_a_class_that_nothing_is_painted_with_can_be_removed(inputs, bar):
    bar.add_button.click()
    bar.add_button.click()
    paint(inputs.annotation, 4)
    can = {label: bar.buttons[label].menu_of_class().actions()[1].isEnabled() for label in (2, 3, 4)}
    assert can == {2: False, 3: True, 4: False}
    inputs.annotation.selected_label = 3
    bar.buttons[3].menu_of_class().actions()[1].trigger()
    assert list(inputs.brushes) == [1, 2, 4]
    assert inputs.annotation.selected_label == 2


def test_there_is_a_last_class(inputs, bar, told):
    paint(inputs.annotation, 255)
    bar.add_button.click()
    assert list(inputs.brushes) == [1, 2, 255]
    assert told == ["“cells scribbles” can hold labels up to 255 only. Use one of the classes that are there."]
    assert SCRIBBLE_COLORS[1] not in [SCRIBBLE_COLORS[label] for label in range(2, 256)], "that of the background"


def test_images_that_are_learned_from_together_have_the_same_classes(inputs, bar, model, spots):
    name(bar, 2, "nucleus")
    second = model.add_image(spots, name="second")
    inputs.images.choose(second)
    inputs.create_annotation()
    assert texts(bar) == ["1 Background", "2 nucleus"], "a new layer begins with what is known"
    inputs.images.choose(model.layers["cells"])
    inputs.images.others_button.choose([second])
    bar.add_button.click()
    name(bar, 3, "debris")
    assert {tuple(classes_of(layer).items()) for layer in inputs.chosen} == {((1, "nucleus"), (2, "debris"))}
    assert len(inputs.chosen) == 2
    assert inputs.doubt() == ""
    set_classes(inputs.chosen[1], {1: "debris", 2: "nucleus"})
    assert inputs.doubt().startswith("Label 2 is “nucleus” in one image and “debris” in another, but is learned as one")
    name(bar, 2, "cell")
    name(bar, 3, "dirt")
    assert inputs.doubt() == ""


def test_what_is_found_and_accepted_is_told_what_classes_are_called(inputs, bar, model):
    found = ProposalLayers(model, inputs.image, "scribble2label")
    found.create()

    def hand_on():
        inputs.hand_on_classes(inputs.image, found.layer("proposal"))

    hand_on()
    assert classes_of(found.layer("proposal")) == {}, "of one class without a name nothing is said"
    inputs.classesChanged.connect(hand_on)
    name(bar, 2, "nucleus")
    paint(inputs.annotation, 3)
    hand_on()
    assert classes_of(found.layer("proposal")) == {1: "nucleus", 2: ""}
    model.layers.remove(inputs.annotation)
    corrected = model.add_labels(np.zeros((60, 80), np.int32))
    layers.link(corrected, "corrected", inputs.image)
    inputs.create_annotation()
    assert classes_of(inputs.annotation) == {}
    hand_on()
    assert classes_of(found.layer("proposal")) == {1: "nucleus"}, "what a person has called one stays"


def test_a_class_that_was_added_by_mistake_is_in_no_other_layer_once_it_is_removed(inputs, bar, model):
    found = ProposalLayers(model, inputs.image, "scribble2label")
    found.create()
    corrected = model.add_labels(np.eye(60, 80, dtype=np.int32))
    layers.link(corrected, "corrected", inputs.image)
    corrected.features = {"index": [1], "class": [2]}
    inputs.classesChanged.connect(lambda: inputs.hand_on_classes(inputs.image, found.layer("proposal")))
    for called in ("mitosis", "debris"):
        bar.add_button.click()
        name(bar, max(bar.buttons), called)
    for label in (4, 3):
        inputs.parts[0].remove_class(label)
    assert classes_of(found.layer("proposal")) == {1: ""}
    assert classes_of(corrected) == {1: "", 2: "mitosis"}, "an object is of that class"


def test_a_class_whose_only_stroke_was_taken_back_is_in_no_other_layer_after_that(inputs, model):
    found = ProposalLayers(model, inputs.image, "scribble2label")
    found.create()
    paint(inputs.annotation, 3)
    inputs.hand_on_classes(inputs.image, found.layer("proposal"))
    assert classes_of(found.layer("proposal")) == {1: "", 2: ""}
    inputs.annotation.undo()
    inputs.hand_on_classes(inputs.image, found.layer("proposal"))
    assert classes_of(found.layer("proposal")) == {1: ""}
