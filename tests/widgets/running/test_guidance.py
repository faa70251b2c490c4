"""Which sentence of a dock makes way for the next step, and when."""

import pytest
from qtpy.QtCore import QObject, Signal

from napari_labelfix.errors import InputError, TrainingError
from napari_labelfix.widgets.parts.message import Message
from napari_labelfix.widgets.running import guidance as guidance_module
from napari_labelfix.widgets.running.guidance import Guidance

NEXT = "Press Run."


class FixedStep(QObject):
    changed = Signal()
    blocked = False

    def sentence(self, _results):
        return NEXT

    def is_blocked(self, _results):
        return self.blocked


class QuietSession(QObject):
    running = False


@pytest.fixture
def line(qtbot):
    message = Message("dark")
    qtbot.addWidget(message)
    message.session, message.step = QuietSession(), FixedStep()
    message.guidance = Guidance(message, message.step, message.session)
    return message


OCCASIONS = {
    "the step is another one": lambda line: line.step.changed.emit(),
    "something is drawn": lambda line: line.guidance.drawing_changed(),
    "something is chosen": lambda line: line.guidance.choice_changed(is_another=False),
    "another image is chosen": lambda line: line.guidance.choice_changed(is_another=True),
    "a run ends": lambda line: line.guidance.run_ended(),
    "all is told": lambda line: line.guidance.say(""),
}


@pytest.mark.parametrize(
    ("occasion", "ends"),
    [
        ("the step is another one", {"hint"}),
        ("something is drawn", {"hint", "warning"}),
        ("something is chosen", {"hint", "done", "warning"}),
        ("another image is chosen", {"hint", "done", "warning", "error"}),
        ("a run ends", {"hint", "done", "warning"}),
        ("all is told", {"hint", "done", "warning", "error"}),
    ],
)
def test_what_makes_way_when(line, occasion, ends):
    for mood in ("hint", "done", "warning", "error"):
        line.guidance.say("Said before.", mood)
        OCCASIONS[occasion](line)
        assert (line.text() == NEXT) == (mood in ends), mood
        assert line.mood == ("hint" if mood in ends else mood)


@pytest.mark.parametrize("running", [False, True])
def test_while_something_is_in_the_way_it_is_told_instead_of_what_was_done(line, running):
    line.session.running, line.step.blocked = running, True
    line.guidance.say("3 objects accepted.", "done")
    line.guidance.drawing_changed()
    assert line.text() == NEXT


def test_a_warning_stays_while_a_run_goes_on(line):
    line.session.running = True
    line.guidance.say("Only a part was read.", "warning")
    line.guidance.drawing_changed()
    assert line.mood == "warning"


def test_what_is_held_back_is_told_until_it_can_be_delivered_and_nothing_else_makes_way_for_that(line):
    line.guidance.hold_back(InputError("No background is scribbled."))
    assert line.text() == "The run goes on with what was drawn before. No background is scribbled."
    assert line.mood == "warning"
    line.guidance.delivered()
    assert line.text() == NEXT
    line.guidance.say("3 objects accepted.", "done")
    line.guidance.delivered()
    assert line.mood == "done"


@pytest.mark.parametrize(
    ("error", "mood", "shown"),
    [(InputError("Choose an image."), "warning", "show_warning"), (TrainingError("It died."), "error", "show_error")],
)
def test_what_is_refused_is_said_in_the_corner_of_the_window_too(line, monkeypatch, error, mood, shown):
    said = []
    for name in ("show_warning", "show_error"):
        monkeypatch.setattr(guidance_module, name, lambda sentence, name=name: said.append((name, sentence)))
    line.guidance.refuse(error)
    assert (line.text(), line.mood) == (str(error), mood)
    assert said == [(shown, str(error))]
