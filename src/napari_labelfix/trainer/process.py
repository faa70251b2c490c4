"""The other process, seen from this one: threads read and write, so that no caller ever waits for a pipe."""

from __future__ import annotations

import atexit
import logging
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from napari_labelfix.errors import TrainingError
from napari_labelfix.trainer.mailbox import Mailbox
from napari_labelfix.trainer.messages import Failed, Ready, read_message, skip_to_greeting, write_message
from napari_labelfix.trainer.reasons import explain, explain_exit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from io import BufferedReader, BufferedWriter

    from napari_labelfix.trainer.computers import Computer
    from napari_labelfix.trainer.messages import Message

logger = logging.getLogger(__name__)

_LOG_BYTES = 20_000  # of the trainer's standard error, kept for the details of a failure
_alive: set[TrainerProcess] = set()


class TrainerProcess:
    """`python -m napari_labelfix.trainer`, for one run.

    Parameters
    ----------
    preload
        Dotted names of modules to import there while it waits.
    computer
        The other computer that it runs on; None is this one.

    Attributes
    ----------
    ready
        Set when they are imported.
    inbox
        What the trainer said; the last message is `Failed`, however it ended, and counts unless `Finished` came first.

    Raises
    ------
    TrainingError
        If there is no Python, or no SSH, to start it with, or the system does not start it.
    """

    def __init__(self, preload: Sequence[str], computer: Computer | None = None) -> None:
        self.ready = threading.Event()
        self.inbox = Mailbox()
        self._outbox = Mailbox()
        self._log = b""
        self._computer = computer
        here = [find_python(), "-P", "-m", "napari_labelfix.trainer", *preload]
        self._process = _spawn(here if computer is None else computer.command(preload))
        _alive.add(self)
        self._log_reader = _start_thread(self._keep_log)
        _start_thread(self._read)
        _start_thread(self._write)

    @property
    def pid(self) -> int:
        """The system's number for it, or for what connects to it."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def send(self, message: Message) -> None:
        """Send a message; returns at once, also when the trainer does not read yet."""
        self._outbox.put(message)

    def kill(self) -> None:
        """End it the hard way, whatever it is doing; returns at once."""
        self._process.kill()
        self._outbox.close()  # and so the pipe: what runs behind a program that only connects ends by that

    def wait(self, seconds: float) -> None:
        """Wait until it is gone, for so many seconds at most."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def _read(self) -> None:
        """Put what the trainer says into the inbox, and at last how it ended; after `Finished` nobody looks."""
        try:
            self._read_messages()
        except Exception as error:
            logger.exception("A message of the trainer could not be read.")
            self._fail(error)
        status = self._process.wait()
        self._log_reader.join(1)  # the last words of a dying process are still on their way
        log = self._log.decode(errors="replace")
        reason = explain_exit(status) if self._computer is None else self._computer.explain_exit(status, log)
        self.inbox.put(Failed(TrainingError(reason, log)))
        self._outbox.close()
        _alive.discard(self)

    def _read_messages(self) -> None:
        with cast("BufferedReader", self._process.stdout) as stream, suppress(EOFError):
            skip_to_greeting(stream)
            while True:
                message = read_message(stream)
                if isinstance(message, Ready):
                    self.ready.set()
                else:
                    self.inbox.put(message)

    def _write(self) -> None:
        try:
            with cast("BufferedWriter", self._process.stdin) as stream:
                while self._outbox.wait():
                    for message in self._outbox.take():
                        write_message(stream, message)
        except OSError:  # a broken pipe: the reader learns why, and says so
            logger.debug("The trainer ended before it had read everything.")
        except Exception as error:
            logger.exception("A message to the trainer could not be written.")
            self._fail(error)

    def _keep_log(self) -> None:
        with cast("BufferedReader", self._process.stderr) as stream:
            while chunk := stream.read1(8192):
                self._log = (self._log + chunk)[-_LOG_BYTES:]

    def _fail(self, error: Exception) -> None:
        self.inbox.put(Failed(TrainingError(explain(error), repr(error))))
        self.kill()


def find_python() -> str:
    """Return the interpreter to start.

    Raises
    ------
    TrainingError
        If napari is a bundled program that has no Python of its own.
    """
    folder = Path(sys.prefix) / ("" if sys.platform == "win32" else "bin")
    names = ["python.exe", "Scripts/python.exe"] if sys.platform == "win32" else ["python3", "python"]
    candidates = [Path(sys.executable or ""), *(folder / name for name in names)]
    for candidate in candidates:
        # by the target of a link: on macOS napari runs Python through a link that is called napari
        if candidate.resolve().stem.lower().startswith(("python", "pypy")) and candidate.is_file():
            return str(candidate)
    raise TrainingError(
        f"The trainer needs a Python of its own, but {sys.executable or 'this program'} is not one. "
        "Install napari and napari-labelfix with pip or conda instead of using the bundled application."
    )


def _spawn(command: list[str]) -> subprocess.Popen[bytes]:
    """Start a process that Ctrl+C in the terminal does not reach."""
    options: dict[str, Any]
    if sys.platform == "win32":
        options = {
            "creationflags": subprocess.CREATE_NEW_PROCESS_GROUP
            | subprocess.CREATE_NO_WINDOW
            | subprocess.BELOW_NORMAL_PRIORITY_CLASS
        }
    else:
        # Not a new session: Linux schedules sessions as equals, and the trainer's low priority would count for nothing.
        options = {"process_group": 0}
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, **options)
    except OSError as error:
        raise TrainingError(
            f"The trainer could not be started ({error}). Close other programs and run again."
        ) from error


def _start_thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, name=f"labelfix{work.__name__}", daemon=True)
    thread.start()
    return thread


@atexit.register
def _kill_all() -> None:
    for process in list(_alive):
        process.kill()
    for process in list(_alive):
        process.wait(1)
