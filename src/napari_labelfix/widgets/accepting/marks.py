"""Accepting points or boxes as new input, as cells or as none: into the layer with the person's own, and out again."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import numpy as np

from napari_labelfix.io.tables import CELL, NO_CELL
from napari_labelfix.widgets.accepting import added_marks
from napari_labelfix.widgets.accepting.acceptor import Accepted, Acceptor, Count, Rejected
from napari_labelfix.widgets.viewer import layers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_labelfix.snapshots import Change
    from napari_labelfix.widgets.results.result_layers import ResultLayers

Marks = TypeVar("Marks", bound="Layer")


class AcceptingMarks(Acceptor, Generic[Marks]):
    """Copies proposed marks into the layer that runs learn from; where there is none, it is made for the first ones.

    napari keeps no history of points and shapes, so this remembers what it has added.

    Parameters
    ----------
    results
        The layers with what is proposed.
    annotation
        The person's marks; None where there are none.
    """

    certainty = "Score"
    certainty_help = "How sure the detector is that there is a cell."
    way_back = "“Take back” removes what was added last."
    wrong: ClassVar[str]  # the role of what is proposed to be none; it is never accepted in bulk

    def __init__(self, results: ResultLayers, annotation: Marks | None) -> None:
        self._results, self._annotation = results, annotation
        self._known: tuple[NDArray[np.bool_], NDArray[np.bool_]] | None = None  # what `_present` and `_denied` return
        self._known_of: object = None  # the table of the proposed marks that they were worked out for

    @property
    def target(self) -> Layer | None:
        """The person's marks."""
        return self._annotation

    @property
    def has_objects(self) -> bool:
        """Whether something is proposed."""
        return self._results.has_proposal

    @property
    def can_take_back(self) -> bool:
        """Whether something was accepted or rejected."""
        return self._annotation is not None and bool(added_marks.steps_of(self._annotation))

    @property
    def can_reject(self) -> bool:
        """Whether a run can be told of a single one that it is none: always."""
        return True

    def select_layer_without_brush(self) -> None:
        """Go to the person's marks, where a click adds none for now."""
        if self._annotation is not None:
            layers.select_without_brush(self._results.viewer, self._annotation)

    def forget_counts(self) -> None:
        """Note that the person's marks have changed, or are others."""
        self._known = None

    def count(self, threshold: float = 0.0, change: Change | None = None) -> Count:
        """Return what accepting all marks of at least this score would do."""
        proposed = self._proposed()
        if proposed is None:
            return Count(0, 0)
        there, denied = self._what_is_known(proposed)
        chosen = self._right(proposed, threshold) & ~denied
        present = int(there[chosen].sum())
        return Count(int(chosen.sum()) - present, present)

    def accept_above(self, threshold: float = 0.0, change: Change | None = None) -> Accepted | None:
        """Accept all marks of at least this score that were not rejected; None if nothing is proposed."""
        proposed = self._proposed()
        if proposed is None:
            return None
        chosen, present = self._right(proposed, threshold) & ~self._denied(proposed), self._present(proposed)
        return self._add(proposed, chosen & ~present, int((chosen & present).sum()), CELL)[0]

    def accept_at(self, position: Sequence[float]) -> Accepted | None:
        """Accept the mark at a position in world coordinates, as what it is taken for."""
        proposed = self._proposed()
        if proposed is None or (one := self._one_at(proposed, position)) is None:
            return None
        if self._present(proposed)[one].any():
            return Accepted(0, 1)
        return self._add(proposed, one, 0, self._taken_for(proposed, one))[0]

    def reject_at(self, position: Sequence[float]) -> Rejected | None:
        """Mark the one at a position in world coordinates as no cell, in place of what the person has there as one."""
        proposed = self._proposed()
        if proposed is None or (one := self._one_at(proposed, position)) is None:
            return None
        how = "marked as no cell"
        if self._denied(proposed)[one].any():
            return Rejected(how, new=False)
        _, removed = self._add(proposed, one, 0, NO_CELL)
        if removed:
            return Rejected(f"{how}, in place of yours", way_back="“Take back” brings yours again.")
        return Rejected(how, way_back=self.way_back)

    def take_back(self) -> int:
        """Remove what the last accept, or rejection, has added, as far as it is still where it was."""
        if self._annotation is None or not self.can_take_back:
            return 0
        step, gone = added_marks.take_back(self._annotation)
        self._give_back(self._annotation, step.removed, gone)
        self.forget_counts()
        return len(gone)

    def _proposed(self) -> Marks | None:
        return self._results.layer(self._results.main) if self.has_objects else None

    def _right(self, proposed: Marks, threshold: float) -> NDArray[np.bool_]:
        """Return (N,) which marks are proposed as cells with at least this score."""
        features = proposed.features
        return ((features["score"] >= threshold) & (features["role"] != self.wrong)).to_numpy()

    def _one_at(self, proposed: Marks, position: Sequence[float]) -> NDArray[np.bool_] | None:
        """Return (N,) which of the proposed marks is at a position in world coordinates; None if none is."""
        index = self._at(proposed, np.asarray(proposed.world_to_data(position)))
        return None if index is None else np.arange(len(proposed.data)) == index

    def _taken_for(self, proposed: Marks, one: NDArray[np.bool_]) -> str:
        """Return what kind of mark the person gets of one that is proposed."""
        return CELL

    def _add(
        self, proposed: Marks, chosen: NDArray[np.bool_], present: int, kind: str
    ) -> tuple[Accepted, Sequence[Any]]:
        """Add some (N,) of the proposed marks as cells, or as none; return also what made room for them."""
        if self._annotation is None and chosen.any():
            self._annotation = self._create(proposed)
            layers.add_quietly(self._results.viewer, self._annotation)
        if (layer := self._annotation) is None:
            return Accepted(0, present), []
        removed = self._make_room(proposed, chosen, layer, kind)
        before = len(layer.data)
        self._copy(proposed, chosen, layer, kind)
        added = [np.array(mark) for mark in layer.data[before:]]
        if added:
            added_marks.note(layer, added_marks.Step(added, removed))
        self.forget_counts()
        layers.show(layer)
        layers.select(self._results.viewer, layer)
        return Accepted(len(added), present), removed

    def _what_is_known(self, proposed: Marks) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return what `_present` and `_denied` do; worked out anew for other marks, or when counts are to be forgotten.

        What is proposed comes with a table of its own each time.
        """
        if self._known is None or self._known_of is not proposed.features:
            self._known, self._known_of = (self._present(proposed), self._denied(proposed)), proposed.features
        return self._known

    @abstractmethod
    def _create(self, proposed: Marks) -> Marks:
        """Return a new layer for the person's marks."""

    @abstractmethod
    def _make_room(self, proposed: Marks, chosen: NDArray[np.bool_], layer: Marks, kind: str) -> list[Any]:
        """Remove marks of the person's in whose place some of this kind come, and return what `_give_back` needs."""

    @abstractmethod
    def _give_back(self, layer: Marks, removed: Sequence[Any], gone: Sequence[NDArray[np.floating]]) -> None:
        """Add marks again that had made room for those that are gone now."""

    @abstractmethod
    def _present(self, proposed: Marks) -> NDArray[np.bool_]:
        """Return (N,) which of the proposed marks the person has already."""

    @abstractmethod
    def _denied(self, proposed: Marks) -> NDArray[np.bool_]:
        """Return (N,) which of the proposed marks the person has marked as no cell."""

    @abstractmethod
    def _at(self, proposed: Marks, place: NDArray[np.floating]) -> int | None:
        """Return the index of the mark at a place in pixels of the layer; None if there is none."""

    @abstractmethod
    def _copy(self, proposed: Marks, chosen: NDArray[np.bool_], layer: Marks, kind: str) -> None:
        """Add some (N,) of the proposed marks to the person's layer as a kind, after those that it has."""
