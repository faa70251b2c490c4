"""State, note and origin follow an object through merge and split."""

import numpy as np
import pytest

from napari_labelfix.review import edits
from napari_labelfix.review.edits.lineage import records_after
from napari_labelfix.review.states import HAND, Record, RecordChanges, State

LABELS = np.array([[1, 1, 1, 0, 2, 2, 3]], np.int32)


def changes(outcome, **by_id):
    records = {int(name[1:]): record for name, record in by_id.items()}
    return records_after(outcome, records.get)


def test_an_edited_object_is_edited_by_hand_and_keeps_the_rest():
    accepted = Record(State.ACCEPTED, 0.7, "scribble2label", "v1", "odd")
    known = changes(edits.grow(LABELS, [1]), _1=accepted)
    assert known == RecordChanges({1: accepted}, {1: Record(State.EDITED, 0.7, HAND, "v1", "odd")})


def test_a_merged_object_has_the_record_of_the_one_that_stays_and_the_notes_of_all():
    merged = edits.merge(LABELS, [1, 2])
    known = changes(merged, _1=Record(State.TODO, 0.5, note="a"), _2=Record(State.ACCEPTED, 0.9, note="b"))
    assert known.after[1] == Record(State.EDITED, 0.5, HAND, note="a; b", parents=(1, 2))
    same = changes(merged, _1=Record(note="a"), _2=Record(note="a"))
    assert same.after[1].note == "a"


def test_a_part_has_the_record_of_the_whole():
    parted = edits.split_by_seeds(LABELS, [1], [(0, 0), (0, 2)], new_id=9)
    whole = Record(State.ACCEPTED, 0.6, "label_upgrade", "v2", "odd", parents=(4, 5))
    known = changes(parted, _1=whole)
    assert known.before[9] is None
    assert known.after[9] == Record(State.EDITED, 0.6, HAND, "v2", "odd", parents=(1,))
    assert known.after[1].parents == (4, 5)


@pytest.mark.parametrize("aside", [State.REJECTED, State.IGNORED])
def test_what_was_set_aside_stays_so_until_it_is_merged_with_what_was_not(aside):
    assert changes(edits.grow(LABELS, [1]), _1=Record(aside)).after[1].state is aside
    assert changes(edits.split_by_seeds(LABELS, [1], [(0, 0), (0, 2)], 9), _1=Record(aside)).after[9].state is aside
    merged = edits.merge(LABELS, [1, 2])
    assert changes(merged, _1=Record(aside), _2=Record(aside)).after[1].state is aside
    assert changes(merged, _1=Record(aside), _2=Record(State.TODO)).after[1].state is State.EDITED


def test_an_object_that_nobody_knows_gets_a_record():
    assert changes(edits.redraw(LABELS, 7, [(0, 3), (0, 3), (0, 3)])).after == {7: Record(State.EDITED, source=HAND)}
