"""The undo history of a Labels layer: pixels and records in one step, with napari's own strokes between.

The only module that knows how napari keeps it: `_undo_history` and `_redo_history` are queues of items, and an item is
a list of atoms. An atom is a tuple (indices, labels before, labels after), or, since napari 0.8, a box with a mask.
`events.paint` hands over the very list that lies in the queue, so a mark can be added to it: an atom without pixels,
which knows what the step did to the records. Where a mark is found tells whether its step is done or undone.
"""

from __future__ import annotations

import weakref
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.events import EventEmitter

from napari_labelfix.errors import InputError
from napari_labelfix.review.footprint import PixelChange, footprint, pixels_to_restore
from napari_labelfix.review.places import find_heirs, inherit, remember
from napari_labelfix.review.record_table import records_after
from napari_labelfix.review.states import RecordChanges, State
from napari_labelfix.widgets.viewer.object_records import ObjectRecords

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_labelfix.review.actions import Edit
    from napari_labelfix.review.footprint import Footprint
    from napari_labelfix.review.places import Places
    from napari_labelfix.review.states import Record

STROKE = "paint"
RENUMBER = "renumber"
REPLACED = "replaced"
FEATURES = "features"


@dataclass(frozen=True, eq=False)
class Changed:
    """What has changed in a layer.

    Parameters
    ----------
    what
        "paint" for a stroke by hand, the name of a step, "undo", "redo", "replaced" for a new array, "features".
    ids
        (N,) the objects whose pixels or records changed, ascending.
    blocks
        (M, dimensions) the blocks of `review.footprint.BLOCK` pixels that changed, one plane deep; None for all.
    heirs
        With "replaced": by the id of an object, that of the one which now lies in its place, if there is one; of those
        that somebody has decided about or looks at. None where the ids mean the same objects as before.
    step
        With "undo" and "redo": the name of the step that is undone or done again.
    """

    what: str
    ids: NDArray[np.int64]
    blocks: NDArray[np.intp] | None
    heirs: Mapping[int, int] | None = None
    step: str = ""

    @property
    def planes(self) -> set[tuple[int, ...]] | None:
        """The indices of the planes in which pixels changed; None for all."""
        return None if self.blocks is None else set(map(tuple, self.blocks[:, :-2].tolist()))


@dataclass(frozen=True, eq=False)
class _Step:
    what: str
    footprint: Footprint
    records: RecordChanges

    @property
    def ids(self) -> NDArray[np.int64]:
        return np.union1d(self.footprint.ids, np.array(list(self.records.after), np.int64))


class _Mark(tuple):
    """An atom without pixels that lies in the item of its step."""

    step: _Step
    done = True

    @classmethod
    def on(cls, layer: Labels) -> _Mark:
        """Return a mark that napari can write into this layer without any effect."""
        nothing = np.zeros((0,) * layer.data.ndim, layer.data.dtype)
        return cls(((slice(0, 0),) * layer.data.ndim, nothing, nothing))


_HISTORIES: weakref.WeakKeyDictionary[Labels, History] = weakref.WeakKeyDictionary()


def history_of(layer: Labels) -> History:
    """Return the history of a layer, the same at each call.

    Raises
    ------
    InputError
        If the layer has several resolutions: napari cannot edit such labels.
    """
    if layer.multiscale:
        raise InputError(f"“{layer.name}” has several resolutions. Open its full resolution alone to review it.")
    if layer not in _HISTORIES:
        _HISTORIES[layer] = History(layer)
    return _HISTORIES[layer]


def existing_history(layer: Labels) -> History | None:
    """Return the history of a layer if anybody has asked for it yet."""
    return _HISTORIES.get(layer)


@contextmanager
def past_the_history(layer: Labels, planes: Sequence[tuple[int, ...]] | None = None) -> Iterator[None]:
    """Let a block write into planes of a model's layer, whose history begins anew; decisions stay with the place."""
    history = existing_history(layer)
    places = history.places(decided=True, planes=planes) if history is not None else None
    yield
    if history is not None:
        history.pixels_replaced(places)


