"""State, note and origin follow an object through merge and split."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_labelfix.review.states import HAND, SET_ASIDE, Record, RecordChanges, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from napari_labelfix.review.edits.draft import Outcome


def records_after(outcome: Outcome, record_of: Callable[[int], Record | None]) -> RecordChanges:
    """Return what an edit makes of the records of the objects it changes.

    A person has edited them, and they come from a person's hand. What was rejected or ignored stays so, unless it
    becomes one with something that was not. A merged object has the notes of all that went into it, a part those of the
    whole.

    Parameters
    ----------
    outcome
        The edit.
    record_of
        Gives the record of an object before the edit, or None for one that does not exist.
    """
    changed = [object_id for object_id, _ in sorted(outcome.gains().items())]
    before = {object_id: record_of(object_id) for object_id in changed}
    after = {}
    for object_id in changed:
        parents = outcome.parents.get(object_id, ())
        known = before[object_id]
        if parents:
            known = _from(known, [record for parent in parents if (record := record_of(parent)) is not None], parents)
        after[object_id] = _edited(known if known is not None else Record())
    return RecordChanges(before, after)


def _from(known: Record | None, origins: list[Record], parents: tuple[int, ...]) -> Record:
    """Return the record of an object that was made of others: its own if it had one, else that of the first."""
    record = known if known is not None else origins[0] if origins else Record()
    wanted = next((origin.state for origin in origins if origin.state not in SET_ASIDE), record.state)
    return replace(record, state=wanted, note=_joined(origin.note for origin in origins), locked=False, parents=parents)


def _edited(record: Record) -> Record:
    state = record.state if record.state in SET_ASIDE else State.EDITED
    return replace(record, state=state, source=HAND)


def _joined(notes: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(note for note in notes if note))
