"""Which objects leave the house: chosen by what a person has decided about them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.data.label_images import ids_of
from napari_labelfix.errors import InputError
from napari_labelfix.review.states import SET_ASIDE, State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Selection:
    """A choice of objects by state.

    Parameters
    ----------
    name
        What it is called.
    states
        The states of the objects that are taken.
    """

    name: str
    states: frozenset[State]

    def of(self, states: Sequence[str]) -> NDArray[np.bool_]:
        """Return (N,) which objects are taken; one in no known state counts as to do."""
        taken = {str(state): state in self.states for state in State}
        return np.array([taken.get(one, taken[State.TODO]) for one in states], bool)


SELECTIONS = {
    one.name: one
    for one in [
        Selection("accepted", frozenset({State.ACCEPTED})),
        Selection("accepted and edited", frozenset({State.ACCEPTED, State.EDITED})),
        Selection("all but rejected and ignored", frozenset({State.TODO, State.ACCEPTED, State.EDITED})),
        Selection("all", frozenset(State)),
    ]
}
EVERYTHING = SELECTIONS["all"]
COLUMNS = {
    "state": "todo",
    "source": "",
    "model": "",
}  # the columns that a record is made of, and what stands for nothing


def find_selection(name: str) -> Selection:
    """Return the selection of that name.

    Raises
    ------
    InputError
        If there is none; the sentence lists those that exist.
    """
    if name not in SELECTIONS:
        raise InputError(f"There is no selection {name!r}. Choose from {', '.join(map(repr, SELECTIONS))}.")
    return SELECTIONS[name]


def usual(states: Sequence[str]) -> Selection:
    """Return what is taken if nobody says anything: what was found right, or not found wrong if none was, or all.

    An edit alone is no review: who has mended one object of many wants all of them.
    """
    if State.ACCEPTED in states:
        return SELECTIONS["accepted and edited"]
    wrong = set(states).intersection(SET_ASIDE)
    return SELECTIONS["all but rejected and ignored"] if wrong else EVERYTHING


def describe(chosen: Selection, taken: NDArray[np.bool_], columns: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return what a record says about a choice: of how many it was made, and where the objects taken come from.

    Parameters
    ----------
    chosen
        The choice.
    taken
        (N,) which of the objects.
    columns
        (N,) state, source and model of each, as far as they are known.
    """
    counts = {
        f"objects_per_{name}": dict(Counter(str(one) for one in np.array(column, object)[taken] if one))
        for name, column in columns.items()
    }
    return {"selection": chosen.name, "objects_in_layer": int(taken.size)} | counts


def only(
    labels: NDArray[Any], selection: Selection | None, known: Mapping[str, Sequence[Any]]
) -> tuple[NDArray[Any], dict[str, Any]]:
    """Return labels with only the chosen objects, and what the record says about the choice.

    Parameters
    ----------
    labels
        (..., Y, X) object ids, 0 = background.
    selection
        The choice; None for what is usual.
    known
        Columns index, state, source and model of the objects, as far as they are known.
    """
    numbers = ids_of(labels)
    place = {int(number): row for row, number in enumerate(known.get("index", []))}
    rows = [place.get(int(number), -1) for number in numbers]
    columns = {
        name: [known[name][row] if row >= 0 else empty for row in rows] if name in known else [empty] * len(rows)
        for name, empty in COLUMNS.items()
    }
    chosen = usual(columns["state"]) if selection is None else selection
    taken = chosen.of(columns["state"])
    about = describe(chosen, taken, columns)
    if taken.all():
        return labels, about
    return np.where(np.isin(labels, numbers[taken]), labels, np.zeros((), labels.dtype)), about
