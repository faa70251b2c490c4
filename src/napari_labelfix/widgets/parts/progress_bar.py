"""A progress bar that is painted with the window, and not before."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QProgressBar

if TYPE_CHECKING:
    from collections.abc import Iterator


class ProgressBar(QProgressBar):
    """Qt's own paints at once when it is given a number, and with it all of the window that is not up to date.

    Whoever tells the number may be in the middle of something: napari of removing a layer, which would be drawn.
    """

    def setValue(self, value: int) -> None:
        """Show how much is done."""
        with self._painted_later():
            super().setValue(value)

    def setRange(self, lowest: int, highest: int) -> None:
        """Show between which numbers this is; where both are 0 it is not known how much is to be done."""
        with self._painted_later():
            super().setRange(lowest, highest)

    @contextmanager
    def _painted_later(self) -> Iterator[None]:
        self.setUpdatesEnabled(False)
        yield
        self.setUpdatesEnabled(True)
