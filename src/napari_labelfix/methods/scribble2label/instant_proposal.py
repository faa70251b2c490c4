"""What forest and guide say of one plane, and whether that is what they say now."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from napari_labelfix.methods.scribble2label.trust import difference_of_masks, foreground

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from napari_labelfix.data.tiles import Window
    from napari_labelfix.methods.scribble2label.trust import Trust


class _State(Enum):
    UNREAD = auto()  # not read to the end yet
    CURRENT = auto()
    OUTDATED = auto()  # read to the end, and not since somebody would say something else


class InstantProposal:
    """The instant proposal of a plane.

    It is unread until the plane was read to its end. From then on it is current, until it is outdated: the forest has
    learned anew, or the guide, which was not heard in full, turns out to be right. Then the plane is to be read again,
    and is current when that has come to its end. In the middle of a reading the state is as it was.

    Attributes
    ----------
    says
        (classes, H, W) probabilities; None until there is something.
    pieces
        Where that is new, in the middle of a reading; None where it may be everywhere.
    """

    def __init__(self) -> None:
        self.says: Tensor | None = None
        self.pieces: list[Window] | None = None
        self._state = _State.UNREAD
        self._held_back: Tensor | None = None

    @property
    def is_current(self) -> bool:
        """Whether forest and guide would say the same again."""
        return self._state is _State.CURRENT

    @property
    def is_complete(self) -> bool:
        """Whether something is known of all of the plane, be it outdated."""
        return self._state is not _State.UNREAD

    def outdate(self) -> None:
        """Know that forest and guide would say something else."""
        if self._state is _State.CURRENT:
            self._state = _State.OUTDATED

    def read_on(self, says: Tensor, pieces: Sequence[Window]) -> None:
        """Take up what is said in the middle of a reading, and where that is new since it was taken up last."""
        self.says, self.pieces = says, [*pieces]

    def read_to_the_end(self, says: Tensor, held_back: Tensor | None) -> None:
        """Take up what is said of the whole plane.

        Parameters
        ----------
        says
            (classes, H, W) probabilities.
        held_back
            What the guide takes for foreground (H, W), if it is not heard in full.
        """
        self.says, self.pieces = says, None
        self._held_back = held_back
        self._state = _State.CURRENT

    def confirm(self, first_look: Tensor, trust: Trust) -> None:
        """Be outdated if the first look of a network (classes, H, W) confirms a guide that was held back."""
        if self._held_back is None:
            return
        if trust.backing(difference_of_masks(self._held_back, foreground(first_look))) > 0:
            self.outdate()
