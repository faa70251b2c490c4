"""Accepting what was learned from labels that are right in a part, and outlining what is wrong: there they are, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels, Shapes

from napari_labelfix.data.label_images import mostly_in
from napari_labelfix.errors import InputError
from napari_labelfix.io.outlines import outline
from napari_labelfix.widgets.accepting import added_marks
from napari_labelfix.widgets.accepting.acceptor import Rejected
from napari_labelfix.widgets.accepting.objects import AcceptingObjects
from napari_labelfix.widgets.annotating.instances import adopt_right_part, inside_shapes
from napari_labelfix.widgets.annotating.layer_kind import Place
from napari_labelfix.widgets.results.by_plane import ByPlane
from napari_labelfix.widgets.viewer import image_planes, layers
from napari_labelfix.widgets.viewer.coordinates import map_points, other_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_labelfix.review.objects import Objects
    from napari_labelfix.widgets.results.result_layers import ResultLayers


_HARDLY = 0.1  # share of an object's pixels, up to which given labels have not got it


class AcceptingByParts(AcceptingObjects):
    """See `AcceptingObjects`. What is rejected is outlined as right: there the labels are right, and have nothing.

    Parameters
    ----------
    results
        The layers with the proposal.
    labels, right_part
        What is learned from, and where it is right. Where accepted objects say that, nothing can be outlined.
    name
        What the right part is called.
    begins
        Whether an outline may be the first of its plane. Not where a plane with a part is learned from in another way.
    """

    def __init__(
        self,
        results: ResultLayers,
        labels: Layer | None,
        right_part: Layer | None,
        name: str = "right part",
        *,
        begins: bool = True,
    ) -> None:
        super().__init__(results)
        self._labels, self._name, self._begins = labels, name, begins
        self._right_part = right_part if isinstance(right_part, Shapes) else None
        self._right: dict[int, NDArray[np.bool_] | None] = {}  # by plane, what lies in the right part
        self._refuted = ByPlane(results, self._find_refuted)

    @property
    def can_reject(self) -> bool:
        """Whether there is a layer to outline it in."""
        return self._labels is not None and self._right_part is not None

    @property
    def rejects_into(self) -> Shapes | None:
        """The right part."""
        return self._right_part

    @property
    def can_take_back(self) -> bool:
        """Whether something was rejected: what was accepted Ctrl+Z takes back."""
        return self._right_part is not None and bool(added_marks.steps_of(self._right_part))

    def reject_at(self, position: Sequence[float]) -> Rejected | None:
        """Outline the object at a position in world coordinates, which was added; None if there is none.

        Raises
        ------
        InputError
            If the given labels have it, too, or the plane has no right part and needs one.
        """
        proposal, object_id, right_part = self._results.layer("proposal"), self.object_at(position), self._right_part
        if proposal is None or right_part is None or self._labels is None or not object_id:
            return None
        if (misfit := self._misfit()) is not None:
            raise InputError(other_size(misfit, self._results.image, "choose another layer"))
        how = f"outlined as none in the {self._name}"
        if object_id in self._declined():
            return Rejected(how, new=False)
        index = image_planes.index_at(proposal, position)
        if (np.asarray(self._labels.data[index])[proposal.data[index] == object_id] > 0).mean() > _HARDLY:
            raise InputError(f"“{self._labels.name}” has this object. Erase it there, and outline the place as right.")
        if not self._begins and inside_shapes(right_part, Place(self._results.image, index)) is None:
            raise InputError(f"This plane has no {self._name} yet. Outline one, in which every object is labelled.")
        self._outline(right_part, proposal.data, object_id, index)
        layers.show(right_part)
        layers.select(self._results.viewer, right_part)
        return Rejected(how + self.but_accepted(object_id), way_back="“Take back” removes the outline.")

    def take_back(self) -> int:
        """Remove the outline of what was rejected last."""
        if self._right_part is None or not self.can_take_back:
            return 0
        _, gone = added_marks.take_back(self._right_part)
        return min(len(gone), 1)

    def _outline(
        self, right_part: Shapes, proposed: NDArray[np.integer], object_id: int, index: tuple[int, ...]
    ) -> None:
        """Draw around an object in a plane, along the edges of its pixels."""
        before = len(right_part.data)
        outside = [piece.outside for piece in outline(proposed[index] == object_id)]  # in holes there is nothing either
        # in napari the middle of the first pixel is at 0, 0
        rings = [np.column_stack([np.tile(index, (len(ring), 1)), ring - 0.5]) for ring in outside]
        right_part.selected_data = set()  # what is selected would get the colour of the next one
        adopt_right_part(right_part)
        right_part.add([map_points(ring, self._results.image, right_part) for ring in rings], shape_type="polygon")
        added = [np.array(shape) for shape in right_part.data[before:]]
        added_marks.note(right_part, added_marks.Step(added, []))

    def _declined(self) -> NDArray[np.int64]:
        """Return also what was outlined: the layers tell, also in a project that is opened again."""
        if not isinstance(self._labels, Labels) or self._right_part is None or self._misfit() is not None:
            return super()._declined()
        self._right_part.events.data.connect(self._on_outlines_changed)  # once, however often it is asked for
        return np.concatenate([super()._declined(), *(ids for _, ids in self._refuted)])

    def _misfit(self) -> Layer | None:
        """Return the layer that does not lie on the proposal any more, if one does not."""
        if self._labels is not None and not self._fits(self._labels):
            return self._labels
        return self._right_part if self._right_part and self._right_part.ndim != len(self._results.shape) else None

    def _on_outlines_changed(self, _event: object = None) -> None:
        self._right = {}
        self._refuted.forget()

    def _find_refuted(self, plane: int, _objects: Objects) -> NDArray[np.int64]:
        """Return the ids of proposed objects where the labels are right and have nothing."""
        proposal, index = self._results.layer("proposal"), self._results.planes[plane]
        if self._right_part is not None and plane not in self._right:
            self._right[plane] = inside_shapes(self._right_part, Place(self._results.image, index))
        right = self._right.get(plane)
        if proposal is None or right is None or self._labels is None:
            return np.zeros(0, np.int64)
        return mostly_in(proposal.data[index], right & (np.asarray(self._labels.data[index]) == 0), 1 - _HARDLY)
