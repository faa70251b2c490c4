"""From words on a command line to paths and parameters."""

from __future__ import annotations

import json
import tomllib
from glob import glob
from typing import TYPE_CHECKING, Any

from napari_labelfix.errors import InputError, ParamError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_labelfix.methods.table import Method
    from napari_labelfix.params import Params

_TAKE_SEVERAL = ("--image", "--annotations", "--trusted", "--set", "--classes", "--with")


def expand_patterns(words: Sequence[str]) -> list[str]:
    """Replace a pattern such as `images/*.tif` by the files that it fits, as other shells than those of Windows do.

    Brackets are letters here: on Windows they are in names of files, and no part of a pattern.
    """
    expanded: list[str] = []
    for word in words:
        is_pattern = not word.startswith("-") and ("*" in word or "?" in word)
        found = sorted(glob(word.replace("[", "[[]"), recursive=True)) if is_pattern else []
        expanded += found or [word]
    return expanded


def repeat_flags(words: Sequence[str]) -> list[str]:
    """Write `--image a b` as `--image a --image b`, which is what the parser understands.

    Examples
    --------
    >>> repeat_flags(["--image", "a", "b", "--out", "c"])
    ['--image', 'a', '--image', 'b', '--out', 'c']
    """
    repeated: list[str] = []
    flag = None  # the one that the words now belong to
    for word in words:
        if word.startswith("-"):
            flag = word if word in _TAKE_SEVERAL else None
            if flag is None:
                repeated.append(word)
        else:
            repeated += [word] if flag is None else [flag, word]
    return repeated


def read_params(method: Method, file: Path | None, settings: Sequence[str], **flags: object) -> Params:
    """Make parameters from a file, `name=value` settings and flags; the later win over the earlier.

    Parameters
    ----------
    method
        Whose parameters.
    file
        TOML with a line `name = value` per parameter, or the record (JSON) of a run or a model that was made with them.
    settings
        As "threshold=0.9".
    flags
        Parameters with flags of their own; None is not given.

    Raises
    ------
    InputError
        If the file cannot be read or is of another method, a name is unknown or a value does not fit.
    """
    values: dict[str, Any] = {} if file is None else _read_file(file, method)
    values |= dict(map(_split, settings))
    values |= {name: value for name, value in flags.items() if value is not None}
    return method.params.from_dict(values)


def _read_file(path: Path, method: Method) -> dict[str, Any]:
    is_record = path.suffix.lower() == ".json"
    try:
        text = path.read_text(encoding="utf-8-sig")
        return _recorded(json.loads(text), path, method) if is_record else tomllib.loads(text)
    except OSError as error:
        advice = "Give a TOML file, or the run.json of a run."
        raise InputError(f"The parameters {path} cannot be read ({error.strerror}). {advice}") from None
    except (ValueError, RecursionError) as error:  # not UTF-8, or something else
        wanted = "the record of a run, run.json," if is_record else "TOML with lines like 'threshold = 0.8'"
        raise ParamError(f"Expected {wanted} in {path}, but: {error}.") from None


def _recorded(record: Any, path: Path, method: Method) -> dict[str, Any]:
    """Return the parameters in what `run.json` or `model.json` holds; refuse those of another method."""
    told = record if isinstance(record, dict) else {}
    found = next((told[name] for name in ("parameters", "params") if isinstance(told.get(name), dict)), None)
    if found is None:
        raise ValueError("there are no parameters in it")
    if told.get("method", method.name) != method.name:
        raise ParamError(
            f"{path} has the parameters of {told['method']}, but {method.name} is to be run. "
            f"Give the run.json of a run of {method.name}, or --set."
        )
    return dict(found)


def _split(setting: str) -> tuple[str, str]:
    name, equals, value = setting.partition("=")
    if not equals:
        raise ParamError(f"Expected --set name=value, but got {setting!r}.")
    return name.strip(), value.strip()
