"""What the two processes tell each other, and how it goes through a pipe.

A message is one pickle (protocol 5) with the memory of its arrays beside it (PEP 574), so that a big array is
written from where it lies and read to where it stays, without a copy, and the interpreter is free for other
threads meanwhile. Unpickling can run code: what a trainer says, which may be on another computer, is read as the
records that it has to say and arrays, and as nothing else. A trainer reads all that the window sends, the methods of
others among it.
"""

from __future__ import annotations

import io
import pickle
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

import napari_labelfix
from napari_labelfix.errors import TrainingError
from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.snapshots import Belief, Ranking, Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping
    from io import BufferedIOBase

    from napari_labelfix.annotations import Annotation, Task
    from napari_labelfix.methods.table import Method
    from napari_labelfix.params import Device, Params

_GREETING = b"napari-labelfix trainer "  # and its version: a line; what stands before it was printed by others
_SAID = {  # all that a trainer's messages are made of
    *(("napari_labelfix.trainer.messages", name) for name in ("Ready", "Progress", "Finished", "Failed")),
    *((kind.__module__, kind.__name__) for kind in (Snapshot, Ranking, *get_args(Belief))),
    ("napari_labelfix.methods.checkpoint", "TrainedModel"),
    ("napari_labelfix.errors", "TrainingError"),
    *(("numpy", name) for name in ("ndarray", "dtype")),
    *((f"numpy.{core}.multiarray", name) for core in ("_core", "core") for name in ("_reconstruct", "scalar")),
    *((f"numpy.{core}.numeric", "_frombuffer") for core in ("_core", "core")),
}
_HEADER = struct.Struct("<QI")  # bytes of the pickle, number of buffers
_BUFFER = struct.Struct("<Q?")  # bytes of a buffer, read-only


@dataclass(frozen=True, eq=False)
class Start:
    """To the trainer: begin. The first message, and there is one only.

    `model` is the one that the parameters name to start from, for a trainer that cannot read this computer's files.
    """

    method: Method
    task: Task
    params: Params
    model: TrainedModel | None = None


@dataclass(frozen=True, eq=False)
class Apply:
    """To the trainer: tell what a model says of the planes of a task. It takes the place of `Start`."""

    method: Method
    model: TrainedModel
    task: Task
    device: Device


@dataclass(frozen=True, eq=False)
class Annotate:
    """To the trainer: the annotations of these planes, by their index, have changed; all else stays."""

    annotations: Mapping[int, Annotation | None]


@dataclass(frozen=True, eq=False)
class Ready:
    """From the trainer: everything is imported."""


@dataclass(frozen=True, eq=False)
class Progress:
    """From the trainer: what it now believes."""

    snapshot: Snapshot


@dataclass(frozen=True, eq=False)
class Finished:
    """From the trainer: the run came to its end."""

    model: TrainedModel


@dataclass(frozen=True, eq=False)
class Failed:
    """From the trainer, or about it when it died: why there is no result."""

    error: TrainingError


Message = Start | Apply | Annotate | Ready | Progress | Finished | Failed


def write_message(stream: BufferedIOBase, message: Message) -> None:
    """Write a message and flush.

    Raises
    ------
    TypeError
        If there is a torch object in it: reading that would import torch into the GUI's process.
    """
    body, buffers = io.BytesIO(), list[pickle.PickleBuffer]()
    _Pickler(body, protocol=5, buffer_callback=buffers.append).dump(message)
    views = [buffer.raw() for buffer in buffers]
    stream.write(_HEADER.pack(body.tell(), len(views)))
    for view in views:
        stream.write(_BUFFER.pack(view.nbytes, view.readonly))
    stream.write(body.getbuffer())
    for view in views:
        stream.write(view)
    stream.flush()


def read_message(stream: BufferedIOBase) -> Message:
    """Wait for a message of the trainer; arrays that were writable arrive writable.

    Raises
    ------
    EOFError
        If the other process closed its end, between two messages or in the middle of one.
    TrainingError
        If it holds anything but records of this package and arrays.
    """
    message = _read_pickle(stream, _Unpickler)
    if not isinstance(message, Ready | Progress | Finished | Failed):
        raise _not_a_result(type(message).__name__)
    return message


def read_order(stream: BufferedIOBase) -> Message:
    """Wait for a message to the trainer; the records of others' methods may be in it.

    Raises
    ------
    EOFError
        As `read_message`.
    """
    return _read_pickle(stream, pickle.Unpickler)


def _read_pickle(stream: BufferedIOBase, unpickler: type[pickle.Unpickler]) -> Message:
    size, count = _HEADER.unpack(_read(stream, _HEADER.size))
    shapes = [_BUFFER.unpack(_read(stream, _BUFFER.size)) for _ in range(count)]
    body = _read(stream, size)
    buffers = [_read(stream, nbytes) if readonly else _read_writable(stream, nbytes) for nbytes, readonly in shapes]
    message: Message = unpickler(io.BytesIO(body), buffers=buffers).load()
    return message


def greeting() -> bytes:
    """Return the first bytes that the trainer says."""
    return _GREETING + napari_labelfix.__version__.encode() + b"\n"


def skip_to_greeting(stream: BufferedIOBase) -> None:
    """Read past what was printed before the trainer took its standard output for messages.

    Raises
    ------
    EOFError
        If the stream ends without the greeting.
    TrainingError
        If the trainer is of another version: its messages might not be understood.
    """
    while _GREETING not in (line := stream.readline()):
        if not line:
            raise EOFError("The trainer ended before it could say a word.")
    there = line.rpartition(_GREETING)[2].strip().decode(errors="replace")
    if there != (here := napari_labelfix.__version__):
        raise TrainingError(
            f"The trainer is napari-labelfix {there}, but this window has {here}. Restart napari after an update, and "
            "install the same version on both computers if it trains on another one."
        )


class _Unpickler(pickle.Unpickler):
    """An unpickler that makes what a trainer says, and imports and calls nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _SAID:
            return super().find_class(module, name)
        raise _not_a_result(f"{module}.{name}")


def _not_a_result(what: str) -> TrainingError:
    return TrainingError(
        f"The trainer has sent {what}, which is no result of a training. Choose a computer that you trust."
    )


class _Pickler(pickle.Pickler):
    """A pickler that copies as little as it can."""

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, TrainedModel):  # bytes go in the pickle, unless wrapped
            weights = pickle.PickleBuffer(value.weights)
            return TrainedModel, (value.method, value.params, value.network, weights, value.versions)
        if type(value) is np.ndarray and not value.flags.forc and not value.dtype.hasobject:
            # numpy would turn it into bytes while it holds the interpreter; this copy lets other threads run
            return np.ascontiguousarray(value).__reduce_ex__(5)
        if type(value).__module__.partition(".")[0] == "torch":
            raise TypeError(f"Expected numpy and plain values in a message, but got {type(value).__name__}.")
        return NotImplemented


def _read(stream: BufferedIOBase, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError(f"Expected {size} bytes, but got {len(data)}. The other process ended.")
    return data


def _read_writable(stream: BufferedIOBase, size: int) -> memoryview:
    buffer = np.empty(size, np.uint8).data  # not a bytearray: that would fill itself with zeros first
    rest = buffer
    while rest:
        count = stream.readinto(rest)
        if not count:
            raise EOFError(f"Expected {size} bytes, but got {size - len(rest)}. The other process ended.")
        rest = rest[count:]
    return buffer
