"""One description of a parameter, from which come the form, the flag, the saved file and the docs.

A method declares its parameters once, as a frozen dataclass::

    @dataclass(frozen=True, kw_only=True)
    class Scribble2LabelParams(Params):
        threshold: float = param(0.8, label="Consistency", minimum=0.5, maximum=1.0, help="...")

Everything else reads `param_fields(Scribble2LabelParams)`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from inspect import get_annotations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, get_args, get_origin, get_type_hints

from napari_labelfix.errors import ParamError, choose_from

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = bool | int | float | str
Device = Literal["auto", "cpu", "cuda", "mps"]
Split = Literal["watershed", "components"]  # how a foreground becomes objects


@dataclass(frozen=True)
class ParamSpec:
    """What a person needs to know about a parameter; kept in the dataclass field's metadata."""

    label: str
    help: str
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    advanced: bool = False
    folder: bool = False


@dataclass(frozen=True)
class ParamField:
    """One parameter of a Params class: its name, type and default beside its `ParamSpec`."""

    name: str
    kind: type[bool] | type[int] | type[float] | type[str]
    default: Value
    choices: tuple[str, ...]
    spec: ParamSpec

    def convert(self, value: object) -> Value:
        """Return `value` as this parameter's type; text is read as on a command line.

        Raises
        ------
        ParamError
            If the value is of another type or outside the range.
        """
        if self.choices and value not in self.choices:
            raise ParamError(f"Expected {self.name} to be one of {', '.join(self.choices)}, but got {value!r}.")
        converted = _read(self, value)
        low, high = self.spec.minimum, self.spec.maximum
        if not isinstance(converted, str | bool) and not (
            (low is None or converted >= low) and (high is None or converted <= high)
        ):
            raise ParamError(f"Expected {self.name} to be {self._range()}, but got {converted}.")
        return converted

    def _range(self) -> str:
        low, high = self.spec.minimum, self.spec.maximum
        if low is None or high is None:
            return f"at most {high}" if low is None else f"at least {low}"
        return f"between {low} and {high}"


def param(
    default: Value,
    *,
    label: str,
    help: str,
    minimum: float | None = None,
    maximum: float | None = None,
    step: float | None = None,
    advanced: bool = False,
    folder: bool = False,
) -> Any:
    """Declare a parameter of a `Params` class.

    Parameters
    ----------
    default
        The value when nobody chooses one.
    label, help
        What stands in the form, and the sentence of the tooltip, the flag and the docs.
    minimum, maximum
        The closed range of a number; None is open.
    step
        The step of the form's spin box.
    advanced
        Folded away in the form.
    folder
        Of a text: it names a folder.
    """
    spec = ParamSpec(label, help, minimum, maximum, step, advanced, folder)
    return field(default=default, metadata={"param": spec})


@dataclass(frozen=True, kw_only=True)
class Params:
    """Base of every method's parameters: validated when made, and the same in every file and form."""

    seed: int = param(
        0, label="Seed", minimum=0, maximum=2**31 - 1, advanced=True, help="Same seed, same machine, same result."
    )
    device: Device = param(
        "auto", label="Device", advanced=True, help="Where to compute; auto takes a GPU when there is one."
    )
    start_from: str = param(
        "", label="Start from", advanced=True, folder=True,
        help="Folder of a saved model to go on with, of this method and of such images; empty: the method's own start.",
    )  # fmt: skip

    def __post_init__(self) -> None:
        for described in param_fields(type(self)):
            object.__setattr__(self, described.name, described.convert(getattr(self, described.name)))

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Self:
        """Make parameters from a mapping of names to values; text values are converted.

        Raises
        ------
        ParamError
            If a name is unknown or a value does not fit.
        """
        known = {described.name for described in param_fields(cls)}
        if unknown := sorted(set(values) - known):
            raise ParamError(f"Unknown parameter {unknown[0]!r}. {choose_from(unknown[0], sorted(known))}")
        chosen: dict[str, Any] = dict(values)
        return cls(**chosen)

    def to_dict(self) -> dict[str, Value]:
        """Return the parameters as plain values, ready for TOML or JSON."""
        return dataclasses.asdict(self)

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some values changed."""
        return dataclasses.replace(self, **changes)


@dataclass(frozen=True, kw_only=True)
class NetworkParams(Params):
    """Base of the parameters of methods that train a U-Net on crops."""

    batch_size: int = param(
        4, label="Batch", minimum=1, maximum=1024, advanced=True,
        help="Crops in a training step. Halved by itself when memory runs out.",
    )  # fmt: skip
    crop: int = param(
        256, label="Crop", minimum=32, maximum=4096, step=32, advanced=True,
        help="Side of a training crop in pixels. Halved by itself when memory runs out at batch 1.",
    )  # fmt: skip
    encoder: str = param(
        "microscopy", label="Encoder", advanced=True,
        help="The network's encoder: microscopy (compact, fast on a CPU), or a name of segmentation-models-pytorch "
        "such as resnet34 or resnet50.",
    )  # fmt: skip
    pretrained: bool = param(
        True, label="Pretrained", advanced=True,
        help="Start from pretrained weights where they can be had; otherwise from scratch.",
    )  # fmt: skip


def folder_said(text: str) -> Path:
    """Return the folder that a person has typed: "~" is their home, and "~name" of nobody is a name like any."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def param_fields(params: type[Params]) -> tuple[ParamField, ...]:
    """Return the parameters of a `Params` class, the method's own before those that it shares with others."""
    hints = get_type_hints(params)
    declared = {field.name: field for field in dataclasses.fields(params)}
    own_first = dict.fromkeys(name for kind in params.__mro__ for name in get_annotations(kind))
    return tuple(_describe(declared[name], hints[name]) for name in own_first if name in declared)


def _describe(declared: dataclasses.Field[Any], hint: Any) -> ParamField:
    choices = get_args(hint) if get_origin(hint) is Literal else ()
    default: Any = declared.default
    return ParamField(declared.name, str if choices else hint, default, choices, declared.metadata["param"])


_WORDS = dict.fromkeys(["true", "yes", "on", "1"], True) | dict.fromkeys(["false", "no", "off", "0"], False)


def _read(described: ParamField, value: object) -> Value:
    """Convert without losing anything: 3.0 is an int, 3.5 is not; "yes" is a bool, 2 is not."""
    try:
        if described.kind is bool:
            return value if isinstance(value, bool) else _WORDS[str(value).lower()]
        if isinstance(value, bool) or (described.kind is str and not isinstance(value, str)):
            raise ValueError
        kind: Any = described.kind
        converted: Value = kind(value)
        if described.kind is int and not isinstance(value, str) and converted != value:
            raise ValueError
        if isinstance(converted, float) and converted != converted:
            raise ValueError
    except (KeyError, TypeError, ValueError, OverflowError):  # infinity as a whole number overflows
        expected = {bool: "yes or no", int: "a whole number", float: "a number", str: "text"}[described.kind]
        raise ParamError(f"Expected {described.name} to be {expected}, but got {value!r}.") from None
    return converted
