"""Accepting proposals into the corrected layer, by edits that Ctrl+Z takes back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels

from napari_labelfix.review.actions import accept_object, accept_objects, already_there
from napari_labelfix.review.states import Record, RecordChanges, State, of_class
from napari_labelfix.widgets.accepting.acceptor import Acceptor, Count
from napari_labelfix.widgets.results.by_plane import ByPlane
from napari_labelfix.widgets.viewer import image_planes, layers
from napari_labelfix.widgets.viewer.class_names import classes_of, hand_on
from napari_labelfix.widgets.viewer.history import existing_history, history_of
from napari_labelfix.widgets.viewer.pointing import object_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_labelfix.review.actions import Edit
    from napari_labelfix.review.objects import Objects
    from napari_labelfix.snapshots import Change
    from napari_labelfix.widgets.results.result_layers import ResultLayers
    from napari_labelfix.widgets.viewer.history import History
    from napari_labelfix.widgets.viewer.image_planes import Index


class AcceptingObjects(Acceptor):
    """Moves proposed objects into the corrected layer of the same image.

    Parameters
    ----------
    results
        The layers with the proposal.
    """

    noun = "object"
    certainty = "Confidence"
    certainty_help = "Confidence of an object: the mean over its pixels."
    destination = "into the corrected layer"
    way_back = "Ctrl+Z takes it back; File > Save Selected Layers saves it."

    def __init__(self, results: ResultLayers) -> None:
        self._results = results
        self._present = ByPlane(results, self._find_present)  # whether objects are in the corrected layer already
        self._counted: History | None = None  # of the corrected layer that the counts are of

    @property
    def corrected(self) -> Labels | None:
        """The layer with what the person has accepted; made on the first accept."""
        layer = layers.find(self._results.viewer, "corrected", self._results.image)
        return layer if isinstance(layer, Labels) and tuple(layer.data.shape) == self._results.shape else None

    @property
    def target(self) -> Labels | None:
        """The corrected layer, if there is one."""
        return self.corrected

    @property
    def has_objects(self) -> bool:
        """Whether there is a proposal to accept from."""
        return self._results.has_proposal and self._results.layer("proposal") is not None

    @property
    def seen_in(self) -> Labels | None:
        """The proposal."""
        return self._results.layer("proposal")

    def select_layer_without_brush(self) -> None:
        """Go to a layer on which a click does not paint."""
        layers.select_without_brush(self._results.viewer, self._corrected_or_new())

    def count(self, threshold: float = 0.0, change: Change | None = None) -> Count:
        """Return what accepting all objects of at least this confidence, and with this change, would do."""
        self._follow_corrected()
        new = present = 0
        declined = self._declined()
        for objects, is_present in self._present:
            chosen = self._chosen(objects, threshold, change, declined)
            there = int((is_present & chosen).sum())
            new, present = new + int(chosen.sum()) - there, present + there
        return Count(new, present)

    def accept_above(self, threshold: float = 0.0, change: Change | None = None) -> Edit | None:
        """Accept all objects of at least this confidence, and with this change; None if there is no proposal."""
        proposal, tables = self._results.layer("proposal"), self._results.objects().values()
        if proposal is None or not tables:
            return None
        declined = self._declined()
        chosen = [objects.ids[self._chosen(objects, threshold, change, declined)] for objects in tables]
        return self.accept_ids(np.concatenate(chosen))

    def accept_ids(self, ids: NDArray[np.integer], class_number: int = 0) -> Edit | None:
        """Accept proposed objects beside what is accepted already; None if there is no proposal.

        Parameters
        ----------
        ids
            The objects.
        class_number
            What a person says that they are; 0 for what was proposed.
        """
        proposal = self._results.layer("proposal")
        if proposal is None:
            return None
        corrected = self._corrected_or_new()
        edit = accept_objects(proposal.data, corrected.data, ids)
        self._write(proposal, corrected, edit, class_number)
        return edit

    def accept_at(self, position: Sequence[float]) -> Edit | None:
        """Accept the proposed object at a position in world coordinates; None if there is none."""
        proposal, object_id = self._results.layer("proposal"), self.object_at(position)
        if proposal is None or not object_id:
            return None
        return self.accept_in_place(object_id)

    def accept_in_place(self, object_id: int, class_number: int = 0) -> Edit | None:
        """Accept a proposed object in the place of those that it covers; for the rest see `accept_ids`."""
        proposal = self._results.layer("proposal")
        if proposal is None:
            return None
        corrected = self._corrected_or_new()
        edit = self._edit_in_place(proposal.data, corrected, object_id)
        self._write(proposal, corrected, edit, class_number)
        return edit

    def present_of(self, ids: NDArray[np.integer]) -> NDArray[np.integer]:
        """Return those of the proposed objects that are in the corrected layer already."""
        proposal, corrected = self._results.layer("proposal"), self.corrected
        if proposal is None or corrected is None:
            return ids[:0]
        index = self._plane_of(int(ids[0])) if ids.size == 1 else None
        where = index if index is not None else ...
        return ids[already_there(proposal.data[where], corrected.data[where], ids)]

    def but_accepted(self, object_id: int) -> str:
        """Return what has to be said of a proposed object that is rejected, if it was accepted before."""
        there = self.present_of(np.array([object_id])).size
        return ", but stays in the corrected layer" if there else ""

    def take_back(self) -> int:
        """Do nothing: the layer has a history, and Ctrl+Z takes an accept back."""
        return 0

    def object_at(self, position: Sequence[float]) -> int:
        """Return the proposed object's id at a position in world coordinates, or 0."""
        proposal = self._results.layer("proposal")
        return object_at(proposal, position) if proposal is not None else 0

    def _follow_corrected(self) -> None:
        """Let an edit of the corrected layer change the counts of its planes alone, and another layer all of them."""
        history = history_of(self.corrected) if self.corrected is not None else None
        if history is not self._counted:
            self._counted = history
            self._present.forget()
            if history is not None:
                history.changed.connect(self._present.forget_changed)

    def _find_present(self, plane: int, objects: Objects) -> NDArray[np.bool_]:
        proposal, corrected = self._results.layer("proposal"), self.corrected
        if proposal is None or corrected is None:
            return np.zeros(objects.ids.size, bool)
        index = self._results.planes[plane]
        return already_there(proposal.data[index], corrected.data[index], objects.ids)

    def _plane_of(self, object_id: int) -> Index | None:
        """Return the index of the plane in which a proposed object lies, as a whole; None where it is not known."""
        tables = self._results.objects().items()
        return next((self._results.planes[plane] for plane, objects in tables if object_id in objects.ids), None)

    def _edit_in_place(self, proposed: NDArray[np.integer], corrected: Labels, object_id: int) -> Edit:
        """Return the edit that accepts an object. A stack is not searched where all that it touches is in one plane."""
        history = history_of(corrected)
        history.notice()
        table, index = history.records.table, self._plane_of(object_id)
        locked = table.locked_ids.tolist()
        if index:
            plane, accepted = proposed[index], corrected.data[index]
            touched = [label for label in np.unique(accepted[plane == object_id]).tolist() if label > 0]
            if all(table.area_of(label) == np.count_nonzero(accepted == label) for label in touched):
                highest = np.asarray(corrected.data).max(initial=0)  # others may have written past the history
                new_id = int(max(highest, table.ids.max(initial=0))) + 1
                return accept_object(plane, accepted, object_id, locked, new_id).in_plane(index)
        return accept_object(proposed, corrected.data, object_id, locked)

    def _corrected_or_new(self) -> Labels:
        if (corrected := self.corrected) is not None:
            return corrected
        image = self._results.image
        corrected = Labels(
            np.zeros(self._results.shape, np.int32),
            name=f"{image.name} corrected",
            opacity=0.6,
            **image_planes.placement(image),
        )
        layers.link(corrected, "corrected", image)
        layers.add_quietly(self._results.viewer, corrected)
        return corrected

    def _fits(self, labels: Layer) -> bool:
        """Whether labels of a person's have the size of the proposal: they may have got another since a run began."""
        return tuple(image_planes.level_0(labels).shape) == self._results.shape

    def _chosen(
        self, objects: Objects, threshold: float, change: Change | None, declined: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Return (N,) which objects are meant: none that a person has rejected or wants ignored."""
        chosen = (objects.confidence >= threshold) & ~np.isin(objects.ids, declined)
        return chosen if change is None else chosen & (objects.changes == change)

    def _declined(self) -> NDArray[np.int64]:
        proposal = self._results.layer("proposal")
        history = existing_history(proposal) if isinstance(proposal, Labels) else None
        if history is None:
            return np.zeros(0, np.int64)
        table = history.records.table
        return table.ids[table.set_aside]

    def _write(self, proposal: Layer, corrected: Labels, edit: Edit, class_number: int) -> None:
        """Write as one step of the layer's history; show and select the layer, so that Ctrl+Z takes this step back."""
        hand_on(classes_of(proposal), corrected)
        records = self._records(proposal, edit)
        if class_number:
            records = {label: of_class(record, class_number) for label, record in records.items()}
        history_of(corrected).step(edit, RecordChanges(after=records), "accept")
        layers.show(corrected)
        layers.select(self._results.viewer, corrected)

    def _records(self, proposal: Layer, edit: Edit) -> dict[int, Record]:
        """Return the records of the objects that an edit brings; the edit is not written yet."""
        tables = self._results.objects().values()
        # where all are of one it says nothing
        several = len(classes_of(proposal)) > 1 or any((objects.classes > 1).any() for objects in tables)
        known = Record(State.ACCEPTED, source=self._results.method, model=self._results.version)
        records = {
            label: replace(known, confidence=round(sure, 3), class_number=kind if several else 0)
            for objects in tables
            for label, sure, kind in zip(
                objects.ids.tolist(), objects.confidence.tolist(), objects.classes.tolist(), strict=True
            )
        }
        drawn = edit.after > 0
        new_ids, first = np.unique(edit.after[drawn], return_index=True)
        proposed = proposal.data[tuple(axis[drawn][first] for axis in edit.indices)]
        return {new: records.get(old, known) for new, old in zip(new_ids.tolist(), proposed.tolist(), strict=True)}
