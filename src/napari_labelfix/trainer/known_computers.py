"""The computers that a person has chosen to train on, kept in their configuration folder."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from platformdirs import user_config_path

from napari_labelfix.errors import InputError
from napari_labelfix.trainer.computers import Computer

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class KnownComputers:
    """Other computers, and the one that trains.

    Parameters
    ----------
    others
        With different addresses, the newest last.
    chosen
        One of them, or None for this computer.
    """

    others: tuple[Computer, ...] = ()
    chosen: Computer | None = None

    @classmethod
    def load(cls) -> KnownComputers:
        """Read what was saved; nothing where there is no such file, or a damaged one."""
        with suppress(OSError, ValueError, TypeError, KeyError, AttributeError, InputError):
            found = json.loads(_path().read_text(encoding="utf-8"))
            others = tuple(Computer(**each) for each in found["computers"])
            chosen = next((computer for computer in others if computer.address == found["chosen"]), None)
            return cls(others, chosen)
        return cls()

    def save(self) -> None:
        """Write them; where that is not possible, the choice lasts as long as the dock."""
        chosen = None if self.chosen is None else self.chosen.address
        text = json.dumps({"computers": [asdict(computer) for computer in self.others], "chosen": chosen}, indent=2)
        try:
            _path().parent.mkdir(parents=True, exist_ok=True)
            whole = _path().with_suffix(".new")
            whole.write_text(text + "\n", encoding="utf-8")
            whole.replace(_path())
        except OSError as error:
            logger.warning("The chosen computer cannot be kept (%s).", error)

    def choose(self, computer: Computer | None) -> KnownComputers:
        """Return these with another one chosen; one of the same address is replaced."""
        if computer is None:
            return replace(self, chosen=None)
        return KnownComputers((*self._without(computer), computer), computer)

    def forget(self, computer: Computer) -> KnownComputers:
        """Return these without one of them."""
        chosen = None if self.chosen == computer else self.chosen
        return KnownComputers(self._without(computer), chosen)

    def _without(self, computer: Computer) -> tuple[Computer, ...]:
        return tuple(other for other in self.others if other.address != computer.address)


def find_computer(words: str) -> Computer:
    """Return the computer that a person means, as `Computer.said`; without a Python, with that it is known by.

    Raises
    ------
    InputError
        If that cannot be an address.
    """
    meant = Computer.said(words)
    known = (other for other in KnownComputers.load().others if other.address == words.strip())
    return next(known, meant)


def _path() -> Path:
    return user_config_path("napari-labelfix", appauthor=False) / "computers.json"
