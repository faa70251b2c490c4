"""Reviewing a proposal: what is accepted goes into the corrected layer, and its state follows what is there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject

from napari_labelfix.errors import InputError
from napari_labelfix.review.actions import MOSTLY, coverage
from napari_labelfix.review.states import State
from napari_labelfix.widgets.accepting.objects import AcceptingObjects
from napari_labelfix.widgets.results.proposal_layers import ProposalLayers
from napari_labelfix.widgets.viewer import image_planes, layers
from napari_labelfix.widgets.viewer.history import REPLACED, history_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from napari.components import ViewerModel
    from napari.layers import Labels
    from napari.utils.events import Event
    from numpy.typing import NDArray

    from napari_labelfix.widgets.viewer.history import History
    from napari_labelfix.widgets.viewer.image_planes import Index


class _Covered:
    """How far the objects of a proposal are covered by what was accepted, plane by plane: of a stack few change.

    Parameters
    ----------
    corrected
        The history of what was accepted.
    ids
        (N,) all objects of the proposal, ascending.
    """

    def __init__(self, corrected: History, ids: NDArray[np.int64]) -> None:
        self.corrected, self.ids = corrected, ids
        self._known: dict[Index, tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.int64]]] = {}

    def mostly(self, proposed: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Return (N,) which are covered by more than half, as `already_there` says; `proposed` holds all pixels."""
        sizes, covered = np.zeros((2, self.ids.size), np.int64)
        for index in image_planes.plane_indices(proposed.shape):
            if index not in self._known:
                found = coverage(proposed[index], self.corrected.layer.data[index], self.ids)
                here = np.flatnonzero(found[0])
                self._known[index] = here, found[0][here], found[1][here]
            here, pixels, there = self._known[index]
            sizes[here] += pixels
            covered[here] += there
        return covered > MOSTLY * sizes

    def forget(self, planes: Collection[Index] | None) -> None:
        """Look at these planes again, or at all."""
        for index in list(self._known) if planes is None else planes:
            self._known.pop(index, None)


class ProposalReview(QObject):
    """Accepts from a proposal, and shows as accepted what is in the corrected layer.

    Parameters
    ----------
    viewer
        The viewer.
    layer, history
        The proposal.
    parent
        The Qt parent.
    """

    def __init__(self, viewer: ViewerModel, layer: Labels, history: History, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._layer, self._history = viewer, layer, history
        self._followed: History | None = None
        self._covered: _Covered | None = None
        self._history.changed.connect(self._on_proposal)
        self.follow()

    def accept(self, ids: Sequence[int], class_number: int = 0) -> int:
        """Accept objects, one in the place of what it covers, several beside what is there; return how many.

        Parameters
        ----------
        ids
            The objects.
        class_number
            What a person says that they are; 0 for what was proposed.

        Raises
        ------
        InputError
            If the corrected layer cannot hold another id, or there is no image for it to lie on.
        """
        accepting = self._accepting()
        if accepting is None:
            raise InputError(f"The image of “{self._layer.name}” is gone. Open it again: what you accept lies on it.")
        if len(ids) == 1:
            edit = accepting.accept_in_place(ids[0], class_number)
        else:
            edit = accepting.accept_ids(np.array(ids, np.int64), class_number)
        self.follow()
        return edit.count if edit is not None else 0

    def follow(self) -> None:
        """Look at which objects are in the corrected layer: none where a person has deleted it."""
        accepting = self._accepting()
        if accepting is None or self._layer not in layers.all_layers(self._viewer):
            return
        self._listen_to(_history_of_corrected(accepting))
        table = self._history.records.table
        there = self._present(accepting.corrected, table.ids)
        accepted = table.in_state(State.ACCEPTED)
        now = dict.fromkeys(np.flatnonzero(there & ~accepted & ~table.set_aside), State.ACCEPTED)
        now |= dict.fromkeys(np.flatnonzero(accepted & ~there), State.TODO)
        if now:
            self._history.set_quietly(
                {int(table.ids[row]): replace(table.at(int(row)), state=state) for row, state in now.items()}
            )

    def notice_layers(self) -> None:
        """Look again if the corrected layer has come or gone."""
        accepting = self._accepting()
        if accepting is not None and _history_of_corrected(accepting) is not self._followed:
            self.follow()

    def leave(self) -> None:
        """Follow nothing any more."""
        self._history.changed.disconnect(self._on_proposal)
        self._listen_to(None)

    def _present(self, corrected: Labels | None, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return (N,) which of all objects are in the corrected layer; only planes that changed are looked at."""
        if corrected is None:
            return np.zeros(ids.size, bool)
        history = history_of(corrected)
        if self._covered is None or self._covered.corrected is not history or self._covered.ids is not ids:
            self._covered = _Covered(history, ids)
        return self._covered.mostly(self._layer.data)

    def _listen_to(self, corrected: History | None) -> None:
        if corrected is self._followed:
            return
        if self._followed is not None:
            self._followed.changed.disconnect(self._on_corrected)
        if corrected is not None:
            corrected.changed.connect(self._on_corrected)
        self._followed = corrected

    def _on_corrected(self, event: Event) -> None:
        if self._covered is not None:
            self._covered.forget(event.value.planes)
        self.follow()

    def _on_proposal(self, event: Event) -> None:
        if event.value.what == REPLACED:
            self._covered = None
            self.follow()

    def _accepting(self) -> AcceptingObjects | None:
        tag = layers.tag_of(self._layer)
        image = layers.image_with(self._viewer, tag["image"]) if "image" in tag else None
        if image is None:
            return None
        return AcceptingObjects(ProposalLayers(self._viewer, image, str(tag.get("method", ""))))


def _history_of_corrected(accepting: AcceptingObjects) -> History | None:
    return history_of(accepting.corrected) if accepting.corrected is not None else None
