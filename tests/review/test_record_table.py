"""The table of records is what a dictionary of them would be, but in columns."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_labelfix.review.footprint import Footprint
from napari_labelfix.review.record_table import RecordTable, records_after
from napari_labelfix.review.states import HAND, Record, State

LABELS = st.integers(1, 6)
RECORDS = st.builds(
    Record,
    state=st.sampled_from(State),
    confidence=st.sampled_from([0.25, float("nan")]),
    source=st.sampled_from(["", HAND]),
    model=st.sampled_from(["", "model 3"]),
    note=st.sampled_from(["", "look again"]),
    locked=st.booleans(),
    parents=st.sampled_from([(), (7,), (2, 9)]),
)
UPDATES = st.dictionaries(LABELS, st.none() | RECORDS, max_size=4)
PIXELS = st.lists(st.tuples(LABELS, st.integers(-4, 9)), max_size=4)


@given(st.lists(UPDATES | PIXELS, max_size=6))
def test_records_and_areas_are_those_of_two_dictionaries(steps):
    table, records, areas = RecordTable(), {}, {}
    for step in steps:
        if isinstance(step, dict):
            table.update(step)
            records |= step
        else:
            labels, pixels = (np.array(column, np.int64) for column in zip(*step, strict=True)) if step else [[], []]
            table.add_areas(np.asarray(labels, np.int64), np.asarray(pixels, np.int64))
            for label, count in step:
                areas[label] = areas.get(label, 0) + count
                records.setdefault(label, Record())
            records |= {label: None for label, _ in step if areas[label] <= 0}
        records = {label: record for label, record in sorted(records.items()) if record is not None}
        areas = {label: areas.get(label, 0) for label in records}
    assert table.ids.tolist() == list(records)
    assert len(table) == len(records)
    for label in range(8):
        assert (label in table) == (label in records)
        assert table.get(label) == records.get(label)
        assert table.area_of(label) == areas.get(label, 0)
    assert table.locked_ids.tolist() == [label for label, record in records.items() if record.locked]
    aside = {State.REJECTED, State.IGNORED}
    assert table.set_aside.tolist() == [record.state in aside for record in records.values()]
    assert table.count() == {state: sum(r.state is state for r in records.values()) for state in State}


def test_columns_that_somebody_shows_are_not_written_into():
    table = RecordTable()
    table.add_areas(np.array([3, 5]), np.array([2, 2]))
    shown = {name: (column, column.copy()) for name, column in vars(table).items()}
    table.update({3: Record(State.REJECTED, 0.5, "a", "b", "c", True, (1,))})
    table.add_areas(np.array([3]), np.array([1]))
    for column, before in shown.values():
        np.testing.assert_array_equal(column, before)


def step(*objects):
    """Return what a step did, from (id, gained, erased, painted over) of objects."""
    return Footprint(*np.array(objects, np.int64).T, blocks=np.zeros((0, 2), np.intp))


@pytest.fixture
def table():
    table = RecordTable()
    table.add_areas(np.array([1, 2, 3]), np.array([10, 10, 10]))
    table.update({2: Record(State.ACCEPTED, locked=True), 3: Record(State.REJECTED, note="a vessel")})
    return table


def test_a_stroke_edits_what_it_draws_and_takes_out_what_has_no_pixel_left(table):
    drawn = step((1, 1, 0, 0), (2, 5, 0, 0), (3, 0, 4, 6), (9, 8, 0, 0))
    edited = Record(State.EDITED, source=HAND)
    assert records_after(drawn, table, None) == {1: edited, 3: None, 9: edited}, "a locked one stays as it is"


def test_a_step_sets_what_it_is_asked_to_and_gives_new_objects_a_record(table):
    asked = {1: Record(State.ACCEPTED), 3: None, 4: Record(State.ACCEPTED)}
    moved = step((3, 0, 0, 10), (8, 10, 0, 0))
    assert records_after(moved, table, asked) == {1: Record(State.ACCEPTED), 3: None, 8: Record()}