class History:
    """Makes steps, and follows strokes, undo and redo. Get one by `history_of`.

    Parameters
    ----------
    layer
        A Labels layer with one resolution; it is held weakly.

    Attributes
    ----------
    changed
        Calls its callbacks with an event whose `value` is a `Changed`; bound methods are held weakly.
    records
        What is known about each object.
    looked_at
        Ids of objects that are found again in other pixels, though nobody may have decided about them.
    """

    def __init__(self, layer: Labels) -> None:
        self._layer = weakref.ref(layer)
        self.changed = EventEmitter(type_name="changed")
        self.records = ObjectRecords(layer)
        self.looked_at: set[int] = set()
        self._asked: tuple[str, Mapping[int, Record | None]] | None = None  # the step that is being made
        self._busy = False
        self._unwritten: list[Any] | None = None  # an item that napari has told before it has written the pixels
        self._data = layer.data
        self._queue = layer._undo_history
        for item in (*layer._undo_history, *layer._redo_history):  # of before anybody asked
            self._mark(item, STROKE, lambda _pixels: {})
        for item in layer._redo_history:
            _mark_of(item).done = False
        self._done = [_mark_of(item) for item in self._queue]
        layer.events.paint.connect(self._on_item)
        for emitter in (layer.events.set_data, layer.events.visible, layer.events.labels_update):
            emitter.connect(self.notice)
        layer.events.data.connect(self._on_data)
        layer.events.features.connect(self._on_features)

    @property
    def layer(self) -> Labels:
        """The layer."""
        layer = self._layer()
        if layer is None:
            raise ReferenceError("The layer of this history is gone.")
        return layer

    def step(self, edit: Edit | None, records: RecordChanges | None, what: str) -> bool:
        """Make one step that Ctrl+Z takes back; return whether it did anything.

        Parameters
        ----------
        edit
            The pixels to write; those of locked objects stay as they are.
        records
            The records to set. An object without pixels disappears, and a new one without a record gets an empty one.
        what
            Its name, a verb: "merge".

        Raises
        ------
        InputError
            If the layer's numbers are too small for an id, or its pixels cannot be changed where they lie.
        """
        self.notice()
        layer, after = self.layer, dict(records.after) if records is not None else {}
        after = {label: record for label, record in after.items() if record != self.records.get(label)}
        edit = _without(edit, self.records.table.locked_ids)
        if edit is None and not after:
            return False
        if edit is not None:
            check_range(layer, int(edit.after.max()))
            _check_writable(layer, edit)
        self._asked = what, after
        try:
            with layer.block_history():
                layer._save_history(_Mark.on(layer))
                if edit is not None:
                    layer.data_setitem(edit.indices, edit.after)
        finally:
            self._asked = None
        return True

    def last_step(self) -> str:
        """Return the name of what Ctrl+Z takes back; "" if there is nothing."""
        self.notice()
        return self._done[-1].step.what if self._done else ""

    def set_quietly(self, records: Mapping[int, Record]) -> None:
        """Set records that follow from something else, so that no step of their own can be taken back."""
        self._busy = True
        self.records.change(records, None)
        self._busy = False
        self._tell(FEATURES, np.array(sorted(records), np.int64), np.zeros((0, self.layer.ndim), np.intp))

    def notice(self, _event: object = None) -> None:
        """See whether napari has undone or redone something; it says so only as a redraw, and not of hidden layers."""
        layer = self._layer()
        if layer is None or self._busy or layer.data is not self._data:
            return
        item, self._unwritten = self._unwritten, None
        if item is not None and self._queue and self._queue[-1] is item:
            self._finish(item)
        elif item is not None and layer._redo_history:  # undone before it was noticed
            self._mark(layer._redo_history[-1], STROKE, lambda _pixels: {}).done = False
        if layer._undo_history is not self._queue:  # napari has begun a new history
            self._queue, self._done = layer._undo_history, [_mark_of(item) for item in layer._undo_history]
            return
        undone = [*reversed(self._forgotten(layer)), *(mark for mark in _marks(layer._redo_history) if mark.done)]
        redone = [mark for mark in _marks(self._queue) if not mark.done]
        for mark in undone:
            self._replay(mark, "undo")
        for mark in redone:
            self._replay(mark, "redo")
        if undone or redone:
            self._done = list(_marks(self._queue))

    def places(self, *, decided: bool = False, planes: Sequence[tuple[int, ...]] | None = None) -> Places:
        """Return where the objects are, for `pixels_replaced`; of `decided` ones only where that is enough.

        Those that are looked at are among them, without what is known. Nothing but `planes` may then be other pixels.
        """
        table = self.records.table
        rows = ~table.in_state(State.TODO) | table.locked if decided else np.ones(len(table), bool)
        return remember(table, self._data, rows, np.isin(table.ids, list(self.looked_at)), planes)

    def pixels_replaced(self, places: Places | None = None) -> None:
        """Note that other pixels were written into the array past the history, which begins anew.

        Parameters
        ----------
        places
            Where the objects were: those at the same place keep their records, whatever their ids are now. Without it,
            the ids mean the same objects as before.
        """
        layer = self.layer
        layer._reset_history()
        self._data, self._queue, self._done = layer.data, layer._undo_history, []
        heirs = find_heirs(places, layer.data) if places is not None else None
        self.records.count_again(inherit(places, heirs) if places is not None and heirs is not None else None)
        self._tell(REPLACED, self.records.table.ids, None, heirs)

    def _on_data(self, _event: object) -> None:
        same = self.layer.data is self._data
        self.pixels_replaced(None if same else self.places())

    def _on_features(self, _event: object) -> None:
        if not self._busy and self.records.take_over():
            self._tell(FEATURES, self.records.table.ids, np.zeros((0, self.layer.ndim), np.intp))

    def _on_item(self, event: Any) -> None:
        """Give an item that napari has just put into its queue its mark: a stroke, or the step that was asked for."""
        self.notice()
        if event.value is self.layer._staged_history:
            self._finish(event.value)
        else:  # an edit outside `block_history`
            self._unwritten = event.value

    def _finish(self, item: list[Any]) -> None:
        item[:] = [atom for atom in item if not isinstance(atom, _Mark)]
        self._keep_locked(item)
        what, asked = self._asked or (STROKE, None)
        mark = self._mark(item, what, lambda pixels: records_after(pixels, self.records.table, asked))
        self._done = list(_marks(self._queue))
        self._take_over(mark.step, mark.step.records.after, 1, what)

    def _mark(self, item: list[Any], what: str, records: Callable[[Footprint], Mapping[int, Record | None]]) -> _Mark:
        """Add a mark to an item, which says what the item does to pixels and records."""
        mark = _Mark.on(self.layer)
        pixels = footprint([_pixels(atom) for atom in item], tuple(self.layer.data.shape))
        after = records(pixels)
        before = {label: self.records.get(label) for label in after}
        mark.step = _Step(what, pixels, RecordChanges(before, after))
        item.append(mark)
        return mark

    def _keep_locked(self, item: list[Any]) -> None:
        """Give locked objects back, in the same item, what a stroke took from them or gave them."""
        layer, locked = self.layer, self.records.table.locked_ids
        indices, labels = pixels_to_restore([_pixels(atom) for atom in item], layer.data, locked)
        if not labels.size:
            return
        item.append((indices, np.array(layer.data[indices]), labels))
        layer.data[indices] = labels
        self._busy = True
        layer.refresh()
        self._busy = False

    def _forgotten(self, layer: Labels) -> list[_Mark]:
        """Return steps that were undone unseen, before a stroke made napari forget how to redo them."""
        kept = {id(mark) for mark in (*_marks(self._queue), *_marks(layer._redo_history))}
        missing = [mark for mark in self._done if id(mark) not in kept]
        fell_out = missing and missing[0] is self._done[0] and len(self._queue) == self._queue.maxlen
        return missing[1:] if fell_out else missing

    def _replay(self, mark: _Mark, what: str) -> None:
        mark.done = what == "redo"
        records = mark.step.records
        self._take_over(mark.step, records.after if mark.done else records.before, 1 if mark.done else -1, what)

    def _take_over(self, step: _Step, records: Mapping[int, Record | None], direction: int, what: str) -> None:
        self._busy = True
        self.records.change(records, step.footprint, direction)
        self._busy = False
        self._tell(what, step.ids, step.footprint.blocks, step="" if what == step.what else step.what)

    def _tell(
        self,
        what: str,
        ids: NDArray[np.int64],
        blocks: NDArray[np.intp] | None,
        heirs: Mapping[int, int] | None = None,
        step: str = "",
    ) -> None:
        self.changed(value=Changed(what, ids, blocks, heirs, step))


