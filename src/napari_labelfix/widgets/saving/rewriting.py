"""What to do when something was lost on its way into the project file: write everything anew, until that has worked."""

from __future__ import annotations

from qtpy.QtCore import QObject, QTimer, Signal

from napari_labelfix.widgets.saving.told_once import ToldOnce

_FIRST_MS, _LONGEST_MS = 250, 60_000  # before it is tried again; twice as long each time


class Rewriting(QObject):
    """Knows whether the file lacks something, and asks for everything to be handed over again.

    Attributes
    ----------
    pending
        Whether the file lacks something.
    told
        What does not come again by itself.
    """

    again = Signal()  # hand everything over

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.pending = False
        self.told = ToldOnce()
        self._asked = False  # for everything, and nothing was lost since
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_FIRST_MS)
        self._timer.timeout.connect(self._ask)

    def lose(self) -> None:
        """Note that something was not written, and will not be tried again."""
        self.pending, self._asked = True, False
        if not self._timer.isActive():
            self._timer.start()

    def settle(self) -> None:
        """Note that all that was handed over is written."""
        if not self.pending or self._asked:
            self.told.settle()
            self.begin_anew()

    def begin_anew(self) -> None:
        """Note that nothing is missing: it is another file, or all is written."""
        self.pending = self._asked = False
        self._timer.stop()
        self._timer.setInterval(_FIRST_MS)

    def _ask(self) -> None:
        self._asked = True
        self._timer.setInterval(min(2 * self._timer.interval(), _LONGEST_MS))
        self.again.emit()
