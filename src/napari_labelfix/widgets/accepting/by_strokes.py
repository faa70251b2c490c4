"""Accepting objects that were found from strokes, and painting over wrong ones as background."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels

from napari_labelfix.annotations import FIRST_CLASS
from napari_labelfix.errors import InputError
from napari_labelfix.review.actions import paint_over, painted_over
from napari_labelfix.widgets.accepting.acceptor import Rejected
from napari_labelfix.widgets.accepting.objects import AcceptingObjects
from napari_labelfix.widgets.results.by_plane import ByPlane
from napari_labelfix.widgets.viewer import image_planes, layers
from napari_labelfix.widgets.viewer.coordinates import other_size
from napari_labelfix.widgets.viewer.history import history_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_labelfix.review.objects import Objects
    from napari_labelfix.widgets.results.result_layers import ResultLayers


class AcceptingByStrokes(AcceptingObjects):
    """See `AcceptingObjects`. What is rejected becomes background in the layer with the person's strokes.

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
        self._painted_over = ByPlane(results, self._find_painted_over)

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
        if not self._fits(scribbles):
            raise InputError(other_size(scribbles, self._results.image, "create another scribble layer"))
        index = image_planes.index_at(proposal, position)
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
        layers.show(scribbles)
        layers.select(self._results.viewer, scribbles)
        but = ", but for your strokes in it, which you can erase" if drawn_in else self.but_accepted(object_id)
        return Rejected(how + but, way_back="Ctrl+Z takes it back.")

    def _declined(self) -> NDArray[np.int64]:
        """Return also what is painted over: the strokes tell, also in a project that is opened again."""
        if self._scribbles is None or not self._fits(self._scribbles):
            return super()._declined()
        # once, however often it is asked for
        history_of(self._scribbles).changed.connect(self._painted_over.forget_changed)
        return np.concatenate([super()._declined(), *(ids for _, ids in self._painted_over)])

    def _find_painted_over(self, plane: int, _objects: Objects) -> NDArray[np.int64]:
        proposal, scribbles = self._results.layer("proposal"), self._scribbles
        if proposal is None or scribbles is None:
            return np.zeros(0, np.int64)
        index = self._results.planes[plane]
        return painted_over(proposal.data[index], np.asarray(scribbles.data[index]))
