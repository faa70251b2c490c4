"""Where trainings run: on this computer, or on another one that SSH reaches.

The trainer there is the same `python -m napari_labelfix.trainer`: SSH carries its standard input and output as a pipe
does, and when the connection ends, so does the trainer.
"""

from __future__ import annotations

import re
import shlex
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_labelfix.errors import InputError, TrainingError
from napari_labelfix.trainer.reasons import UNCHANGED, explain_exit

if TYPE_CHECKING:
    from collections.abc import Sequence

_MODULE = "napari_labelfix.trainer"
_SSH_FAILED = 255  # its exit status for its own failures; else it hands on that of the command
_NO_SUCH_COMMAND = 126, 127  # of a shell
_OF_SIGNALS = 128  # with the number of the signal added, a shell's status for what that has ended
_OPTIONS = {
    "BatchMode": "yes",  # nobody sees a question for a password here
    "ConnectTimeout": "15",  # seconds
    "ServerAliveInterval": "15",  # a connection that says nothing so long, three times, is lost
    "Compression": "yes",  # labels shrink to a hundredth
}


@dataclass(frozen=True)
class Computer:
    """Another computer, on which napari-labelfix is installed.

    Parameters
    ----------
    address
        As `ssh` takes it: `user@host`, or a name from its configuration.
    python
        The Python there that it is installed for: a command, or a path, from the home folder if it is not absolute.

    Raises
    ------
    InputError
        If there is no address, or something that cannot be one.
    """

    address: str
    python: str = "python3"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[^\s-]\S*", self.address):  # what begins with a dash would be an option
            raise InputError(f"Expected an address such as anna@gpu-server, but got {self.address!r}. Correct it.")
        if not self.python.strip():
            raise InputError("Expected the Python of the other computer, such as python3. Fill it in.")

    @classmethod
    def said(cls, words: str) -> Computer:
        """Return the computer that is meant by `anna@gpu-server`, or `anna@gpu-server:labelfix/bin/python`.

        Raises
        ------
        InputError
            If that cannot be an address.
        """
        found = re.fullmatch(r"(ssh://(?:[^:]*\[.*\]|[^:]*)(?::\d+)?|[^:]*)(?::(.+))?", words.strip())
        address, python = found.groups() if found is not None else (words, None)
        return cls(address) if python is None else cls(address, python)

    def command(self, modules: Sequence[str]) -> list[str]:
        """Return what starts a trainer there that imports these modules.

        Raises
        ------
        TrainingError
            If this computer has no SSH.
        """
        ssh = shutil.which("ssh")
        if ssh is None:
            raise TrainingError("Another computer is reached by SSH, which is not here. Install OpenSSH.")
        options = [word for name, value in _OPTIONS.items() for word in ("-o", f"{name}={value}")]
        python = self.python.strip().removeprefix("~/")  # a shell there begins in the home folder
        there = shlex.join([python, "-P", "-m", _MODULE, *modules])
        # SSH has one status for all that a signal ends; a shell tells them apart
        return [ssh, "-T", *options, "--", self.address, f"{there}; exit $?"]

    def explain_exit(self, status: int, log: str) -> str:
        """Say why a trainer there ended by itself.

        Parameters
        ----------
        status
            The exit status of `ssh`.
        log
            What it and the trainer have written to standard error.
        """
        if status in _NO_SUCH_COMMAND:
            return (
                f"There is no {self.python!r} on {self.address}. Give the path of the Python that napari-labelfix is "
                "installed for."
            )
        if re.search(r"No module named '?napari_labelfix", log):
            return (
                f"napari-labelfix is not installed for {self.python} on {self.address}. Install it there, or give the "
                "path of the Python that it is installed for."
            )
        if status != _SSH_FAILED:
            return f"On {self.address}: {explain_exit(_OF_SIGNALS - status if status > _OF_SIGNALS else status)}"
        said = next((line.strip() for line in reversed(log.splitlines()) if line.strip()), "no reason was given")
        if "Permission denied" in said:
            return (
                f"{self.address} does not let this computer in without a password ({said}). Set up a key, in a "
                f"terminal: ssh-copy-id {self.address}"
            )
        return (
            f"The connection to {self.address} failed or was lost ({said.rstrip('.')}). {UNCHANGED} "
            f"Try it in a terminal: ssh {self.address}"
        )
