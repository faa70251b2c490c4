"""The thread that writes a project: whoever draws hands over what has changed and goes on drawing."""

from __future__ import annotations

import logging
import queue
import threading
import time
from functools import partial
from typing import TYPE_CHECKING

from napari_labelfix.errors import DiskError, LabelfixError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_labelfix.project.records import Batch
    from napari_labelfix.project.store import Project

    Work = Callable[[Project], object]

_RETRY_SECONDS = 2.0
_LOOK_SECONDS = 0.2  # between two looks whether the disk is there
logger = logging.getLogger(__name__)


class Writer:
    """Writes batches in their order, each as one transaction. The project belongs to its thread until `close`.

    Parameters
    ----------
    project
        An open project, or what makes or opens one in the thread.
    on_saved
        Called in the thread after each batch.
    on_failed
        Called in the thread with a sentence. Where the disk is full or gone, what waits is tried again until it works.
    on_dropped
        Called in the thread when something was not written and will not be tried again.
    """

    def __init__(
        self,
        project: Project | Callable[[], Project],
        on_saved: Callable[[], object] = lambda: None,
        on_failed: Callable[[str], object] = logger.warning,
        on_dropped: Callable[[], object] = lambda: None,
    ) -> None:
        self._open = project if callable(project) else lambda: project
        self._on_saved, self._on_failed, self._on_dropped = on_saved, on_failed, on_dropped
        self._queue: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._waiting = 0
        self._changed = threading.Condition()
        self._closing, self._stuck = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._serve, name="labelfix-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many batches are not written yet."""
        return self._waiting

    @property
    def stuck(self) -> bool:
        """Whether the disk is full or gone, and what waits is tried again and again."""
        return self._stuck.is_set()

    def submit(self, batch: Batch) -> None:
        """Write a batch soon; its arrays belong to the thread from now on."""
        self.call(lambda project: project.write(batch))

    def call(self, work: Work) -> None:
        """Do something with the project in the thread, in its turn."""
        with self._changed:
            self._waiting += 1
        self._queue.put(work)

    def call_and_wait(self, work: Work, timeout: float) -> None:
        """Do something with the project in the thread, in its turn, and raise here what it raises there."""
        errors: list[LabelfixError] = []

        def attempt(project: Project) -> None:
            try:
                work(project)
            except LabelfixError as error:
                errors.append(error)

        self.call(attempt)
        if not self.flush(timeout):
            raise OutputError("The project cannot be written just now. Try again in a moment.")
        if errors:
            raise errors[0]

    def flush(self, timeout: float = 30.0) -> bool:
        """Wait until everything is written, or the disk is full or gone; return whether it is."""
        ends = time.monotonic() + timeout
        with self._changed:
            while self._waiting and not self.stuck and (left := ends - time.monotonic()) > 0:
                self._changed.wait(min(left, _LOOK_SECONDS))
            return self._waiting == 0

    def close(self, timeout: float = 30.0) -> None:
        """Write what waits, and close the project."""
        self._closing.set()
        self._queue.put(None)
        self._thread.join(timeout)

    def _serve(self) -> None:
        opened: list[Project] = []
        self._do(lambda: opened.append(self._open()), patient=OutputError)  # there may be a place for it later
        while (work := self._queue.get()) is not None:
            if not opened:
                self._on_dropped()
            elif self._do(partial(work, opened[0])):
                self._on_saved()
            with self._changed:
                self._waiting -= 1
                self._changed.notify_all()
        if opened:
            self._do(opened[0].close)

    def _do(self, work: Callable[[], object], patient: type[OutputError] = DiskError) -> bool:
        """Do something, and again after errors that may pass; return whether it was done."""
        while True:
            try:
                work()
            except patient as error:  # the disk may be there again
                self._on_failed(str(error))
                self._stuck.set()
                if self._closing.wait(_RETRY_SECONDS):
                    return False
                continue
            except LabelfixError as error:
                self._on_failed(str(error))
                self._on_dropped()
                done = False
            except Exception as error:  # whatever went wrong, what comes after it is still to be saved
                logger.exception("A change was not saved.")
                self._on_failed(f"Something could not be saved: {error or type(error).__name__}.")
                self._on_dropped()
                done = False
            else:
                done = True
            self._stuck.clear()
            return done
