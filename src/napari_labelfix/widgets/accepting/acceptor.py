"""What the accept part of the dock asks of whatever moves proposals over to what is the person's, or rejects them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Labels, Layer

    from napari_labelfix.review.actions import Edit
    from napari_labelfix.snapshots import Change


class Count(NamedTuple):
    """How many an accept would add, and how many of those asked for are there already."""

    new: int
    present: int


@dataclass(frozen=True)
class Accepted:
    """What an accept has done: how many it added, and how many of those asked for were there already."""

    count: int
    present: int


@dataclass(frozen=True)
class Rejected:
    """What became of one that was rejected.

    Parameters
    ----------
    how
        Words that follow "1 object was".
    new
        Whether it was not so before.
    way_back
        A sentence.
    """

    how: str
    new: bool = True
    way_back: str = ""


def several(noun: str) -> str:
    """Return what more than one of them are called."""
    return f"{noun}es" if noun.endswith("x") else f"{noun}s"


class Acceptor(ABC):
    """Moves what is proposed into a layer of the person's."""

    noun: ClassVar[str]  # what one of them is called
    certainty: ClassVar[str]  # what its number between 0 and 1 is called
    certainty_help: ClassVar[str]
    destination: ClassVar[str]  # where they go: words that follow "3 objects were accepted"
    way_back: ClassVar[str]  # a sentence

    @property
    @abstractmethod
    def target(self) -> Layer | None:
        """The layer that they go to, if there is one."""

    @property
    @abstractmethod
    def has_objects(self) -> bool:
        """Whether there is a proposal to accept from."""

    @abstractmethod
    def count(self, threshold: float = 0.0, change: Change | None = None) -> Count:
        """Return what accepting all that are at least this certain, and changed in this way, would do."""

    @abstractmethod
    def accept_above(self, threshold: float = 0.0, change: Change | None = None) -> Accepted | Edit | None:
        """Accept all that are at least this certain, and changed in this way; None if there is no proposal."""

    @abstractmethod
    def accept_at(self, position: Sequence[float]) -> Accepted | Edit | None:
        """Accept the one at a position in world coordinates; None if there is none."""

    @property
    def seen_in(self) -> Labels | None:
        """Labels in which it can be told what is pointed at in 3D; None for what can be pointed at in 2D only."""
        return None

    @property
    def can_reject(self) -> bool:
        """Whether a run can be told of a single one that it is none."""
        return False

    @property
    def rejects_into(self) -> Layer | None:
        """The layer that a rejection is drawn into, if there is one."""
        return self.target

    def reject_at(self, _position: Sequence[float]) -> Rejected | None:
        """Draw that there is none at a position in world coordinates; None if none is proposed there."""
        return None

    @abstractmethod
    def select_layer_without_brush(self) -> None:
        """Go to a layer on which a click does not draw."""

    def forget_counts(self) -> None:  # noqa: B027
        """Note that the target has changed, or is another one. Of labels their history tells it."""

    @property
    def can_take_back(self) -> bool:
        """Whether `take_back` would do something; not where Ctrl+Z does it."""
        return False

    @abstractmethod
    def take_back(self) -> int:
        """Take the last accept, or rejection, back, and return how many that were."""
