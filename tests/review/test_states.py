"""What is known about an object, by itself."""

from napari_labelfix.review.states import Record, State


def test_records_without_a_confidence_are_the_same():
    """NaN is not equal to itself, and each Python compares the fields of a record in its own way."""
    assert Record(State.EDITED, float("nan")) == Record(State.EDITED, float("nan"))
    assert len({Record(confidence=float("nan")), Record(confidence=float("nan"))}) == 1
    assert Record(confidence=0.5) != Record()
    assert Record() != Record(note="a note")
