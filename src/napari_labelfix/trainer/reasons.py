"""Why a training ended, in a sentence that a biologist can act on."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from napari_labelfix.data.memory import is_out_of_memory
from napari_labelfix.errors import LabelfixError, TrainingError

if TYPE_CHECKING:
    from collections.abc import Iterator

UNCHANGED = "Your annotations are unchanged."


def explain(error: Exception) -> str:
    """Say what went wrong in the trainer and what to do."""
    if isinstance(error, LabelfixError):
        return str(error)
    if is_out_of_memory(error):
        return (
            f"The training ran out of memory, with small crops and tiles, too. {UNCHANGED} Choose a smaller encoder, "
            "fewer or smaller images, or the device 'cpu', and run again."
        )
    if isinstance(error, ImportError):
        return f"A package that the training needs does not load ({error}). Run 'napari-labelfix doctor'."
    said = str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__
    what = said if type(error) is RuntimeError else f"{type(error).__name__}: {said}"
    return f"The training stopped because of an error: {what}. {UNCHANGED}"


@contextmanager
def explained() -> Iterator[None]:
    """Turn whatever a method's code raises into a sentence."""
    try:
        yield
    except LabelfixError:
        raise
    except Exception as error:
        raise TrainingError(explain(error)) from error


def explain_exit(status: int) -> str:
    """Say why the trainer's process ended by itself; `status` is negative for a signal, as in `subprocess`."""
    if -status == getattr(signal, "SIGKILL", 9):
        return (
            f"The trainer was ended by the system (signal 9), most likely because memory ran out. {UNCHANGED} "
            "Choose a smaller crop or batch, close other programs, and run again."
        )
    if status < 0:
        return f"The trainer crashed ({_signal_name(-status)}). {UNCHANGED} Run again, or try the device 'cpu'."
    return f"The trainer ended unexpectedly (exit code {status}). {UNCHANGED} Run 'napari-labelfix doctor'."


def _signal_name(number: int) -> str:
    try:
        return f"signal {number}, {signal.Signals(number).name}"
    except ValueError:
        return f"signal {number}"
