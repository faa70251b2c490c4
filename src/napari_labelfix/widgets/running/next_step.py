"""What the dock says is to be done next, before a run, while it goes on, and afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from napari_labelfix.review.steadiness import Steadiness
from napari_labelfix.widgets.parts import shortcuts
from napari_labelfix.widgets.viewer import layers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_labelfix.snapshots import Snapshot
    from napari_labelfix.widgets.annotating.input_view import InputView
    from napari_labelfix.widgets.annotating.layer_kind import AnnotationKind
    from napari_labelfix.widgets.results.result_layers import ResultLayers
    from napari_labelfix.widgets.running.session import Session

    _Said = Callable[[], str]

_SOON_MS = 1000  # an answer that comes sooner needs no word before


class NextStep(QObject):
    """Knows how a run is going, as far as there is something to say about it.

    Parameters
    ----------
    kind
        What the method learns from.
    inputs
        What is chosen.
    session
        The run. This object lies in it.
    doubt
        Returns a sentence on how much of what is proposed is doubtful, or "".
    clicks
        Returns what to do while clicks on the canvas accept or reject, or "".
    """

    changed = Signal()  # there is something else to say of a run

    def __init__(self, kind: AnnotationKind, inputs: InputView, session: Session, doubt: _Said, clicks: _Said) -> None:
        super().__init__(session)
        self._kind, self._inputs, self._session, self._doubt, self._clicks = kind, inputs, session, doubt, clicks
        self.steadiness = Steadiness()  # of what is proposed
        self._said = ""  # of it
        self._waits = False  # for the answer to what was drawn, and longer than one does without a word
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_SOON_MS)
        self._patience.timeout.connect(self._lose_patience)

    def begin(self) -> None:
        """Forget the run before."""
        self.steadiness.begin()
        self._stop_waiting()

    def await_answer(self) -> None:
        """Note that something new was drawn and sent."""
        self.steadiness.begin()  # there is something new to learn
        self._patience.start()

    def note(self, snapshots: Sequence[Snapshot]) -> None:
        """Take in what has come from the run."""
        compared = [self.steadiness.note(snapshot) for snapshot in snapshots]
        if any(snapshot.answers for snapshot in snapshots):
            self._stop_waiting()
        said, self._said = self._said, self.steadiness.sentence
        if self._said != said or (said and any(compared)):  # now and then: to say it takes a look at what is drawn
            self.changed.emit()

    def sentence(self, results: ResultLayers | None) -> str:
        """Return what to do next, where these are the layers of the image in hand."""
        run = shortcuts.with_key("Run", "run_or_stop")
        proposed = results is not None and results.has_proposal
        if trouble := self._trouble(results):
            return trouble
        if clicks := self._clicks():
            return clicks
        if self._session.running and not self._session.learning:
            return "The model is being applied. Stop ends it."
        if self._session.running and self._waits:
            return "What you have drawn is being taken up."
        if self._session.running and proposed:
            return f"{self._unseen(results)} {self._how_to_help()}".strip()
        if self._session.running:
            return "The first proposal comes in a moment."
        if missing := self._inputs.missing():
            return f"{self._unseen(results)} Accept what is right. To train: {missing}".strip() if proposed else missing
        if proposed:
            then = ", then choose the next image;" if len(self._inputs.images.together) > 1 else ","
            afterwards = self._kind.afterwards
            if begun := self._inputs.begun:
                afterwards = f"finish “{begun}”, which was not learned from yet,"
            what_now = f"Accept what is right{then} or {afterwards} and press {run} again."
            return f"{self._unseen(results)} {what_now}".strip()
        return f"{self._inputs.doubt()} Press {run}.".strip()

    def is_blocked(self, results: ResultLayers | None) -> bool:
        """Whether something is in the way: of a run that goes on, or else of both training and accepting."""
        if self._session.running:
            return bool(self._trouble(results))
        return bool(self._inputs.missing()) and (results is None or not results.has_proposal)

    def _trouble(self, results: ResultLayers | None) -> str:
        """Return what keeps a run that goes on from being helped, or seen, and what to do, or ""."""
        if not self._session.running:
            return ""
        if self._session.learning and (missing := self._inputs.missing()):
            return f"The run goes on with what was drawn before; Stop ends it. {missing}"
        if results is not None and not results.has_proposal and results.layer(results.main) is None:
            run = shortcuts.with_key("Run", "run_or_stop")
            return f"The layer with what is proposed was deleted. To see it again: Stop, then {run}."
        return ""

    def _how_to_help(self) -> str:
        """Return how to help a run that has proposed something, or that it can be ended."""
        if begun := self._inputs.begun:
            return f"Label every object of “{begun}”: it is learned from when you go to another plane or image."
        if settled := self.steadiness.sentence:
            return f"{settled} {self._doubt()}".strip() + " Press Stop, or help where it is wrong."
        return f"{self._kind.while_running}; that is used at once. Press Stop when it is good."

    def _unseen(self, results: ResultLayers | None) -> str:
        """Return why what is proposed cannot be seen, and what to do, or ""."""
        if covered := self._inputs.covered():
            return covered
        main = results.layer(results.main) if results is not None else None
        if main is None or layers.is_seen(main):
            return ""
        return f"“{main.name}” is hidden: {shortcuts.SHORTCUTS['toggle_proposal'].key} shows it again."

    def _lose_patience(self) -> None:
        self._wait(True)

    def _stop_waiting(self) -> None:
        self._patience.stop()
        self._wait(False)

    def _wait(self, waits: bool) -> None:
        if waits != self._waits:
            self._waits = waits
            self.changed.emit()
