"""Which objects are exported, and what the record says about it."""

import numpy as np
import pytest

from napari_labelfix.review.selection import EVERYTHING, SELECTIONS, describe, only, usual

STATES = ["todo", "accepted", "edited", "rejected", "ignored", "nonsense"]


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("accepted", [0, 1, 0, 0, 0, 0]),
        ("accepted and edited", [0, 1, 1, 0, 0, 0]),
        ("all but rejected and ignored", [1, 1, 1, 0, 0, 1]),
        ("all", [1, 1, 1, 1, 1, 1]),
    ],
)
def test_a_selection_takes_the_objects_in_its_states(name, taken):
    assert SELECTIONS[name].of(STATES).tolist() == [bool(one) for one in taken]
    assert SELECTIONS[name].of([]).size == 0


def test_what_was_reviewed_is_exported_as_reviewed_and_anything_else_as_it_is():
    assert usual(["todo", "todo"]) is EVERYTHING
    assert usual(["nonsense"]) is EVERYTHING
    assert usual([]) is EVERYTHING
    assert usual(["todo", "rejected"]).name == "all but rejected and ignored"
    assert usual(["todo", "rejected", "edited"]).name == "all but rejected and ignored"
    assert usual(["todo", "edited"]) is EVERYTHING, "who has mended one object of many wants all of them"
    assert usual(["todo", "edited", "accepted"]).name == "accepted and edited"


def test_the_record_says_how_many_of_how_many_and_where_they_come_from():
    columns = {"state": ["todo", "accepted", "edited"], "source": ["m", "m", "hand"], "model": ["", "2", ""]}
    assert describe(SELECTIONS["accepted and edited"], np.array([False, True, True]), columns) == {
        "selection": "accepted and edited",
        "objects_in_layer": 3,
        "objects_per_state": {"accepted": 1, "edited": 1},
        "objects_per_source": {"m": 1, "hand": 1},
        "objects_per_model": {"2": 1},
    }


def test_labels_keep_the_chosen_objects_alone_whatever_order_they_are_known_in():
    labels = np.array([[0, 3, 3], [70_000, 5, 0]], np.uint32)
    known = {"index": [70_000, 3, 8], "state": ["rejected", "accepted", "accepted"], "source": ["m", "hand", "m"]}
    left, about = only(labels, SELECTIONS["accepted"], known)
    assert left.tolist() == [[0, 3, 3], [0, 0, 0]]
    assert left.dtype == np.uint32
    assert about["objects_in_layer"] == 3, "one of which nothing is known, too"
    assert about["objects_per_source"] == {"hand": 1}
    assert only(labels, EVERYTHING, known)[0] is labels
    by_itself, about = only(labels, None, known)
    assert by_itself.tolist() == left.tolist()
    assert about["selection"] == "accepted and edited"
    assert only(labels, None, {})[0] is labels
