"""The thread that writes a project: whoever draws hands over what has changed and goes on drawing."""

from __future__ import annotations

import logging
import queue
import threading
import time
from functools import partial
from typing import TYPE_CHECKING

from napari_labelfix.errors import LabelfixError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_labelfix.project.records import Batch
    from napari_labelfix.project.store import Project

    Work = Callable[[Project], object]

_RETRY_SECONDS = 2.0
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
    """

    def __init__(
        self,
        project: Project | Callable[[], Project],
        on_saved: Callable[[], object] = lambda: None,
        on_failed: Callable[[str], object] = logger.warning,
    ) -> None:
        self._open = project if callable(project) else lambda: project
        self._on_saved, self._on_failed = on_saved, on_failed
        self._queue: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._waiting = 0
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="labelfix-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many batches are not written yet."""
        return self._waiting

    def submit(self, batch: Batch) -> None:
        """Write a batch soon; its arrays belong to the thread from now on."""
        self.call(lambda project: project.write(batch))

    def call(self, work: Work) -> None:
        """Do something with the project in the thread, in its turn."""
        with self._changed:
            self._waiting += 1
        self._queue.put(work)

    def flush(self, timeout: float = 30.0) -> bool:
        """Wait until everything is written; return whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._waiting == 0, timeout)

    def close(self, timeout: float = 30.0) -> None:
        """Write what waits, and close the project."""
        self._closing.set()
        self._queue.put(None)
        self._thread.join(timeout)

    def _serve(self) -> None:
        opened: list[Project] = []
        self._do(lambda: opened.append(self._open()))
        while (work := self._queue.get()) is not None:
            if opened and self._do(partial(work, opened[0])):
                self._on_saved()
            with self._changed:
                self._waiting -= 1
                self._changed.notify_all()
        if opened:
            self._do(opened[0].close)

    def _do(self, work: Callable[[], object]) -> bool:
        """Do something, and again while the disk is full; return whether it was done."""
        while True:
            try:
                work()
            except OutputError as error:  # the disk: it may be there again
                self._on_failed(str(error))
                if self._closing.is_set():
                    return False
                time.sleep(_RETRY_SECONDS)
            except LabelfixError as error:
                self._on_failed(str(error))
                return False
            except Exception as error:  # whatever went wrong, what comes after it is still to be saved
                logger.exception("A change was not saved.")
                self._on_failed(f"Something could not be saved: {error or type(error).__name__}.")
                return False
            else:
                return True
