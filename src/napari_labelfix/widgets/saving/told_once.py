"""What goes into the project file and does not come again by itself, as what is in layers does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_labelfix.project.records import Batch

if TYPE_CHECKING:
    from collections.abc import Collection

    from napari_labelfix.project.records import Entry, RunRecord


class ToldOnce:
    """Layers that were removed, runs, and lines of the history: each is remembered until it is in the file.

    Attributes
    ----------
    gone
        Ids of layers that were removed and are in the file.
    runs
        Those that have changed, by their ids.
    history
        New lines.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Forget everything: it is another file."""
        self.gone: list[str] = []
        self.runs: dict[str, RunRecord] = {}
        self.history: list[Entry] = []
        self.settle()

    def take(self) -> list[Batch]:
        """Return what is new in one batch, or none, and remember it."""
        if not (self.gone or self.runs or self.history):
            return []
        new = Batch(removed=self.gone, runs=list(self.runs.values()), history=self.history)
        self._gone.update(self.gone)
        self._runs |= self.runs
        self._history += self.history
        self.gone, self.runs, self.history = [], {}, []
        return [new]

    def settle(self) -> None:
        """Note that all that was taken is in the file."""
        self._gone: set[str] = set()
        self._runs: dict[str, RunRecord] = {}
        self._history: list[Entry] = []

    def tell_again(self, there: Collection[str]) -> None:
        """Let everything that was taken be new again, but for layers that are there again."""
        self.gone = [*self.gone, *(self._gone - {*there})]
        self.runs = self._runs | self.runs
        self._gone, self._runs = set(), {}

    def tell_history_again(self, known: Collection[Entry]) -> None:
        """Let the lines that were taken be new again, but for those that the file has."""
        known = {*known}
        self.history = [*(line for line in self._history if line not in known), *self.history]
        self._history = []
