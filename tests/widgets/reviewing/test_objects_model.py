"""The table of objects reads rows that are alike once, however many there are."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_labelfix.review.record_table import RecordTable
from napari_labelfix.review.states import Record
from napari_labelfix.review.suspects import Reason, Suspects
from napari_labelfix.widgets.reviewing.objects_model import Column, ObjectsModel

COUNT = 300
DESCENDING = Qt.SortOrder.DescendingOrder


@pytest.fixture
def model(qtbot):
    rng = np.random.default_rng(0)
    table = RecordTable()
    ids = np.arange(1, COUNT + 1) * 7
    table.add_areas(ids, np.ones(COUNT, int))
    table.update(
        {
            int(label): Record(
                confidence=0.5 if rng.random() < 0.3 else np.nan,
                source=str(rng.choice(["sissi", "hand", ""])),
                model=str(rng.choice(["2", ""])),
                note=str(rng.choice(["", "Mitosis?"])),
            )
            for label in ids
        }
    )
    known = ids[rng.random(COUNT) < 0.8]  # others are new since the search
    found = {reason: rng.random(known.size) < 0.2 for reason in (Reason.TINY, Reason.HOLES, Reason.BORDER)}
    model = ObjectsModel()
    model.show_records(table, np.full(COUNT, np.nan), Suspects(known, found))
    return model


def column(model, which):
    return [model.data(model.index(row, which)) for row in range(model.rowCount())]


@pytest.mark.parametrize("which", [Column.WHY, Column.SOURCE, Column.NOTE])
def test_sorting_by_a_text_orders_all_rows_by_it(model, which):
    texts = sorted(column(model, which))
    model.sort(which)
    assert column(model, which) == texts
    model.sort(which, DESCENDING)
    assert column(model, which) == texts[::-1]


@pytest.mark.parametrize("words", ["holes", "tiny, at", "mitosis", "sissi 2", "70", "confidence"])
def test_words_are_looked_for_in_what_is_said_of_an_object(model, words):
    model.sort(Column.ID)
    says = zip(*(column(model, which) for which in (Column.ID, Column.SOURCE, Column.NOTE, Column.WHY)), strict=True)
    expected = [row[0] for row in says if words in " ".join(row).lower()]
    assert 0 < len(expected) < COUNT
    model.show_only((), words)
    assert column(model, Column.ID) == expected


def test_a_reason_is_put_in_words_once_for_all_rows_that_have_it(model, monkeypatch):
    asked = []
    why = model._why
    monkeypatch.setattr(model, "_why", lambda row: asked.append(row) or why(row))
    model.sort(Column.WHY)
    model.show_only((), "holes")
    assert len(asked) <= 3 * 2**4  # the filter sorts once more
