"""The project file that the work in a viewer is written into: one at a time, by a thread of its own."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_labelfix.errors import LabelfixError
from napari_labelfix.project import recovery
from napari_labelfix.project.rest import read_rest
from napari_labelfix.project.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from napari_labelfix.project.rest import Rest
    from napari_labelfix.project.store import Project


class WrittenFile(QObject):
    """A project and the thread that writes it, or none.

    Attributes
    ----------
    path
        Of the project; None where there is none.
    """

    saved = Signal()
    failed = Signal(str)
    dropped = Signal()  # something was not written, and is not tried again

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path: Path | None = None
        self._writer: Writer | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is one."""
        return self._writer is not None

    @property
    def waiting(self) -> int:
        """How many batches are not in it yet."""
        return self._writer.waiting if self._writer is not None else 0

    def open(self, path: Path, project: Project | Callable[[], Project]) -> None:
        """Write into an open project, or one that the thread makes, for that waits for the disk."""
        self.path = path
        self._writer = Writer(project, self._emit(self.saved), self._emit(self.failed), self._emit(self.dropped))
        recovery.mark_open(path)

    def call(self, work: Callable[[Project], object]) -> None:
        """Do something with the project in the thread; nothing where there is none."""
        if self._writer is not None:
            self._writer.call(work)

    def copy_to(self, path: Path, timeout: float) -> None:
        """Write a copy, and wait for it.

        Raises
        ------
        ProjectError
            If the name is that of a project that is open in another window.
        OutputError
            If it cannot be written.
        """
        if self._writer is not None:
            self._writer.call_and_wait(lambda project: project.copy_to(path), timeout)

    def flush(self, timeout: float) -> bool:
        """Wait until everything is written, or the disk is full or gone; return whether it is."""
        return self._writer is None or self._writer.flush(timeout)

    def close(self) -> None:
        """Write what waits, as far as that goes, and let go of the file."""
        if self._writer is None:
            return
        self._writer.close()
        self._writer = None
        if self.path is not None:
            recovery.mark_closed(self.path)
        self.path = None

    def close_and_read_rest(self, there: Collection[str], lost: Collection[str]) -> Rest | None:
        """Let go of the file; return what is in it alone, as `read_rest` does, or None if it cannot be read."""
        read: list[Rest] = []

        def attempt(project: Project) -> None:
            try:
                read.append(read_rest(project, there, lost))
            except LabelfixError as error:
                self.complain(f"Runs and history stay in {project.path}, which cannot be read. {error}")

        self.call(attempt)  # its turn comes when the thread has given up what waits
        self.close()
        return read[0] if read else None

    def complain(self, sentence: str) -> None:
        """Tell what could not be saved, from any thread."""
        self._emit(self.failed)(sentence)

    def _emit(self, signal: Any) -> Callable[..., None]:
        """Return a function for the other thread that emits a signal, unless the window is gone."""

        def emit(*values: object) -> None:
            with suppress(RuntimeError):  # the Qt object was deleted with the program
                signal.emit(*values)

        return emit
