"""The records of all objects of a label array, in columns: fast to sort, to filter and to change a few of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.review.states import SET_ASIDE, Record, State, after_a_stroke

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_labelfix.review.footprint import Footprint

STATES = tuple(State)  # the state with code c is STATES[c]
_CODES = {state: code for code, state in enumerate(STATES)}


class RecordTable:
    """One row for each object, by ascending id.

    The columns are read only for whoever shows them; `update` and `add_areas` put new ones in their place.
    """

    def __init__(self) -> None:
        self.ids = np.zeros(0, np.int64)
        self.states = np.zeros(0, np.uint8)  # indices into STATES
        self.confidence = np.zeros(0, np.float64)
        self.areas = np.zeros(0, np.int64)  # pixels, or voxels in a stack
        self.sources = np.zeros(0, object)
        self.models = np.zeros(0, object)
        self.notes = np.zeros(0, object)
        self.locked = np.zeros(0, np.bool_)
        self.parents = np.zeros(0, object)  # tuples of ids
        self.classes = np.zeros(0, np.int64)

    def __len__(self) -> int:
        return self.ids.size

    def __contains__(self, label: int) -> bool:
        return self.row_of(label) is not None

    def row_of(self, label: int) -> int | None:
        """Return the row of an object, or None if there is no such object."""
        row = int(self.ids.searchsorted(label))
        return row if row < self.ids.size and self.ids[row] == label else None

    def get(self, label: int) -> Record | None:
        """Return the record of an object, or None if there is no such object."""
        row = self.row_of(label)
        return None if row is None else self.at(row)

    def at(self, row: int) -> Record:
        """Return the record in a row."""
        return Record(
            STATES[self.states[row]],
            float(self.confidence[row]),
            self.sources[row],
            self.models[row],
            self.notes[row],
            bool(self.locked[row]),
            self.parents[row],
            int(self.classes[row]),
        )

    def area_of(self, label: int) -> int:
        """Return the number of pixels of an object; 0 if there is no such object."""
        row = self.row_of(label)
        return 0 if row is None else int(self.areas[row])

    @property
    def locked_ids(self) -> NDArray[np.int64]:
        """(N,) the objects that no edit may change."""
        return self.ids[self.locked]

    @property
    def set_aside(self) -> NDArray[np.bool_]:
        """(N,) which rows a person has rejected or ignored."""
        return self.in_state(*SET_ASIDE)

    def in_state(self, *states: State) -> NDArray[np.bool_]:
        """Return (N,) which rows are in one of these states."""
        return np.isin(self.states, [_CODES[state] for state in states])

    def count(self) -> dict[State, int]:
        """Return how many objects are in each state."""
        return dict(zip(STATES, np.bincount(self.states, minlength=len(STATES)).tolist(), strict=True))

    def update(self, records: Mapping[int, Record | None]) -> None:
        """Put these records in the place of what is there; an object whose record is None is taken out."""
        gone = [label for label, record in records.items() if record is None]
        if gone:
            self._keep(~np.isin(self.ids, gone))
        labels = np.array(sorted(label for label, record in records.items() if record is not None), np.int64)
        self._insert(labels[~np.isin(labels, self.ids)])
        self._set(np.searchsorted(self.ids, labels), [records[int(label)] for label in labels])

    def add_areas(self, labels: NDArray[np.integer], pixels: NDArray[np.integer]) -> None:
        """Count pixels (N,) to objects (N,): those that are new get an empty record, those that have none left go."""
        self._insert(np.setdiff1d(labels, self.ids))
        self.areas = self.areas.copy()
        np.add.at(self.areas, np.searchsorted(self.ids, labels), pixels)
        touched = np.isin(self.ids, labels)
        if (empty := touched & (self.areas <= 0)).any():
            self._keep(~empty)

    def _set(self, rows: NDArray[np.intp], records: list[Record | None]) -> None:
        known = [record for record in records if record is not None]
        self.states = _replaced(self.states, rows, [_CODES[record.state] for record in known])
        self.confidence = _replaced(self.confidence, rows, [record.confidence for record in known])
        self.sources = _replaced(self.sources, rows, [record.source for record in known])
        self.models = _replaced(self.models, rows, [record.model for record in known])
        self.notes = _replaced(self.notes, rows, [record.note for record in known])
        self.locked = _replaced(self.locked, rows, [record.locked for record in known])
        self.parents = _replaced(self.parents, rows, [record.parents for record in known])
        self.classes = _replaced(self.classes, rows, [record.class_number for record in known])

    def _keep(self, rows: NDArray[np.bool_]) -> None:
        for name, column in vars(self).items():
            setattr(self, name, column[rows])

    def _insert(self, labels: NDArray[np.integer]) -> None:
        """Add rows without pixels for ascending labels that have none."""
        if not labels.size:
            return
        places = np.searchsorted(self.ids, labels)
        empty = Record()
        values: dict[str, Any] = {
            "ids": labels,
            "confidence": empty.confidence,
            "sources": empty.source,
            "models": empty.model,
            "notes": empty.note,
        }
        for name, column in vars(self).items():
            setattr(self, name, np.insert(column, places, values.get(name, 0)))
        self.parents[np.isin(self.ids, labels)] = _objects([empty.parents] * labels.size)


def records_after(
    step: Footprint, table: RecordTable, asked: Mapping[int, Record | None] | None
) -> dict[int, Record | None]:
    """Return what becomes of the records of the objects that a step changes.

    Parameters
    ----------
    step
        Its pixels.
    table
        Before the step.
    asked
        The records that the step sets, or None for a stroke by hand. Objects without pixels have none in any case.
    """
    records: dict[int, Record | None] = {}
    growth = dict(zip(step.ids.tolist(), step.growth.tolist(), strict=True))
    counts = zip(step.gained.tolist(), step.erased.tolist(), step.painted_over.tolist(), strict=True)
    for label, changed in zip(growth, counts, strict=True):
        record = table.get(label)
        if asked is not None:
            records[label] = record or Record()
        elif record is None or not record.locked:
            records[label] = after_a_stroke(record, *changed)
    records |= {label: record for label, record in (asked or {}).items() if record is not None}
    for label in records:
        if table.area_of(label) + growth.get(label, 0) <= 0:
            records[label] = None
    return {label: record for label, record in records.items() if record != table.get(label)}


def _replaced(column: NDArray[Any], rows: NDArray[np.intp], values: list[Any]) -> NDArray[Any]:
    """Return a copy of a column with other values in some rows."""
    column = column.copy()
    column[rows] = _objects(values) if column.dtype == object else values
    return column


def _objects(values: list[Any]) -> NDArray[Any]:
    """Return (N,) objects; numpy would make a table of equally long tuples."""
    array = np.empty(len(values), object)
    array[:] = values
    return array
