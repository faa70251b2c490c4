"""Classes of objects, numbered from 1, and what they are called."""

from __future__ import annotations

import re
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

HIGHEST_CLASS = 2**8 - 1  # as proposals hold them; each up to the highest has a name
CLASSES = "classes"  # of objects that a layer knows, with their names: in its tag
OBJECT = "object"  # of the only class, where it has no name
_JOINERS = "\u200c\u200d"  # not seen themselves, but without them Persian words and emoji are others
_NUMBERED = re.compile(r"class (\d+)")


def name_of(number: int, names: Mapping[int, str]) -> str:
    """Return what a class is called: by its number where it has no name."""
    return names.get(number) or f"class {number}"


def list_names(highest: int, names: Mapping[int, str]) -> tuple[str, ...]:
    """Return the names of classes 1, 2, ... up to the highest that there is, or that has one."""
    highest = max([highest, *(number for number, name in names.items() if name)])
    if highest == 1:
        return (names.get(1) or OBJECT,)
    return tuple(name_of(number, names) for number in range(1, highest + 1))


def names_in_common(lists: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the names of classes 1, 2, ... for the objects of several images in one file.

    Raises
    ------
    InputError
        If a class has another name in one image than in another, or two classes have the same one: some objects would
        be called what they are not.
    """
    named = [listed for listed in lists if listed != (OBJECT,)]
    highest = max(map(len, lists), default=1)
    names: dict[int, str] = {}
    for number in range(1, highest + 1):
        given = sorted({listed[number - 1] for listed in named if len(listed) >= number} - {name_of(number, {})})
        if len(given) > 1:
            raise InputError(
                f"Class {number} is “{given[0]}” in one image, and “{given[1]}” in another. "
                "Give it one name, or export each image into a folder of its own."
            )
        if given and given[0] in names.values():
            raise InputError(
                f"“{given[0]}” is the name of two classes, each in another image. "
                "Give each a name of its own, or export each image into a folder of its own."
            )
        names[number] = given[0] if given else ""
    return list_names(highest, names)


def checked_name(name: str, number: int, taken: Iterable[str]) -> str:
    """Return a name that a person has typed, in one line and without what cannot be seen.

    Parameters
    ----------
    name
        As it was typed.
    number
        The class.
    taken
        What others are called.

    Raises
    ------
    InputError
        If there is nothing in it, or something else is called so.
    """
    name = _in_one_line(name)
    if not name:
        raise InputError("Expected a name for the class, but got none. Type at least one letter.")
    numbered = _NUMBERED.fullmatch(name.casefold())
    if (numbered and int(numbered[1]) != number) or name.casefold() in map(str.casefold, taken):
        raise InputError(f"Something else is called “{name}” already. Choose another name for this class.")
    return name


def names_in_order(names: Iterable[str]) -> dict[int, str]:
    """Return names that a person has typed for classes 1, 2, ..., by their numbers.

    Raises
    ------
    InputError
        As `checked_name`.
    """
    numbered: dict[int, str] = {}
    for number, name in enumerate(names, start=1):
        numbered[number] = checked_name(name, number, numbered.values())
    return numbered


def names_said_by(told: object) -> dict[int, str]:
    """Return names of classes by number as a file or another program tells them, without what can be none."""
    named = told.items() if isinstance(told, dict) else ()
    known = {str(key): name for key, name in named if isinstance(name, str)}
    numbers = sorted(int(key) for key in known if key.isdecimal() and 1 <= int(key) <= HIGHEST_CLASS)
    return {number: _in_one_line(known[str(number)]) for number in numbers if str(number) in known}


def names_given(listed: Mapping[int, str]) -> dict[int, str]:
    """Return the names that a list of classes gives: "" for one that is called by its number, or as another one is.

    It leads back from `list_names`: the only class is not called "object" by anybody.
    """
    names = names_said_by(listed)
    if list(names.values()) == [OBJECT]:
        return {}
    first = {name: number for number, name in reversed(names.items())}
    return {
        number: name if first[name] == number and name != name_of(number, {}) else "" for number, name in names.items()
    }


def number_names(names: Iterable[str]) -> dict[str, int]:
    """Return a class for each name: that of its number where it is called so, else the first that is left."""
    found = dict.fromkeys(names)
    said = {name: int(numbered[1]) for name in found if (numbered := _NUMBERED.fullmatch(name))}
    left = (number for number in count(1) if number not in said.values())
    return {name: said.get(name) or next(left) for name in found}


def class_said_by(value: object) -> int:
    """Return the class that a table says of an object, 1 and up: 1 if it is no whole number that a class can have."""
    if isinstance(value, int | float | np.integer | np.floating) and 1 <= value <= HIGHEST_CLASS and value % 1 == 0:
        return int(value)
    return 1


def classes_in(features: Any) -> dict[int, int]:
    """Return the class of each object of which the features of a layer say one."""
    if not {"index", "class"} <= set(features):
        return {}
    return {int(index): class_said_by(kind) for index, kind in zip(features["index"], features["class"], strict=True)}


def _in_one_line(name: str) -> str:
    seen = (character for character in " ".join(name.split()) if character.isprintable() or character in _JOINERS)
    return "".join(seen).strip(f"{_JOINERS} ")
