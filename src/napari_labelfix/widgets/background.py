"""Work in a thread, told by a signal: the window stays responsive while files are written and objects counted."""

from __future__ import annotations

import logging
from threading import Thread
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_labelfix.errors import LabelfixError

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)


class Background(QObject):
    """One kind of work. Where it is started again before it is done, only what was started last is told.

    Parameters
    ----------
    parent
        The Qt parent.
    """

    done = Signal(object)  # what the work returned
    failed = Signal(str)  # a sentence
    _ended = Signal(int, object, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._number = 0  # of the work that was started last
        self._busy = False
        self._ended.connect(self._on_ended)  # in the thread that this object lives in

    @property
    def busy(self) -> bool:
        """Whether the work that was started last goes on."""
        return self._busy

    def start(self, work: Callable[[], Any]) -> None:
        """Do something that touches no widget and no layer."""
        self._number += 1
        self._busy = True
        Thread(target=self._work, args=(self._number, work), daemon=True).start()

    def _work(self, number: int, work: Callable[[], Any]) -> None:
        result, sentence = None, ""
        try:
            result = work()
        except LabelfixError as error:
            sentence = str(error)
        except Exception as error:  # nobody would hear of it in a thread
            _log.exception("Work in the background has failed")
            sentence = f"This failed: {error or type(error).__name__}. The log has the details."
        try:
            self._ended.emit(number, result, sentence)
        except RuntimeError:  # the window was closed in the meantime, and the Qt object with it
            _log.debug("Nobody waits for this work any more")

    def _on_ended(self, number: int, result: object, sentence: str) -> None:
        if number != self._number:
            return
        self._busy = False
        if sentence:
            self.failed.emit(sentence)
        else:
            self.done.emit(result)
