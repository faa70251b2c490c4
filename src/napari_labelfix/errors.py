"""The errors a person gets to read: each message says what is wrong and what to do about it."""

from collections.abc import Iterable
from difflib import get_close_matches


class LabelfixError(Exception):
    """Base of every error with a sentence meant for the user."""


class InputError(LabelfixError):
    """An image, an annotation or a path that a run cannot start from."""


class ParamError(InputError):
    """A parameter with an unknown name, a wrong type or a value out of range."""


class ModelError(LabelfixError):
    """A saved model that cannot be read, or that does not fit the image."""


class UnfitImageError(ModelError):
    """An image that has another number of channels than those that a model has learned from."""


class TrainingError(LabelfixError):
    """A run that ended before its time.

    Parameters
    ----------
    reason
        One sentence: what happened and what to do.
    details
        The traceback or the tail of the trainer's log, for the log file and bug reports.
    """

    def __init__(self, reason: str, details: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.details = details

    def __reduce__(self) -> tuple[type["TrainingError"], tuple[str, str]]:
        return TrainingError, (self.reason, self.details)


class OutputError(LabelfixError):
    """A result that cannot be written: no permission, a full disk, a folder that is a file."""


class DiskError(OutputError):
    """A project file that cannot be written just now: a full disk, or one that is away. It is tried again."""


class ProjectError(LabelfixError):
    """A project file that cannot be opened or written, or whose images are not those that it was made with."""


def reason_of(error: BaseException) -> str:
    """Return what an error of another library says, as part of a sentence."""
    return " ".join(str(error).split()).rstrip(".")[:160] or type(error).__name__


def choose_from(word: str, known: Iterable[str]) -> str:
    """Return what to do about a word that is none of those that are known: "Did you mean a? Choose from a, b."."""
    names = list(known)
    alike = {name.lower().replace("-", "_"): name for name in names}
    nearest = get_close_matches(word.lower().replace("-", "_"), alike, n=1)
    question = f"Did you mean {alike[nearest[0]]}? " if nearest else ""
    return f"{question}Choose from {', '.join(names)}."
