"""What to do when something was lost on its way into the project file: write everything anew, until that has worked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_labelfix.project.records import RunRecord

_FIRST_MS, _LONGEST_MS = 250, 60_000  # before it is tried again; twice as long each time


class Rewriting(QObject):
    """Knows whether the file lacks something, and asks for everything to be handed over again.

    Attributes
    ----------
    pending
        Whether the file lacks something.
    gone
        Ids of layers whose removal may not have been written.
    runs
        Runs, by their ids, that may not have been written as they are.
    """

    again = Signal()  # hand everything over

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.pending = False
        self.gone: set[str] = set()
        self.runs: dict[str, RunRecord] = {}
        self._asked = False  # for everything, and nothing was lost since
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_FIRST_MS)
        self._timer.timeout.connect(self._ask)

    def hand_over(self, gone: Iterable[str], runs: Mapping[str, RunRecord]) -> None:
        """Remember what would not come again by itself."""
        self.gone.update(gone)
        self.runs.update(runs)

    def lose(self) -> None:
        """Note that something was not written, and will not be tried again."""
        self.pending, self._asked = True, False
        if not self._timer.isActive():
            self._timer.start()

    def settle(self) -> None:
        """Note that all that was handed over is written."""
        if not self.pending or self._asked:
            self.forget()

    def forget(self) -> None:
        """Begin anew: nothing is missing, or it is another file."""
        self.pending = self._asked = False
        self.gone, self.runs = set(), {}
        self._timer.stop()
        self._timer.setInterval(_FIRST_MS)

    def _ask(self) -> None:
        self._asked = True
        self._timer.setInterval(min(2 * self._timer.interval(), _LONGEST_MS))
        self.again.emit()
