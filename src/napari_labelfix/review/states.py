"""What a person has decided about each object, and where the object came from."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HAND = "hand"  # the source of what a person drew


class State(StrEnum):
    """What became of an object."""

    TODO = "todo"
    ACCEPTED = "accepted"
    EDITED = "edited"
    REJECTED = "rejected"
    IGNORED = "ignored"


SET_ASIDE = (State.REJECTED, State.IGNORED)


@dataclass(frozen=True)
class Record:
    """What is known about one object.

    Parameters
    ----------
    state
        What a person has decided.
    confidence
        How sure the model was, 0..1; NaN where no model said anything.
    source
        A method's name, or "hand"; "" where nobody knows.
    model
        The model's version, "" where there is none.
    note
        A person's words.
    locked
        Whether no edit may change the object's pixels.
    parents
        The ids of the objects that it came from by a merge or a split.
    class_number
        Which class of objects it is of, from 1 on; 0 where nobody has said it.
    """

    state: State = State.TODO
    confidence: float = math.nan
    source: str = ""
    model: str = ""
    note: str = ""
    locked: bool = False
    parents: tuple[int, ...] = ()
    class_number: int = 0

    def __eq__(self, other: object) -> bool:
        """Say whether both are the same; a confidence that nobody gave is the same as another one."""
        return isinstance(other, Record) and self._known() == other._known()

    def __hash__(self) -> int:
        return hash(self._known())

    def _known(self) -> tuple[object, ...]:
        return tuple(None if value != value else value for value in vars(self).values())


@dataclass(frozen=True)
class RecordChanges:
    """Records before and after a step; None where the object does not exist.

    Parameters
    ----------
    before, after
        Of the same ids.
    """

    before: Mapping[int, Record | None] = field(default_factory=dict)
    after: Mapping[int, Record | None] = field(default_factory=dict)

    def inverse(self) -> RecordChanges:
        """Return the changes that take these back."""
        return RecordChanges(self.after, self.before)


def of_class(record: Record, number: int) -> Record:
    """Return the record of an object of which a person says the class, which is to change it.

    It is edited, then, unless it was rejected or ignored; its outline is still that of whoever made it.
    """
    if record.class_number == number:
        return record
    state = record.state if record.state in SET_ASIDE else State.EDITED
    return replace(record, state=state, class_number=number)


def after_a_stroke(record: Record | None, gained: int, erased: int, painted_over: int) -> Record:
    """Return the record of an object that a stroke by hand has changed, and that still has pixels.

    What a person draws or erases they have edited. One that only lost pixels to a neighbour's stroke is edited where it
    was accepted, for its outline is no longer the accepted one; where nobody has looked at it yet, nobody has now. What
    was rejected or ignored comes back only when somebody draws it.

    Parameters
    ----------
    record
        Before the stroke; None for a new object.
    gained, erased, painted_over
        Pixels that came to the object, went to the background, and went to other objects.
    """
    if record is None:
        return Record(State.EDITED, source=HAND)
    drawn = gained > 0
    shaped = erased > 0 and record.state in (State.TODO, State.ACCEPTED)
    spoiled = painted_over > 0 and record.state is State.ACCEPTED
    if drawn or shaped or spoiled:
        return replace(record, state=State.EDITED, source=HAND)
    return record
