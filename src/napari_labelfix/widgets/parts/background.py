"""Work in a thread, told by a signal: the window stays responsive while files are written and objects counted."""

from __future__ import annotations

import logging
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QCoreApplication, QObject, Qt, Signal

from napari_labelfix.errors import LabelfixError

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)


class Background(QObject):
    """One kind of work. Where it is started again before it is done, only what was started last is told.

    Parameters
    ----------
    parent
        The Qt parent.
    """

    done = Signal(object)  # what the work returned
    failed = Signal(str)  # a sentence
    _ended = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = ThreadPoolExecutor(1, "labelfix")
        self._current: Future[Any] | None = None
        self._wish = _Wish()
        self.destroyed.connect(self._wish.withdraw)
        if (program := QCoreApplication.instance()) is not None:
            program.aboutToQuit.connect(self.stop)  # it ends when this thread has ended
        # in the thread that this object lives in, and not before who starts it goes on, however soon it ends
        self._ended.connect(self._on_ended, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether the work that was started last goes on."""
        return self._current is not None

    def start(self, work: Callable[[], Any]) -> None:
        """Do something that touches no widget and no layer of the viewer; what still waits is left out."""
        superseded, self._current = self._current, None  # nobody waits for it: a cancelled one tells at once
        if superseded is not None:
            superseded.cancel()
        self._current = self._thread.submit(work)
        self._current.add_done_callback(self._tell)

    def start_long(self, work: Callable[[Callable[[], None]], Any]) -> None:
        """Do something, as `start`, that asks in between whether to go on: it is ended where nobody waits for it."""
        self.stop()
        go_on = self._wish.make()
        self.start(lambda: work(go_on))

    def stop(self) -> None:
        """End what asks whether to go on; nothing is told of it."""
        self._wish.withdraw()

    def _tell(self, future: Future[Any]) -> None:
        try:
            self._ended.emit(future)
        except RuntimeError:  # the dock was closed in the meantime, and the Qt object with it
            error = None if future.cancelled() else future.exception()
            if error is not None and not isinstance(error, CancelledError):
                logger.warning("What went on after its dock was closed has failed: %s", error)

    def _on_ended(self, future: Future[Any]) -> None:
        if future is not self._current:
            return
        self._current = None
        error = future.exception()
        if error is None:
            self.done.emit(future.result())
        elif isinstance(error, CancelledError):
            return
        elif isinstance(error, LabelfixError):
            self.failed.emit(str(error))
        else:
            self.failed.emit(f"This failed unexpectedly: {error or type(error).__name__}.")
            raise error  # napari shows it with its traceback


class _Wish:
    """Whether the result of what was started last is still waited for; it outlives what has started it."""

    def __init__(self) -> None:
        self._withdrawn = Event()

    def make(self) -> Callable[[], None]:
        """Wish for another result; return what the work asks, which raises `CancelledError` when nobody waits."""
        self._withdrawn = withdrawn = Event()

        def go_on() -> None:
            if withdrawn.is_set():
                raise CancelledError

        return go_on

    def withdraw(self, _destroyed: object = None) -> None:
        """Wish for it no longer."""
        self._withdrawn.set()
