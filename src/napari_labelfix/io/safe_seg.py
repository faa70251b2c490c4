"""Arrays out of a pickle, without running anything in it: for Cellpose's `_seg.npy`.

Unpickling calls whatever functions a file names. Here the file's opcodes are only taken apart by the standard library's
disassembler: a function that it names stays a name, and a numpy array is made from the bytes that stand in the file.
"""

from __future__ import annotations

import pickletools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

_MARK = object()
_VALUES = (
    "BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8",
    "BINBYTES", "SHORT_BINBYTES", "BINBYTES8",
)  # fmt: skip
_ADVICE = "Open it in Cellpose and save the masks as TIFF or PNG."


@dataclass(eq=False)
class _Named:
    """What a pickle would make by calling something: the name and the arguments, not called."""

    name: str
    arguments: tuple[Any, ...] = ()
    state: Any = None


@dataclass(eq=False)
class _Machine:
    """The stack and the memo of a pickle."""

    stack: list[Any] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def since_mark(self) -> list[Any]:
        """Take off what was put on the stack since the last mark, and the mark."""
        at = next(i for i in range(len(self.stack) - 1, -1, -1) if self.stack[i] is _MARK)
        taken, self.stack = self.stack[at + 1 :], self.stack[:at]
        return taken

    def last(self, count: int) -> list[Any]:
        """Take off the last few."""
        taken, self.stack = self.stack[len(self.stack) - count :], self.stack[: len(self.stack) - count]
        return taken


def read_masks(path: Path) -> NDArray[Any]:
    """Return the masks of a `_seg.npy`, (Y, X) or (Z, Y, X).

    Raises
    ------
    InputError
        If there are none, or the file is not as Cellpose writes it.
    """
    try:
        with path.open("rb") as file:
            np.lib.format.read_magic(file)
            np.lib.format.read_array_header_1_0(file)
            content = _take_apart(file.read())
        masks = _array(content["masks"])
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).") from None
    except (ValueError, KeyError, TypeError, IndexError, StopIteration, AttributeError) as error:
        raise InputError(f"{path} is not a file with masks as Cellpose writes it ({error}). {_ADVICE}") from error
    if masks.dtype.kind not in "iu" or masks.ndim not in (2, 3):
        raise InputError(f"Expected masks of whole numbers in {path}, but got {masks.dtype} {masks.shape}. {_ADVICE}")
    return np.maximum(masks, 0)  # -1 has been the background of early versions


def _take_apart(pickled: bytes) -> dict[str, Any]:
    """Return the dict in an array of one object, with everything that would be called left as `_Named`."""
    machine = _Machine()
    for opcode, argument, _ in pickletools.genops(pickled):
        if opcode.name in ("PROTO", "FRAME"):
            continue
        if opcode.name == "STOP":
            break
        if opcode.name not in _STEPS:
            raise ValueError(f"it holds {opcode.name}")
        _STEPS[opcode.name](machine, argument)
    [whole] = machine.stack
    content = whole.state[-1][0] if isinstance(whole, _Named) else whole
    if not isinstance(content, dict):
        raise ValueError("it holds no named values")
    return content


def _array(made: Any) -> NDArray[Any]:
    """Make a numpy array from its shape, its type and its bytes as they stand in the file."""
    if not isinstance(made, _Named) or not made.name.endswith("multiarray._reconstruct"):
        raise ValueError("the masks are no array")
    _, shape, kind, by_columns, content = made.state
    if kind.name != "numpy.dtype" or kind.arguments[0][0] not in "iub":
        raise ValueError("the masks are no whole numbers")
    order = kind.state[1] if kind.state and kind.state[1] in "<>" else "="
    numbers = np.frombuffer(content, np.dtype(kind.arguments[0]).newbyteorder(order))
    array = numbers.reshape(shape, order="F" if by_columns else "C")
    return array.astype(array.dtype.newbyteorder("="))


def _push(machine: _Machine, value: Any) -> None:
    machine.stack.append(value)


def _append(machine: _Machine, values: list[Any]) -> None:
    machine.stack[-1].extend(values)


def _set_items(machine: _Machine, values: list[Any]) -> None:
    machine.stack[-1].update(zip(values[::2], values[1::2], strict=True))


def _call(machine: _Machine, _argument: Any) -> None:
    function, arguments = machine.last(2)
    if function.name == "_codecs.encode":  # bytes, as the second protocol writes them
        machine.stack.append(arguments[0].encode("latin1"))
    else:
        machine.stack.append(_Named(function.name, arguments))


def _build(machine: _Machine, _argument: Any) -> None:
    [state] = machine.last(1)
    machine.stack[-1].state = state


def _remember(machine: _Machine, argument: Any) -> None:
    machine.memo[len(machine.memo) if argument is None else argument] = machine.stack[-1]


_STEPS: dict[str, Callable[[_Machine, Any], None]] = {
    **dict.fromkeys(_VALUES, _push),
    "NONE": lambda machine, _: _push(machine, None),
    "NEWTRUE": lambda machine, _: _push(machine, True),
    "NEWFALSE": lambda machine, _: _push(machine, False),
    "MARK": lambda machine, _: _push(machine, _MARK),
    "EMPTY_DICT": lambda machine, _: _push(machine, {}),
    "EMPTY_LIST": lambda machine, _: _push(machine, []),
    "EMPTY_TUPLE": lambda machine, _: _push(machine, ()),
    "TUPLE": lambda machine, _: _push(machine, tuple(machine.since_mark())),
    "TUPLE1": lambda machine, _: _push(machine, tuple(machine.last(1))),
    "TUPLE2": lambda machine, _: _push(machine, tuple(machine.last(2))),
    "TUPLE3": lambda machine, _: _push(machine, tuple(machine.last(3))),
    "APPEND": lambda machine, _: _append(machine, machine.last(1)),
    "APPENDS": lambda machine, _: _append(machine, machine.since_mark()),
    "SETITEM": lambda machine, _: _set_items(machine, machine.last(2)),
    "SETITEMS": lambda machine, _: _set_items(machine, machine.since_mark()),
    "GLOBAL": lambda machine, names: _push(machine, _Named(names.replace(" ", "."))),
    "STACK_GLOBAL": lambda machine, _: _push(machine, _Named(".".join(machine.last(2)))),
    "REDUCE": _call,
    "BUILD": _build,
    "MEMOIZE": _remember,
    "BINPUT": _remember,
    "LONG_BINPUT": _remember,
    "BINGET": lambda machine, place: _push(machine, machine.memo[place]),
    "LONG_BINGET": lambda machine, place: _push(machine, machine.memo[place]),
}
