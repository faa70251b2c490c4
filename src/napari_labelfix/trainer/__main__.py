"""The other process: `python -m napari_labelfix.trainer MODULE...` imports the modules, waits for a run, and runs it.

It ends with its one run, at once when the pipe to it closes (whoever started it is gone), and whenever it is killed;
it is never asked to stop.
"""

from __future__ import annotations

import faulthandler
import importlib
import logging
import os
import signal
import sys
import threading
import traceback
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from napari_labelfix.annotations import Task
from napari_labelfix.errors import TrainingError
from napari_labelfix.methods.applying import apply
from napari_labelfix.methods.checkpoint import bring_along
from napari_labelfix.trainer.mailbox import Mailbox
from napari_labelfix.trainer.messages import (
    Annotate,
    Apply,
    Failed,
    Finished,
    Progress,
    Ready,
    Start,
    greeting,
    read_order,
    write_message,
)
from napari_labelfix.trainer.reasons import explain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from io import BufferedIOBase

    from napari_labelfix.methods.checkpoint import TrainedModel
    from napari_labelfix.trainer.messages import Message

logger = logging.getLogger(__name__)


def main(modules: Sequence[str]) -> None:
    """Serve one run, then end the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the other process, which then ends this one
    faulthandler.enable()
    step_back()
    stream_in, stream_out = take_over_pipes()
    say = partial(write_message, stream_out)
    inbox = Mailbox()
    threading.Thread(target=listen, args=(stream_in, inbox), daemon=True).start()
    try:
        preload(modules, inbox)
        say(Ready())
        say(Finished(work(inbox, say)))
    except Exception as error:
        logger.debug("The run failed.", exc_info=True)
        say(failure(error))
    sys.stdout.flush()
    os._exit(0)  # without the clean-up of big libraries, which can hang or crash


def step_back() -> None:
    """Leave the processor to the GUI whenever it wants it, and be the one to go when the system runs out of memory.

    Threads of OpenMP sleep while they wait for one another: spinning, as they would, keeps the other processes from the
    cores and this one from its work. Beside a busy process on two cores a training step took 0.6 s, and 3.2 s spinning.

    Linux schedules this process only where nobody else wants the core: while it trained, napari painted and redrew
    1.07 times as slowly as idle (95th percentile, two cores), and 1.3 to 1.6 times with a low priority alone. On a
    machine that others keep busy it would hardly run at all: there the low priority has to do.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is imported
    if sys.platform != "win32":  # there, whoever starts this process has seen to it
        os.nice(10)
    if sys.platform == "linux" and not machine_is_crowded():
        with suppress(OSError):  # a sandbox may forbid it
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with suppress(OSError):  # Linux only
        Path("/proc/self/oom_score_adj").write_text("1000")


def machine_is_crowded() -> bool:
    """Whether, over the last minute, half as many again wanted to run as there are cores (POSIX only)."""
    return os.getloadavg()[0] > 1.5 * (os.cpu_count() or 1)


def take_over_pipes() -> tuple[BufferedIOBase, BufferedIOBase]:
    """Keep standard input and output for messages; what a library prints goes to standard error."""
    stream_in, stream_out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    stream_out.write(greeting())
    stream_out.flush()
    return stream_in, stream_out


def listen(stream: BufferedIOBase, inbox: Mailbox) -> None:
    """Put what arrives into the inbox; when the other side is gone, end the process whatever it is doing."""
    try:
        while True:
            inbox.put(read_order(stream))
    except EOFError:
        os._exit(0)
    except Exception as error:
        logger.debug("A message could not be read.", exc_info=True)
        inbox.put(failure(error))


def failure(error: Exception) -> Failed:
    """Return the message about an exception that is being handled."""
    return Failed(error if isinstance(error, TrainingError) else TrainingError(explain(error), traceback.format_exc()))


def preload(modules: Sequence[str], inbox: Mailbox) -> None:
    """Import ahead what a run may need, and wake the device, until there is a run; it sees to the rest itself.

    A module that fails does so again, and is told, when a run needs it.
    """
    for module in modules:
        if len(inbox):
            return
        try:
            importlib.import_module(module)
        except Exception:
            logger.warning("%s does not load.", module, exc_info=True)
    if "torch" in sys.modules and not len(inbox):
        from napari_labelfix.networks.device import wake

        try:
            wake()
        except Exception:
            logger.warning("The graphics card does not wake.", exc_info=True)


def work(inbox: Mailbox, say: Callable[[Message], None]) -> TrainedModel:
    """Wait for the first order, then train, or apply a model, and report until the end."""
    inbox.wait()
    first, *later = inbox.take()
    match first:
        case Start(method, task, params, start_model):
            if start_model is not None:
                bring_along(params.start_from, start_model)
            task = annotated(task, later) or task
            training = method.load().train(task, params)
        case Apply(method, model, task, device):
            training = apply(method.load(), model, task, device)
        case Failed(error):
            raise error
        case _:
            raise TypeError(f"Expected Start or Apply as the first message, but got {type(first).__name__}.")
    changed = None
    while True:
        try:
            snapshot = training.send(changed)
        except StopIteration as end:
            return cast("TrainedModel", end.value)
        say(Progress(snapshot))
        changed = annotated(task, inbox.take())
        task = changed or task


def annotated(task: Task, messages: Sequence[Message]) -> Task | None:
    """Return the task with the annotations that have come, or None if none have."""
    changed = None
    for message in messages:
        match message:
            case Annotate(annotations):
                planes = list((changed or task).planes)
                for index, annotation in annotations.items():
                    planes[index] = replace(planes[index], annotation=annotation)
                changed = Task(tuple(planes))
            case Failed(error):
                raise error
    return changed


if __name__ == "__main__":
    main(sys.argv[1:])
