"""From a tool or a button to one step of the layer's history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from napari_labelfix.errors import InputError
from napari_labelfix.review.edits import renumber, split_by_seeds
from napari_labelfix.review.edits.lineage import records_after
from napari_labelfix.review.edits.sheet import Sheet
from napari_labelfix.review.states import Record, RecordChanges
from napari_labelfix.widgets.viewer import image_planes, layers
from napari_labelfix.widgets.viewer.history import RENUMBER, history_of
from napari_labelfix.widgets.viewer.label_layers import image_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.components import ViewerModel
    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_labelfix.review.boxes import Box
    from napari_labelfix.review.edits import Outcome


_FEW = 100  # objects that can be told from the others when they are selected


class Reviewed(Protocol):
    """What the edits ask of whoever knows which objects are reviewed."""

    @property
    def labels(self) -> Labels | None:
        """The layer, if one is chosen."""

    @property
    def selected_ids(self) -> Sequence[int]:
        """The selected objects, the one selected first at the beginning."""

    @property
    def unusable_ids(self) -> Sequence[int]:
        """Numbers in the labels that no object can have."""

    def select(self, ids: Sequence[int]) -> None:
        """Select other objects."""

    def box_of(self, label: int) -> Box | None:
        """Return a box with an object, or with a part of it."""


class Editing:
    """Edits the objects that are reviewed.

    Parameters
    ----------
    viewer
        The viewer.
    review
        Says which layer and which objects.
    """

    def __init__(self, viewer: ViewerModel, review: Reviewed) -> None:
        self._viewer, self._review = viewer, review

    @property
    def labels(self) -> Labels | None:
        """The layer that is edited, if there is one."""
        return self._review.labels

    @property
    def selected(self) -> list[int]:
        """The selected objects, the one selected first at the beginning."""
        return [int(object_id) for object_id in self._review.selected_ids]

    @property
    def unusable_ids(self) -> Sequence[int]:
        """Numbers in the labels that no object can have; `renumber` gives others."""
        return self._review.unusable_ids if self.labels is not None else ()

    @property
    def has_objects(self) -> bool:
        """Whether there is any object to edit."""
        return self.labels is not None and len(history_of(self.labels).records.table) > 0

    @property
    def all_in_play(self) -> list[int]:
        """All objects but those that were set aside."""
        if self.labels is None:
            return []
        table = history_of(self.labels).records.table
        return [int(object_id) for object_id in table.ids[~table.set_aside]]

    def sheet(self, *, whole: bool = False) -> Sheet:
        """Return the labels as they are now.

        Parameters
        ----------
        whole
            Whether to edit through the whole stack; otherwise in the plane in view.

        Raises
        ------
        InputError
            If there is nothing to edit, or its planes are not in view.
        """
        layer = self.labels
        if layer is None:
            raise InputError("There are no labels to edit. Choose a Labels layer.")
        table = history_of(layer).records.table
        if not whole:
            self.check_view(layer)
        return Sheet(
            _array(layer),
            image_planes.index_in_view(self._viewer, layer),
            whole,
            frozenset(table.ids[table.locked].tolist()),
            int(table.ids[-1]) + 1 if len(table) else 1,
            tuple(float(step) for step in np.abs(layer.scale / layer.scale[-1])),
            self._image(layer),
            table.area_of,
            self._review.box_of,
        )

    def check_view(self, layer: Labels) -> None:
        """Raise `InputError` where the screen does not show planes of a layer's array, for what is drawn on them."""
        if not image_planes.planes_in_view(self._viewer):
            raise InputError(f"Show “{layer.name}” in 2D, with its last two axes in view, to edit its planes.")

    def select_at(self, sheet: Sheet, position: NDArray[np.floating], adding: bool) -> None:
        """Select the object at a position (ndim,) of the layer's pixels; beside the others, or taken out of them."""
        object_id = sheet.object_at(sheet.positions(position[None])[0])
        selected = [int(other) for other in self._review.selected_ids] if adding else []
        if object_id in selected:
            selected.remove(object_id)
        elif object_id:
            selected.append(object_id)
        self._review.select(selected)

    def apply(self, sheet: Sheet, outcome: Outcome, what: str) -> bool:
        """Write an outcome as one step that Ctrl+Z takes back, with the records; return whether anything changed.

        Raises
        ------
        InputError
            If the layer's numbers are too small for a new id.
        """
        layer = self.labels
        if layer is None or outcome.changes_nothing:
            return False
        in_stack = sheet.in_stack(outcome)
        history = history_of(layer)
        changed = history.step(in_stack.edit, records_after(in_stack, history.records.get), what)
        layers.show(layer)
        layers.select(self._viewer, layer)  # so that Ctrl+Z takes this step back
        self._select_what_is_left(outcome)
        return changed

    def renumber(self) -> int:
        """Give what has a number that no object can have a free one, as one step, and select it; return how many.

        Nobody has decided about an object by that: what is known about it stays.

        Raises
        ------
        InputError
            If the layer's numbers are too small for the new ones.
        """
        layer = self.labels
        if layer is None:
            return 0
        sheet, history = self.sheet(whole=True), history_of(layer)
        outcome = renumber(sheet.stack, locked=sheet.locked)
        records = {new: history.records.get(old) or Record() for new, (old,) in outcome.parents.items()}
        history.step(outcome.edit, RecordChanges({}, records), RENUMBER)
        layers.show(layer)
        layers.select(self._viewer, layer)  # so that Ctrl+Z takes this step back
        self._review.select(list(outcome.parents))
        return len(outcome.parents)

    def part_at(self, ids: Sequence[int], points: NDArray[np.floating]) -> int:
        """Part objects around those points (N, ndim) that lie in them, as one step; return how many were parted.

        Raises
        ------
        InputError
            If the layer's numbers are too small for the new ones.
        """
        sheet = self.sheet(whole=True)
        outcome = split_by_seeds(
            sheet.labels,
            ids,
            points,
            sheet.new_id,
            spacing=sheet.spacing,
            locked=sheet.locked,
            boxes=sheet.boxes(ids),
        )
        self.apply(sheet, outcome, "part_at_points")
        return len(set(outcome.parents.values()))

    def _select_what_is_left(self, outcome: Outcome) -> None:
        """Select what was made, unless that is much; what was selected and is gone is selected no more."""
        layer = self.labels
        if layer is None:
            return
        table = history_of(layer).records.table
        made = {*outcome.parents, *(parent for parents in outcome.parents.values() for parent in parents)}
        kept = [object_id for object_id in self._review.selected_ids if object_id in table]
        made = {object_id for object_id in made if object_id in table}
        self._review.select(sorted(made) if 0 < len(made) <= _FEW else kept)

    def _image(self, layer: Labels) -> image_planes.Pixels | None:
        image = image_of(self._viewer, layer)
        pixels = image_planes.Pixels(image) if image is not None and not getattr(image, "rgb", False) else None
        return pixels if pixels is not None and pixels.shape == tuple(layer.data.shape) else None


def _array(layer: Labels) -> NDArray[np.integer]:
    data = layer.data
    return data if isinstance(data, np.ndarray) else np.asarray(data)
