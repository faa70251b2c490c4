"""The accept buttons say what they will do."""

import pytest

from napari_labelfix.widgets.accepting.acceptor import Count
from napari_labelfix.widgets.accepting.view import AcceptView


@pytest.fixture
def view(qtbot):
    view = AcceptView()
    qtbot.addWidget(view)
    return view


def test_nothing_can_be_accepted_before_there_is_a_proposal(view):
    assert view.count.text() == "Nothing is proposed yet."
    buttons = (view.all_button, view.above_button, view.object_button, view.reject_button)
    assert not any(button.isEnabled() for button in buttons)


@pytest.mark.parametrize(
    ("above", "sentence"),
    [
        (Count(143, 12), "143 objects ≥ 0.90 will be accepted, 12 are already there."),
        (Count(1, 1), "1 object ≥ 0.90 will be accepted, 1 is already there."),
        (Count(5, 0), "5 objects ≥ 0.90 will be accepted."),
        (Count(0, 3), "0 objects ≥ 0.90 will be accepted, 3 are already there."),
    ],
)
def test_the_live_count_is_a_sentence(view, above, sentence):
    view.show_counts(above, Count(200, 12))
    assert view.count.text() == sentence
    assert view.all_button.text() == "Accept all (200)"
    assert view.above_button.text() == "Accept ≥ 0.90 [J]"
    assert view.object_button.text() == "Accept object [K]"


def test_a_button_that_would_do_nothing_is_disabled(view):
    view.show_counts(Count(0, 3), Count(2, 3))
    assert not view.above_button.isEnabled()
    assert view.all_button.isEnabled()
    view.show_counts(Count(0, 5), Count(0, 5))
    assert not view.all_button.isEnabled()
    assert view.object_button.isEnabled(), "a better outline can be accepted again"


def test_what_would_be_left_is_doubtful(view):
    assert view.doubt == ""
    view.show_counts(Count(143, 12), Count(157, 12))
    assert view.doubt == "14 objects are doubtful (below 0.90)."
    view.show_counts(Count(156, 12), Count(157, 12))
    assert view.doubt == "1 object is doubtful (below 0.90)."
    view.show_counts(Count(157, 12), Count(157, 12))
    assert view.doubt == ""


def test_slider_and_number_move_together_and_tell_once(view):
    told = []
    view.thresholdChanged.connect(lambda: told.append(view.threshold))
    view.slider.setValue(75)
    assert (view.number.value(), told) == (0.75, [0.75])
    view.number.setValue(0.3)
    assert (view.slider.value(), told) == (30, [0.75, 0.3])


def test_clicking_objects_does_one_thing_at_a_time(view):
    told = []
    view.pickChanged.connect(told.append)
    view.show_counts(Count(1, 0), Count(1, 0))
    view.object_button.click()
    view.reject_button.click()
    assert (view.object_button.isChecked(), view.reject_button.isChecked()) == (False, True)
    view.stop_picking()
    assert told == ["accept_object", "", "reject_object", ""]
    assert not view.reject_button.isChecked()


def test_rejecting_is_offered_beside_accepting_where_it_is_possible(view):
    view.show_words("box", "Score", "")
    assert view.reject_button.text() == "Reject box [N]"
    for possible in (True, False):
        view.show_rejecting(possible)
        assert view.reject_button.isHidden() != possible
