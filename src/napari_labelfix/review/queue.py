"""Which object to look at next: the most doubtful one that nobody has decided about, and that was not passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.review.states import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_labelfix.review.record_table import RecordTable
    from napari_labelfix.review.suspects import Suspects

_STEPS_BACK = 50  # what is remembered is looked for again at each refresh of a proposal


def doubts(table: RecordTable, suspects: Suspects | None) -> NDArray[np.float64]:
    """Return (N,) how doubtful each object is, 0..1.

    That is 1 less the model's confidence where a model has said something. Without one it is what makes the object
    suspect; NaN where nobody has looked yet.
    """
    doubt = np.full(len(table), np.nan)
    if suspects is not None and suspects.ids.size and len(table):
        rows = np.minimum(np.searchsorted(suspects.ids, table.ids), suspects.ids.size - 1)
        known = suspects.ids[rows] == table.ids
        doubt[known] = suspects.doubt[rows[known]]
    told = ~np.isnan(table.confidence)
    doubt[told] = 1 - table.confidence[told]
    return doubt


class DoubtQueue:
    """Goes from doubt to doubt, and back."""

    def __init__(self) -> None:
        self._passed: set[int] = set()  # shown and not decided: they come again when all others were shown
        self._trail: list[int] = []
        self._place = -1  # in the trail

    @property
    def ids(self) -> set[int]:
        """The objects that were shown, as far as that is remembered."""
        return self._passed.union(self._trail)

    def follow(self, heirs: Mapping[int, int]) -> None:
        """Go on with objects that are numbered anew, by their old ids; those without a new one are forgotten."""
        here = self._trail[: self._place + 1]
        self._passed = {heirs[label] for label in self._passed if label in heirs}
        self._trail = [heirs[label] for label in self._trail if label in heirs]
        self._place = sum(label in heirs for label in here) - 1

    def forward(self, table: RecordTable, doubt: NDArray[np.float64], current: int | None) -> int | None:
        """Return the next object, or None if everything is decided."""
        if current is not None:
            self._passed.add(current)
        left = table.in_state(State.TODO)
        fresh = left & ~np.isin(table.ids, list(self._passed))
        if not fresh.any():
            self._passed = {current} if current is not None else set()
            fresh = left & ~np.isin(table.ids, list(self._passed))
        if not fresh.any():
            fresh = left
        rows = np.flatnonzero(fresh)
        if not rows.size:
            return None
        row = rows[np.argmax(np.nan_to_num(doubt[rows], nan=-1.0))]  # of equals the one with the lowest id
        return self._go(int(table.ids[row]))

    def can_go_back(self, table: RecordTable) -> bool:
        """Whether an object that was shown before is there still."""
        return any(label in table for label in self._trail[: max(self._place, 0)])

    def back(self, table: RecordTable) -> int | None:
        """Return the object that was shown before, or None at the beginning."""
        while self._place > 0:
            self._place -= 1
            if self._trail[self._place] in table:
                return self._trail[self._place]
        return None

    def visit(self, label: int) -> None:
        """Note that an object is shown that was chosen otherwise."""
        if self._place < 0 or self._trail[self._place] != label:
            self._go(label)

    def _go(self, label: int) -> int:
        del self._trail[self._place + 1 :]
        self._trail = [*self._trail, label][-_STEPS_BACK:]
        self._place = len(self._trail) - 1
        return label
