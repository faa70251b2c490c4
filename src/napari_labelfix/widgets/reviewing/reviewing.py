"""Reviewing the objects of a Labels layer: which one comes next, and what a person decides about it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels
from qtpy.QtCore import QObject, Signal

from napari_labelfix.errors import InputError
from napari_labelfix.io.class_names import name_of
from napari_labelfix.review.queue import DoubtQueue, doubts
from napari_labelfix.review.record_table import RecordTable
from napari_labelfix.review.states import RecordChanges, State, of_class
from napari_labelfix.widgets.reviewing.object_search import ObjectSearch
from napari_labelfix.widgets.reviewing.proposal_review import ProposalReview
from napari_labelfix.widgets.reviewing.reference import fits
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.class_names import classes_of
from napari_labelfix.widgets.viewer.going import go_to
from napari_labelfix.widgets.viewer.history import REPLACED, STROKE, history_of
from napari_labelfix.widgets.viewer.label_layers import image_of
from napari_labelfix.widgets.viewer.one_in_view import OneInView
from napari_labelfix.widgets.viewer.way_back import WAY_BACK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari.components import ViewerModel
    from napari.utils.events import Event
    from numpy.typing import NDArray

    from napari_labelfix.review.boxes import Box
    from napari_labelfix.review.differences import Differences
    from napari_labelfix.review.states import Record
    from napari_labelfix.review.suspects import Suspects
    from napari_labelfix.widgets.reviewing.reference import Reference
    from napari_labelfix.widgets.viewer.history import History

NOT_THERE_NOW = "What was selected is gone: nothing lies in its place now. Select another object."
_DONE = {
    State.ACCEPTED: "accepted",
    State.REJECTED: "rejected",
    State.IGNORED: "marked as ignored",
    State.TODO: "put back to do",
    State.EDITED: "marked as edited",
}


class Reviewing(QObject):
    """Knows which layer is reviewed, which of its objects are selected, and how doubtful each is.

    Parameters
    ----------
    viewer
        The viewer.
    parent
        The Qt parent.
    """

    changed = Signal()  # records, pixels or doubts
    selected = Signal()  # other objects
    layerChanged = Signal()
    searched = Signal()  # suspects and differences are known now
    told = Signal(str, str)  # a sentence, and its mood: a `Mood`
    decided = Signal(object)  # the layer whose last step Ctrl+Z takes back, as was just told

    def __init__(self, viewer: ViewerModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._history: History | None = None
        self._layer: Labels | None = None
        self._other: Reference | None = None
        self._ids: list[int] = []
        self._queue = DoubtQueue()
        self._one_in_view = OneInView(viewer)
        self._proposal: ProposalReview | None = None
        self._search = ObjectSearch(viewer, self)
        self._search.began.connect(self.searched)
        self._search.found.connect(self._on_found)
        self._search.failed.connect(lambda sentence: self.told.emit(sentence, "error"))
        self.doubt: NDArray[np.float64] = np.zeros(0)
        layers.on_list_change(viewer, self._on_layers)

    @property
    def labels(self) -> Labels | None:
        """The layer that is reviewed and edited; None where there is none, and for a proposal, which is not edited."""
        return self._layer if self._layer is not None and self._proposal is None else None

    @property
    def layer(self) -> Labels | None:
        """The layer that is reviewed, also a proposal."""
        return self._layer

    @property
    def other(self) -> Reference | None:
        """The layer to compare with."""
        return self._other

    @property
    def table(self) -> RecordTable:
        """What is known about the objects."""
        return self._history.records.table if self._history is not None else RecordTable()

    @property
    def classes(self) -> Mapping[int, str]:
        """The classes that the objects are of, or may be of, by number; "" for one without a name."""
        known = classes_of(self._layer) if self._layer is not None else {}
        there = np.unique(self.table.classes[self.table.classes > 0]).tolist()
        return dict(sorted(({1: ""} | dict.fromkeys(there, "") | known).items()))

    @property
    def suspects(self) -> Suspects | None:
        """Why objects are suspect, once that is known."""
        return self._search.suspects

    @property
    def differences(self) -> Differences | None:
        """What differs from the other layer, once that is known."""
        return self._search.differences

    @property
    def unusable_ids(self) -> Sequence[int]:
        """Numbers in the labels that no object can have, as far as that is known."""
        return self._search.unusable_ids.tolist()

    @property
    def searching(self) -> bool:
        """Whether suspects are looked for."""
        return self._search.busy

    @property
    def selected_ids(self) -> Sequence[int]:
        """The selected objects, the one selected first at the beginning."""
        return self._ids

    @property
    def current(self) -> int | None:
        """The object that is looked at."""
        return self._ids[-1] if self._ids else None

    def review(self, layer: Labels | None, other: Reference | None = None) -> None:
        """Review a layer from now on, compared with another one.

        Raises
        ------
        InputError
            If the layer cannot be edited, or cannot be compared with the other one.
        """
        if layer is not None and other is not None and not fits(other, layer):
            raise InputError(f"“{other.name}” is of another size than “{layer.name}”. Choose labels of the same image.")
        history = history_of(layer) if layer is not None else None
        kept = self._ids if layer is self._layer else []
        self.leave()
        self._layer, self._other, self._history = layer, other, history
        self._search.look_at(layer, other)
        if layer is not None and history is not None:
            history.changed.connect(self._on_history)
            layer.events.selected_label.connect(self._on_label_picked)
            layer.events.metadata.connect(self._on_named)
            if layers.role_of(layer) == "proposal":
                self._proposal = ProposalReview(self._viewer, layer, history, self)
        self._refresh()
        self.layerChanged.emit()
        self.select(kept)
        self.search()

    def leave(self) -> None:
        """Review nothing any more."""
        if self._history is not None:
            self._history.changed.disconnect(self._on_history)
            self._history.looked_at = set()
        if self._layer is not None:
            self._layer.events.selected_label.disconnect(self._on_label_picked)
            self._layer.events.metadata.disconnect(self._on_named)
        if self._proposal is not None:
            self._proposal.leave()
        self._search.look_at(None)
        self._layer, self._other, self._history, self._proposal = None, None, None, None
        self._queue, self._ids = DoubtQueue(), []
        self.doubt = np.zeros(0)

    def search(self) -> None:
        """Look for suspects and differences, in the background."""
        self._search.start()

    def select(self, ids: Sequence[int]) -> None:
        """Select objects; the last one is what napari's brush draws from now on."""
        self._ids = [int(label) for label in ids if int(label) in self.table]
        if self._ids:
            self._queue.visit(self._ids[-1])
            if self._layer is not None and self._layer.editable:
                self._layer.selected_label = self._ids[-1]
        if self._history is not None:
            self._history.looked_at = self._queue.ids.union(self._ids)
        self.selected.emit()

    def go_to(self, label: int) -> None:
        """Select an object, and show it in the middle."""
        self.select([label])
        box = self.box_of(label)
        if box is not None and self._layer is not None:
            if not (isinstance(self._other, Labels) and self._other.visible):  # else a person looks at that one instead
                self._show_with_its_image(self._layer)
            go_to(self._viewer, self._layer, box)

    def _show_with_its_image(self, layer: Labels) -> None:
        """Show the labels, upon their own image: a method's dock may have another one in hand."""
        image = image_of(self._viewer, layer)
        if image is not None and layers.is_hidden_meanwhile(image):
            self._one_in_view.show(image, list(layers.layers_where(self._viewer, layers.is_input_image)))
        layers.show(layer)

    def next_doubtful(self) -> int | None:
        """Go to the most doubtful object that is left, and return its id; None if nothing is left."""
        label = self._queue.forward(self.table, self.doubt, self.current)
        if label is None:
            self.told.emit("Every object is decided." if len(self.table) else "There are no objects here.", "done")
        else:
            self.go_to(label)
        return label

    @property
    def can_go_back(self) -> bool:
        """Whether there is an object that was shown before."""
        return self._queue.can_go_back(self.table)

    def previous(self) -> None:
        """Go back to the object that was shown before."""
        if (label := self._queue.back(self.table)) is not None:
            self.go_to(label)
        else:
            self.told.emit("No other object was shown before.", "hint")

    def decide(self, state: State) -> None:
        """Set the state of the selected objects, and go to the next if it was one."""
        ids = self._ids
        if self._has_selected() and self._set_state(ids, state) and len(ids) == 1:
            self.next_doubtful()

    def set_class(self, number: int) -> None:
        """Say which class the selected objects are of; those of a proposal are accepted as that."""
        if not self._has_selected():
            return
        ids, called = self._ids, f"“{name_of(number, self.classes)}”"
        if (proposal := self._proposal) is not None:
            already = "What is selected is in the corrected layer already: choose its class there."
            self._carry_out(ids, lambda: proposal.accept(ids, number), f"accepted as {called}", already)
        else:
            already = f"What is selected is {called} already."
            said = partial(of_class, number=number)
            self._carry_out(ids, lambda: self._change(said, ids, "class"), f"marked as {called}", already)

    def _has_selected(self) -> bool:
        """Whether any object is selected; if not, what to do is said."""
        if not len(self.table):
            self.told.emit("There are no objects here.", "hint")
        elif not self._ids:
            self.told.emit("Select an object first: click on it, or go to the most doubtful one.", "hint")
        return bool(self._ids)

    def reachable(self, certainty: float) -> NDArray[np.int64]:
        """Return the objects to do that are at least this certain: 1 less their doubt."""
        with np.errstate(invalid="ignore"):
            sure = 1 - self.doubt >= certainty - 1e-9
        return self.table.ids[sure & self.table.in_state(State.TODO)]

    def accept_above(self, certainty: float) -> None:
        """Accept all objects to do that are at least this certain."""
        self._set_state(self.reachable(certainty).tolist(), State.ACCEPTED)

    def lock(self, locked: bool) -> None:
        """Lock the selected objects, so that no edit changes them, or free them again."""
        self._change(lambda record: replace(record, locked=locked), self._ids, "lock" if locked else "unlock")

    def set_note(self, label: int, note: str) -> None:
        """Write down what a person says about an object."""
        self._change(lambda record: replace(record, note=note), [label], "note")

    def box_of(self, label: int) -> Box | None:
        """Return where an object is."""
        return self._search.box_of(label)

    def boxes_in_view(self, labels: Sequence[int]) -> Mapping[int, Box]:
        """Return where objects are; those that are not in the plane in view may lack."""
        return self._search.boxes_in_view(labels)

    def _set_state(self, ids: Sequence[int], state: State) -> bool:
        if not ids:
            self.told.emit("No object to do is as certain.", "hint")
            return False
        if (proposal := self._proposal) is not None and state is State.ACCEPTED:
            return self._carry_out(ids, lambda: proposal.accept(ids), _DONE[state])
        decided = partial(replace, state=state)
        return self._carry_out(ids, lambda: self._change(decided, ids, _VERBS[state]), _DONE[state])

    def _carry_out(self, ids: Sequence[int], decision: Callable[[], int], done: str, already: str = "") -> bool:
        """Do what was decided about objects, and tell what was done, or that it was so already; return whether it went.

        Parameters
        ----------
        ids
            The objects.
        decision
            Does it, and returns of how many objects it has changed something.
        done, already
            What to tell: the end of a sentence, and a sentence.
        """
        try:
            count = decision()
        except InputError as error:
            self.told.emit(str(error), "warning")
            return False
        if count:
            objects = f"Object {ids[0]} was" if len(ids) == 1 else f"{count} objects were"
            self.told.emit(f"{objects} {done}. {WAY_BACK}", "done")
            self.decided.emit(layers.active(self._viewer))
        elif already:
            self.told.emit(already, "hint")
        return True

    def _change(self, change: Callable[[Record], Record], ids: Sequence[int], what: str) -> int:
        """Change records as one step, and return how many are different now."""
        history, layer = self._history, self._layer
        if history is None or layer is None:
            return 0
        before = {label: record for label in ids if (record := history.records.get(label)) is not None}
        after = {label: new for label, record in before.items() if (new := change(record)) != record}
        if after and history.step(None, RecordChanges(before, after), what):
            layers.select(self._viewer, layer)  # so that Ctrl+Z takes this step back
        return len(after)

    def _on_history(self, event: Event) -> None:
        change = event.value
        self._search.notice(change)
        if change.what == REPLACED:
            self._follow(change.heirs)
        self._refresh()
        if change.what == STROKE:
            self._tell_what_is_gone([label for label in change.ids.tolist() if label and label not in self.table])

    def _follow(self, heirs: Mapping[int, int] | None) -> None:
        """Stay with the objects that were looked at where they are numbered anew, by their old ids."""
        if heirs is None:  # the ids mean the same objects
            return
        looked_at, self._ids = self._ids, [heirs[label] for label in self._ids if label in heirs]
        self._queue.follow(heirs)
        self._refresh()
        self.select(self._ids)
        if looked_at and not self._ids:
            self.told.emit(NOT_THERE_NOW, "warning")

    def _tell_what_is_gone(self, ids: Sequence[int]) -> None:
        """Say so if a stroke has covered or erased whole objects: a broad brush does it unnoticed."""
        if ids:
            what = f"Object {ids[0]} is" if len(ids) == 1 else f"{len(ids)} objects are"
            self.told.emit(f"{what} gone: the stroke has left nothing there. {WAY_BACK}", "warning")
            self.decided.emit(self._layer)

    def _on_layers(self, _event: object) -> None:
        if self._proposal is not None:
            self._proposal.notice_layers()

    def _on_named(self, _event: object) -> None:
        self.changed.emit()

    def _on_label_picked(self, _event: Event) -> None:
        """Select what was picked with napari's tools."""
        label = self._layer.selected_label if self._layer is not None else 0
        if label in self.table and label not in self._ids:
            self.select([label])

    def _on_found(self) -> None:
        self._refresh()
        self.searched.emit()

    def _refresh(self) -> None:
        self.doubt = doubts(self.table, self.suspects)
        kept = [label for label in self._ids if label in self.table]
        self.changed.emit()
        if kept != self._ids:
            self.select(kept)


_VERBS = {
    State.ACCEPTED: "accept",
    State.REJECTED: "reject",
    State.IGNORED: "ignore",
    State.TODO: "put back",
    State.EDITED: "edit",
}
