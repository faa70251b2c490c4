"""What is known about an object, by itself."""

from dataclasses import replace

import pytest

from napari_labelfix.review.states import HAND, Record, State, after_a_stroke, of_class


def test_records_without_a_confidence_are_the_same():
    """NaN is not equal to itself, and each Python compares the fields of a record in its own way."""
    assert Record(State.EDITED, float("nan")) == Record(State.EDITED, float("nan"))
    assert len({Record(confidence=float("nan")), Record(confidence=float("nan"))}) == 1
    assert Record(confidence=0.5) != Record()
    assert Record() != Record(note="a note")


@pytest.mark.parametrize("state", State)
def test_a_stroke_edits_what_it_draws_or_erases_and_an_accepted_outline_that_it_spoils(state):
    record = Record(state, 0.5, source="sissi", note="mitosis")
    edited = Record(State.EDITED, 0.5, source=HAND, note="mitosis")
    assert after_a_stroke(None, 1, 0, 0) == Record(State.EDITED, source=HAND)
    assert after_a_stroke(record, 1, 0, 0) == edited
    assert after_a_stroke(record, 0, 1, 0) == (edited if state in (State.TODO, State.ACCEPTED) else record)
    assert after_a_stroke(record, 0, 0, 1) == (edited if state is State.ACCEPTED else record)
    assert after_a_stroke(record, 0, 0, 0) is record


@pytest.mark.parametrize("state", State)
def test_an_object_that_a_person_puts_into_another_class_is_edited_unless_it_is_set_aside(state):
    record = Record(state, 0.5, source="sissi", note="mitosis", class_number=1)
    aside = state in (State.REJECTED, State.IGNORED)
    assert of_class(record, 2) == replace(record, state=state if aside else State.EDITED, class_number=2)
    assert of_class(record, 1) is record
