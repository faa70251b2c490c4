"""What is to be read for the instant proposals, in the order in which somebody waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class ReadingList:
    """The planes that are to be read next, and whether there are strokes to learn from before.

    Planes on which somebody has drawn come first, that with the newest strokes before the others, then those that were
    left in the middle of a reading, and then those of which nothing was ever shown.

    Parameters
    ----------
    planes
        Indices of all planes, in the order in which they are shown for the first time.

    Attributes
    ----------
    must_learn
        Whether something was drawn since the forest has learned.
    """

    def __init__(self, planes: Iterable[int]) -> None:
        self._awaited: list[int] = []  # drawn on, or left in the middle
        self._new = [*planes]
        self.must_learn = True

    def __bool__(self) -> bool:
        return bool(self._awaited or self._new)

    @property
    def is_urgent(self) -> bool:
        """Whether there is more on it than planes of which nothing was ever shown."""
        return bool(self._awaited)

    def draw_on(self, index: int) -> None:
        """Put a plane first, which has other strokes now."""
        self._awaited = [index, *(other for other in self._awaited if other != index)]
        self.must_learn = True

    def learned(self) -> None:
        """Know that the forest has learned from all strokes."""
        self.must_learn = False

    def take(self) -> int:
        """Take the next plane off the list."""
        index = (self._awaited or self._new).pop(0)
        self._new = [other for other in self._new if other != index]
        return index

    def leave(self, index: int) -> None:
        """Put a plane back that was not read to its end: it comes after those that were drawn on."""
        if index not in self._awaited:
            self._awaited.append(index)
