"""The button that finds an annotation to begin with: it can be pressed again, whatever happens."""

import dataclasses

import numpy as np

from napari_labelfix.annotations import Boxes
from napari_labelfix.methods.table import METHODS
from napari_labelfix.widgets.annotating.boxes import BOXES_KIND
from napari_labelfix.widgets.annotating.input_view import InputView
from napari_labelfix.widgets.annotating.suggestion import SuggestionButton


def test_it_can_be_pressed_again_after_what_was_found_could_not_be_added(qtbot, model, monkeypatch):
    def fail(*_):
        raise ValueError("no room")

    kind = dataclasses.replace(BOXES_KIND, write=fail)
    inputs = InputView(model, kind)
    method = METHODS["sissi"]
    found = Boxes(np.array([[1.0, 1, 9, 9]]), (60, 80))
    monkeypatch.setattr(type(method), "load_suggest", lambda _method: lambda *_: found)
    button = SuggestionButton(model, method, kind, inputs)
    qtbot.addWidget(inputs)
    qtbot.addWidget(button)
    told = []
    button.told.connect(lambda *sentence: told.append(sentence))
    with qtbot.captureExceptions() as errors:
        button.find(method.params())
        qtbot.waitUntil(lambda: bool(told))
    assert button.isEnabled()
    assert told == [("The boxes that were found could not be added.", "warning")]
    assert [str(error) for _, error, _ in errors] == ["no room"]