def _without(edit: Edit | None, locked: NDArray[np.integer]) -> Edit | None:
    """Return the edit without the pixels of locked objects; None if nothing is left."""
    if edit is None:
        return None
    free = ~(np.isin(edit.before, locked) | np.isin(edit.after, locked))
    if free.all():
        return edit if free.size else None
    indices = tuple(axis[free] for axis in edit.indices)
    return replace(edit, indices=indices, before=edit.before[free], after=edit.after[free]) if free.any() else None


def check_range(layer: Labels, label: int) -> None:
    """Raise `InputError` if the numbers of a layer are too small for an id."""
    highest = np.iinfo(layer.data.dtype).max
    if label > highest:
        raise InputError(f"“{layer.name}” can hold ids up to {highest} only. Convert its data type to int32.")


def _check_writable(layer: Labels, edit: Edit) -> None:
    """Raise where napari could not write: in a read-only array, and in one that is worked out piece by piece."""
    first = tuple(axis[:1] for axis in edit.indices)
    try:
        layer.data[first] = np.asarray(layer.data[first])  # what is there already
    except (NotImplementedError, OSError, TypeError, ValueError) as error:
        raise InputError(f"The pixels of “{layer.name}” cannot be changed. {_way_out(layer)}") from error


def _way_out(layer: Labels) -> str:
    if isinstance(layer.data, np.ndarray):
        return "Right-click on the layer, choose Duplicate Layer, and edit the copy."
    return "Save the layer as a TIFF file (File > Save Selected Layers), open that, and edit it."


def _pixels(atom: Any) -> PixelChange:
    """Return an atom of napari's as pixels."""
    if hasattr(atom, "slice_key"):
        return PixelChange(atom.slice_key, atom.mask, np.ravel(atom.old_values), atom.new_value)
    indices, before, after = atom
    return PixelChange(
        tuple(indices), None, np.ravel(before), after.ravel() if isinstance(after, np.ndarray) else int(after)
    )


def _mark_of(item: list[Any]) -> _Mark:
    """Return the mark of an item: it is the last atom, or, as napari turns items around, the first."""
    return item[-1] if isinstance(item[-1], _Mark) else item[0]


def _marks(queue: deque[list[Any]]) -> Iterator[_Mark]:
    """Yield the marks of the items; one that napari is telling about just now has none yet."""
    return (_mark_of(item) for item in queue if isinstance(item[0], _Mark) or isinstance(item[-1], _Mark))
