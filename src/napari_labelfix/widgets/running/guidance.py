"""What a dock's line says: what was said last for as long as it matters, and then what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.utils.notifications import show_error, show_warning
from qtpy.QtCore import QObject

from napari_labelfix.errors import InputError

if TYPE_CHECKING:
    from napari_labelfix.errors import LabelfixError
    from napari_labelfix.widgets.parts.message import Message, Mood
    from napari_labelfix.widgets.results.result_layers import ResultLayers
    from napari_labelfix.widgets.running.next_step import NextStep
    from napari_labelfix.widgets.running.session import Session


class Guidance(QObject):
    """Decides which sentence makes way for which.

    A hint, which says what to do next, makes way for any other. What was done is told until something is in the way of
    what comes next, a warning until something is drawn or chosen, and an error until the next run or another image.

    Parameters
    ----------
    message
        The line.
    next_step
        Knows the hints.
    session
        The run. This object lies in it.

    Attributes
    ----------
    results
        The layers of the image in hand.
    """

    def __init__(self, message: Message, next_step: NextStep, session: Session) -> None:
        super().__init__(session)
        self._message, self._next_step, self._session = message, next_step, session
        self._undelivered = ""  # why what was drawn last was not sent
        self._refused = ""  # why nothing could be drawn
        self._had_proposal = False  # the image in hand, when it was said last what to do next
        self.results: ResultLayers | None = None
        next_step.changed.connect(lambda: self._renew_if(message.mood == "hint"))

    def renew(self) -> None:
        """Say what to do next."""
        self._had_proposal = self._has_proposal
        self._message.show_text(self._next_step.sentence(self.results))

    def say(self, sentence: str, mood: Mood = "hint") -> None:
        """Say what was done or is wrong, or if that is "", what to do next."""
        if sentence:
            self._message.show_text(sentence, mood)
        else:
            self.renew()

    def tell(self, sentence: str, mood: Mood = "error") -> None:
        """Say what is wrong, in the corner of napari's window, too."""
        self.say(sentence, mood)
        (show_error if mood == "error" else show_warning)(sentence)

    def refuse(self, error: LabelfixError) -> None:
        """Say why something is not begun."""
        self.tell(str(error), "warning" if isinstance(error, InputError) else "error")

    def refuse_to_draw(self, sentence: str) -> None:
        """Say why nothing can be drawn, until something is."""
        self._refused = sentence
        self.tell(sentence, "warning")

    def hold_back(self, error: InputError) -> None:
        """Say why what was drawn is not sent to the run."""
        self._undelivered = f"The run goes on with what was drawn before. {error}"
        self.say(self._undelivered, "warning")

    def delivered(self) -> None:
        """Notice that what was drawn can be sent to the run, or has been."""
        self._renew_if(self._message.text() == self._undelivered)

    def proposals_shown(self) -> None:
        """Notice that a run has proposed something; of several images that in hand need not be the first."""
        self._renew_if(self._has_proposal and not self._had_proposal)

    def choice_changed(self, *, is_another: bool) -> None:
        """Notice that something else is chosen; `is_another` image in hand ends an error, too."""
        self._renew_if(is_another or self._message.mood != "error")

    def drawing_changed(self) -> None:
        """Notice that something was drawn, or a layer came or went."""
        mood = self._message.mood
        passes = not self._session.running or self._message.text() == self._refused
        is_over = mood == "hint" or (mood == "warning" and passes)
        self._renew_if(is_over or (mood == "done" and self._next_step.is_blocked(self.results)))

    def run_ended(self) -> None:
        """Notice that a run ended."""
        self._renew_if(self._message.mood != "error")

    @property
    def _has_proposal(self) -> bool:
        return self.results is not None and self.results.has_proposal

    def _renew_if(self, makes_way: bool) -> None:
        if makes_way:
            self.renew()
