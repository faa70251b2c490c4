"""What happens when a person accepts or rejects: from a button, a key or a click on the canvas, to the layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Labels
from qtpy.QtCore import QObject, QTimer, Signal

from napari_labelfix.errors import InputError
from napari_labelfix.widgets.accepting.acceptor import several
from napari_labelfix.widgets.accepting.scopes import Scope, acceptors_of, scopes_of
from napari_labelfix.widgets.parts.shortcuts import SHORTCUTS
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.history import history_of
from napari_labelfix.widgets.viewer.picking import Picking
from napari_labelfix.widgets.viewer.pointing import place_at
from napari_labelfix.widgets.viewer.way_back import WayBack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_labelfix.review.actions import Edit
    from napari_labelfix.widgets.accepting.acceptor import Accepted, Acceptor, Rejected
    from napari_labelfix.widgets.accepting.view import AcceptView
    from napari_labelfix.widgets.annotating.layer_kind import AnnotationKind
    from napari_labelfix.widgets.parts.message import Message
    from napari_labelfix.widgets.results.result_layers import ResultLayers
    from napari_labelfix.widgets.running.session import Session

_COUNT_AFTER_MS = 300  # at most three counts a second, however often the proposal refreshes


class AcceptControl(QObject):
    """Connects the accept part of the dock with the layers of the chosen image.

    Parameters
    ----------
    viewer
        The viewer.
    view
        The buttons.
    message
        What the dock says.
    kind
        What the runs learn from.
    session
        The run, if one is going on.
    parent
        The Qt parent.
    """

    told = Signal(str, str)  # a sentence, and its mood: a `Mood`

    def __init__(
        self,
        viewer: ViewerModel,
        view: AcceptView,
        message: Message,
        kind: AnnotationKind,
        session: Session,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._view, self._kind, self._session = viewer, view, kind, session
        self._results: ResultLayers | None = None
        self._acceptors: list[Acceptor] = []
        self._picking = Picking(viewer, self)
        self._message = message
        self._do_at: Callable[[Any], None] = self._accept_at  # what a click on the canvas does
        self._drawn: Sequence[Layer | None] = ()
        self._watched: Layer | None = None  # what is accepted into
        self._rejected_into: Layer | None = None
        self._count_timer = QTimer(self)
        self._count_timer.setSingleShot(True)
        self._count_timer.setInterval(_COUNT_AFTER_MS)
        self._count_timer.timeout.connect(self.show_counts)
        self._way_back = WayBack(viewer, message.text, self._say)
        view.acceptAllClicked.connect(self.accept_all)
        view.acceptAboveClicked.connect(self.accept_above)
        view.thresholdChanged.connect(self.show_counts)
        view.pickChanged.connect(self._on_pick_changed)
        self._picking.picked.connect(lambda event: self._do_at(event))
        self._picking.drawing.connect(self.stop_picking)
        view.takeBackClicked.connect(self.take_back)
        view.scopeChanged.connect(self._on_scope_changed)
        layers.on_list_change(viewer, self.count_later)

    def set_results(self, results: ResultLayers | None, drawn: Sequence[Layer | None]) -> None:
        """Accept from these layers from now on; new input, and what is rejected, goes into what a person has drawn."""
        if results is not self._results:
            self.stop_picking()
        self._results, self._drawn = results, drawn
        self._acceptors = acceptors_of(results, self._kind, drawn) if results is not None else []
        self.show_counts()

    def accept_all(self) -> None:
        """Accept everything in the chosen scope that is not there yet."""
        change = self._scope.change
        self._accept(lambda acceptor: acceptor.accept_above(0.0, change), "Nothing is proposed yet.")

    def accept_above(self) -> None:
        """Accept what is at least as certain as the threshold."""
        threshold, change = self._view.threshold, self._scope.change
        self._accept(lambda acceptor: acceptor.accept_above(threshold, change), "Nothing is proposed yet.")

    def take_back(self) -> None:
        """Take the last accept, or rejection, back, where Ctrl+Z does not."""
        acceptor = self._scope.acceptor
        if acceptor is not None and (count := acceptor.take_back()):
            self.told.emit(f"{_was(acceptor.noun, count)} taken back.", "done")
        self.show_counts()

    def accept_under_cursor(self) -> None:
        """Accept the object under the mouse pointer."""
        self._accept_at(self._viewer.cursor)

    def reject_under_cursor(self) -> None:
        """Let runs learn that the object under the mouse pointer is none."""
        self._reject_at(self._viewer.cursor)

    def stop_picking(self) -> None:
        """Leave the mode in which a click accepts or rejects."""
        self._view.stop_picking()

    def count_later(self, _event: object = None) -> None:
        """Show the counts soon; more calls until then are one."""
        if not self._count_timer.isActive():
            self._count_timer.start()

    def show_counts(self) -> None:
        """Show what the buttons would do, and what the colours mean."""
        scope = self._scope
        self._watch_targets(scope.acceptor)
        self._view.show_scopes([each.name for each in self._scopes()])
        acceptor, change = scope.acceptor, scope.change
        if acceptor is not None:
            self._view.show_words(acceptor.noun, acceptor.certainty, acceptor.certainty_help)
            self._view.show_rejecting(scope.can_reject)
        if self._results is None or acceptor is None or not acceptor.has_objects:
            self._view.show_legend([])
            self._view.show_counts(None, None)
            return
        self._view.show_legend(self._results.legend())
        above, everything = acceptor.count(self._view.threshold, change), acceptor.count(0.0, change)
        self._view.show_counts(above, everything, acceptor.can_take_back)

    @property
    def _scope(self) -> Scope:
        scopes = self._scopes()
        return scopes[min(self._view.scope, len(scopes) - 1)] if scopes else Scope("", None)

    def _scopes(self) -> list[Scope]:
        return scopes_of(self._results, self._acceptors) if self._results is not None else []

    def _on_scope_changed(self) -> None:
        self.stop_picking()
        self.show_counts()

    def _accept(self, accept: Callable[[Acceptor], Accepted | Edit | None], nothing: str) -> None:
        self._act(lambda acceptor: self._tell_accepted(acceptor, accept(acceptor)), nothing)

    def _act(self, act: Callable[[Acceptor], bool], nothing: str) -> None:
        """Do something that says what it did, and returns whether there was anything; what is wrong is said, too."""
        if (acceptor := self._scope.acceptor) is None:
            return
        try:
            if not act(acceptor):
                self.told.emit(nothing, "hint")
        except InputError as error:
            self.told.emit(str(error), "warning")
        self.show_counts()

    def _tell_accepted(self, acceptor: Acceptor, accepted: Accepted | Edit | None) -> bool:
        if accepted is None:
            return False
        if not accepted.count and not accepted.present:
            self.told.emit("There is nothing to accept here.", "hint")
            return True
        target = acceptor.target
        is_labels = isinstance(target, Labels)
        learned_from = is_labels and any(layer is target for layer in self._drawn)
        self.told.emit(_what_happened(acceptor, accepted, ", as new input" if learned_from else ""), "done")
        if is_labels:  # also where nothing was new: what is there already may be taken back
            self._way_back.promise(target, acceptor.way_back)
        return True

    def _tell_rejected(self, acceptor: Acceptor, rejected: Rejected | None) -> bool:
        if rejected is None:
            return False
        was = f"{_was(acceptor.noun, 1)} {rejected.how}"
        if not rejected.new:
            self.told.emit(f"Nothing was changed: {was} already.", "done")
            return True
        learner = "the run" if self._session.running else "the next run"
        self.told.emit(f"{was}: {learner} learns from it. {rejected.way_back}", "done")
        if isinstance(acceptor.rejects_into, Labels):
            self._way_back.promise(acceptor.rejects_into, rejected.way_back)
        return True

    def _say(self, text: str) -> None:
        self.told.emit(text, "done")
        self.count_later()

    def _accept_at(self, pointer: Any) -> None:
        def accept(acceptor: Acceptor) -> Accepted | Edit | None:
            place = place_at(self._viewer, pointer, acceptor.seen_in)
            return acceptor.accept_at(place) if place is not None else None

        self._accept(accept, self._none_here("accept_object"))

    def _reject_at(self, pointer: Any) -> None:
        if self._results is not None and self._results.has_proposal and not self._scope.can_reject:
            self.told.emit(self._instead_of_rejecting(), "hint")
            return

        def reject(acceptor: Acceptor) -> bool:
            place = place_at(self._viewer, pointer, acceptor.seen_in)
            return place is not None and self._tell_rejected(acceptor, acceptor.reject_at(place))

        self._act(reject, self._none_here("reject_object"))

    def _none_here(self, action: str) -> str:
        return f"There is no proposed {self._scope.noun} here. Point at one and press {SHORTCUTS[action].key}."

    def _instead_of_rejecting(self) -> str:
        """Return what to do where a run cannot be told of a single object that it is none."""
        for scope in self._scopes():
            if scope.can_reject:
                return f"Choose “{scope.name}” to reject one."
        for part, layer in zip(self._kind.layers, self._drawn, strict=True):
            if layer is None and part.create is not None and not part.optional:
                return f"There is no {part.noun} that could say that it is none. {part.absent}".strip()
        return f"A run cannot be told of one wrong object alone. {self._kind.while_running}."

    def _on_pick_changed(self, action: str) -> None:
        self._picking.stop()
        acceptor = self._scope.acceptor
        if not action or acceptor is None:
            told, self._view.how_to_click = self._view.how_to_click, ""
            if told and self._message.text() == told:
                self.told.emit("", "hint")
            return
        if action == "accept_object":
            self._do_at, verb = self._accept_at, "accept"
            acceptor.select_layer_without_brush()
        else:
            self._do_at, verb = self._reject_at, "reject"
            if (layer := acceptor.rejects_into) is not None:
                layers.select_without_brush(self._viewer, layer)
        self._picking.start()
        self._view.how_to_click = f"Click on the {several(acceptor.noun)} to {verb}. Press the button again to end."
        self.told.emit(self._view.how_to_click, "hint")

    def _watch_targets(self, acceptor: Acceptor | None) -> None:
        rejected_into = acceptor.rejects_into if acceptor is not None and acceptor.has_objects else None
        if rejected_into is not self._rejected_into:
            if self._rejected_into is not None:
                _unwatch(self._rejected_into, self.count_later)
            if rejected_into is not None:
                _watch(rejected_into, self.count_later)
            self._rejected_into = rejected_into
        target = acceptor.target if acceptor is not None else None
        if target is self._watched:
            return
        if self._watched is not None:
            _unwatch(self._watched, self._on_target_touched)
        if target is not None:
            _watch(target, self._on_target_touched)
        self._watched = target
        self._forget_counts()

    def _on_target_touched(self, _event: object) -> None:
        self._forget_counts()
        self.count_later()

    def _forget_counts(self) -> None:
        for acceptor in self._acceptors:
            acceptor.forget_counts()


def _watch(target: Layer, callback: Callable[[object], object]) -> None:
    """Call a bound method when a target has changed; of labels the history tells, and not of each move of a slider."""
    if isinstance(target, Labels):
        history_of(target).changed.connect(callback)
    else:
        layers.watch(target, callback)


def _unwatch(target: Layer, callback: Callable[[object], object]) -> None:
    if isinstance(target, Labels):
        history_of(target).changed.disconnect(callback)
    else:
        layers.unwatch(target, callback)


def _what_happened(acceptor: Acceptor, accepted: Accepted | Edit, for_what: str) -> str:
    noun, present = acceptor.noun, accepted.present
    if not accepted.count:
        return f"Nothing was changed: {_was(noun, present)} already there."
    there = f" {present} more {'was' if present == 1 else 'were'} there already." if present else ""
    return f"{_was(noun, accepted.count)} accepted {acceptor.destination}{for_what}.{there} {acceptor.way_back}"


def _was(noun: str, count: int) -> str:
    return f"1 {noun} was" if count == 1 else f"{count} {several(noun)} were"
