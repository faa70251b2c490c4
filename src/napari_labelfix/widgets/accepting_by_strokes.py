"""Accepting objects that were found from strokes, and painting over wrong ones as background."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from napari.layers import Labels

from napari_labelfix.annotations import BACKGROUND, FIRST_CLASS
from napari_labelfix.errors import InputError
from napari_labelfix.review.actions import paint_over
from napari_labelfix.widgets import layers
from napari_labelfix.widgets.accepting import Accepting
from napari_labelfix.widgets.acceptor import Rejected
from napari_labelfix.widgets.history import history_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_labelfix.widgets.results import ResultLayers


_PAINTED_OVER = "painted over"  # in the tag of the proposal: its objects that were, as far as that was here


class _PaintedOver(NamedTuple):
    """An object that was painted over, and one of its painted pixels, by which it is seen whether it still is."""

    object_id: int
    pixel: tuple[int, ...]


class AcceptingByStrokes(Accepting):
    """See `Accepting`. What is rejected becomes background in the layer with the person's strokes.

    Parameters
    ----------
    results
        The layers with the proposal.
    scribbles
        The person's strokes; None where there are none.
    """

    def __init__(self, results: ResultLayers, scribbles: Layer | None) -> None:
        super().__init__(results)
        self._scribbles = scribbles if isinstance(scribbles, Labels) else None

    @property
    def can_reject(self) -> bool:
        """Whether there is a layer to say it in."""
        return self._scribbles is not None

    @property
    def rejects_into(self) -> Labels | None:
        """The person's strokes."""
        return self._scribbles

    def reject_at(self, position: Sequence[float]) -> Rejected | None:
        """Paint over the object at a position in world coordinates; None if there is none.

        Raises
        ------
        InputError
            If strokes of the person's that are no background fill it, or the pixels cannot be changed.
        """
        proposal, object_id, scribbles = self._results.layer("proposal"), self.object_at(position), self._scribbles
        if proposal is None or scribbles is None or not object_id:
            return None
        index = layers.index_at(proposal, position)
        proposed, marks = proposal.data[index], np.asarray(scribbles.data[index])
        edit = paint_over(proposed, marks, object_id)
        drawn_in = bool((marks[proposed == object_id] >= FIRST_CLASS).any())
        how = "painted over as background"
        if not edit.count:
            if drawn_in:
                raise InputError("Your own strokes fill this object. Erase them, or paint background over them.")
            return Rejected(how, new=False)
        rows, columns = edit.indices
        planes = tuple(np.full(rows.size, axis) for axis in index)
        history_of(scribbles).step(replace(edit, indices=(*planes, rows, columns)), None, "reject")
        note = _PaintedOver(object_id, (*index, int(rows[0]), int(columns[0])))
        layers.tag_of(proposal)[_PAINTED_OVER] = [*self._painted_over(), note]
        layers.show(scribbles)
        layers.select(self._results.viewer, scribbles)
        how = f"{how}, but for your strokes in it, which you can erase" if drawn_in else how
        return Rejected(how, way_back="Ctrl+Z takes it back.")

    def _painted_over(self) -> list[_PaintedOver]:
        """Return the proposed objects that were painted over: in what a run proposes afterwards they are gone."""
        proposal, scribbles = self._results.layer("proposal"), self._scribbles
        if proposal is None or scribbles is None:
            return []
        noted = layers.tag_of(proposal).get(_PAINTED_OVER, [])
        return [
            one
            for one in noted
            if proposal.data[one.pixel] == one.object_id and scribbles.data[one.pixel] == BACKGROUND
        ]

    def _declined(self) -> NDArray[np.int64]:
        """Return also what was painted over, as far as it was not taken back."""
        painted_over = np.array([one.object_id for one in self._painted_over()], np.int64)
        return np.union1d(super()._declined(), painted_over)
