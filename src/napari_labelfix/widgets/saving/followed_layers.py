"""Layers that a person or a model fills: which blocks, objects, points and shapes are not in the file yet."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.project.blocks import Key
from napari_labelfix.project.records import Batch, Objects
from napari_labelfix.widgets.saving.block_copier import BlockCopier, every_block
from napari_labelfix.widgets.saving.followed import Followed, in_parts
from napari_labelfix.widgets.saving.followed_image import FollowedImage
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.layer_states import author_of, geometry_of, kind_of, objects_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_labelfix.project.records import ImageRecord, LayerRecord
    from napari_labelfix.widgets.saving.followed import Make

    NoteStep = Callable[[Layer, str, Iterable[int]], None]

_MODEL_EVERY = 5.0  # seconds between saves of what a model believes
_IDS_IN_HISTORY = 1000


def follow(layer: Layer, note_step: NoteStep) -> Followed:
    """Return what follows a layer.

    Parameters
    ----------
    layer
        One that is kept.
    note_step
        Called with the layer, the name of a step of a person and the objects that it touched.
    """
    kind = kind_of(layer)
    if author_of(layer) == "model":
        return FollowedBelief(layer)
    if kind == "image":
        return FollowedImage(layer)
    if kind == "labels":
        return FollowedLabels(layer, note_step)
    return FollowedShapes(layer, note_step)


class FollowedLabels(Followed):
    """Labels that a person draws: the blocks that a step touched, and the records of its objects."""

    def __init__(self, layer: Layer, note_step: NoteStep) -> None:
        from napari_labelfix.widgets.viewer.history import history_of  # brings pandas, as the first labels layer does

        super().__init__(layer)
        self._note_step = note_step
        self._blocks = BlockCopier()
        self._objects: set[int] | None = None
        self._emptied = False
        self._history = history_of(layer)
        self._history.changed.connect(self._on_changed)
        self.annotated = bool(self._history.last_step())  # drawn before anybody looked

    @property
    def hurries(self) -> bool:
        """Whether some blocks are still to be copied."""
        return not self._blocks.idle

    def stop(self) -> None:
        """Listen no more."""
        self._history.changed.disconnect(self._on_changed)

    def _on_changed(self, event: Any) -> None:
        from napari_labelfix.widgets.viewer.history import FEATURES, REPLACED

        changed = event.value
        self._blocks.add(None if changed.blocks is None else self._keys(changed.blocks))
        if changed.what in (FEATURES, REPLACED):
            self._objects = None
        elif self._objects is not None:
            self._objects.update(changed.ids.tolist())
        self._emptied |= changed.what == REPLACED
        self.annotated = True
        self._note_step(self.layer, changed.what, changed.ids[:_IDS_IN_HISTORY].tolist())

    def _keys(self, blocks: NDArray[np.intp]) -> set[Key]:
        """Return the blocks of the history as those of the file; both are 256 pixels wide and one plane deep."""
        leading = self.layer.data.shape[:-2]
        planes = np.ravel_multi_index(tuple(blocks[:, :-2].T), leading) if leading else np.zeros(len(blocks), int)
        return set(map(Key, planes.tolist(), blocks[:, -2].tolist(), blocks[:, -1].tolist()))

    def _changes(self, record: LayerRecord) -> Iterator[Make]:
        blocks = self._blocks.copy(self.layer.data, record)
        if not blocks and not self._blocks.idle:
            return
        if self._emptied:
            self._emptied = False
            yield lambda: Batch(emptied=[record.id])
        if blocks:
            yield lambda: Batch(blocks=blocks)
        if self._objects is None or self._objects:
            objects, self._objects = self._objects, set()
            yield _objects(record.id, self.layer.features, objects)

    def _forget(self) -> None:
        self._blocks.add(None)
        self._objects, self._emptied = None, True  # the file may have it in another size

    def _settle(self, _image: ImageRecord | None) -> None:
        self._blocks.clear()
        self._objects, self._emptied = set(), False


class FollowedShapes(Followed):
    """Points or shapes that a person draws. napari tells of many things as of a change, so they are compared."""

    def __init__(self, layer: Layer, note_step: NoteStep) -> None:
        super().__init__(layer)
        self._note_step = note_step
        self._seen = _contents(layer)
        self._touched, self._missing = False, True
        layers.watch(layer, self._on_touched)

    def stop(self) -> None:
        """Listen no more."""
        layers.unwatch(self.layer, self._on_touched)

    def _on_touched(self, _event: object = None) -> None:
        self._touched = True
        if not self.annotated:  # this begins a project
            self.annotated = not _same(self._seen, _contents(self.layer))

    def _changes(self, record: LayerRecord) -> Iterator[Make]:
        if self._touched:
            self._touched = False
            if not _same(self._seen, now := _contents(self.layer)):
                self._seen, self._missing = now, True
                self._note_step(self.layer, f"{self.kind} changed", ())
        if self._missing:
            self._missing = False
            to_json = geometry_of(self.layer)
            yield lambda: Batch(geometry={record.id: to_json()})

    def _forget(self) -> None:
        self._missing = True

    def _settle(self, _image: ImageRecord | None) -> None:
        self._missing = False


class FollowedBelief(Followed):
    """A layer that shows what a model believes: saved apart, whole, and every few seconds only.

    What a person decides about its objects is saved as soon as what they draw.
    """

    def __init__(self, layer: Layer) -> None:
        super().__init__(layer)
        self._decided = False
        if self.kind == "labels":
            layer.events.features.connect(self._on_features)
        self._touched = True
        self._taken = -_MODEL_EVERY
        self._blocks = BlockCopier()
        self._blocks.clear()

    def stop(self) -> None:
        """Listen no more."""
        if self.kind == "labels":
            self.layer.events.features.disconnect(self._on_features)

    def _on_features(self, _event: object = None) -> None:
        from napari_labelfix.widgets.viewer.history import existing_history

        features = self.layer.features
        if existing_history(self.layer) is not None and "state" in features:  # somebody reviews it
            self._decided = True
            self.annotated |= bool((features["state"] != "todo").any())

    @property
    def hurries(self) -> bool:
        """Whether some blocks are still to be copied."""
        return not self._blocks.idle

    def touch(self) -> None:
        """Note that it shows something new."""
        self._touched = True

    def wait(self, seconds: float) -> None:
        """Let what it shows be taken at once, however soon after the last time."""
        self._taken = -_MODEL_EVERY

    def _changes(self, record: LayerRecord) -> Iterator[Make]:
        if self._touched and time.monotonic() - self._taken >= _MODEL_EVERY:
            self._touched, self._taken = False, time.monotonic()
            if record.kind == "labels":
                self._blocks.add(None)
            elif record.kind == "image":  # numbers to look at: they may be read while new ones come
                self._later = in_parts(every_block(self.layer.data, record))
            else:
                to_json = geometry_of(self.layer)
                yield lambda: Batch(geometry={record.id: to_json()})
        if not self._blocks.idle and (blocks := self._blocks.copy(self.layer.data, record)):
            self._decided = True
            yield lambda: Batch(blocks=blocks)
        if self._decided and self._blocks.idle:
            self._decided = False
            yield _objects(record.id, self.layer.features, None)

    def _forget(self) -> None:
        self._touched, self._taken = True, -_MODEL_EVERY

    def _settle(self, _image: ImageRecord | None) -> None:
        self._touched = self._decided = False
        self._blocks.clear()


def _objects(id_: str, features: Any, ids: set[int] | None) -> Make:
    """Return what makes the records of some objects, or of all; features are replaced and never changed in place."""

    def make() -> Batch:
        records = list(objects_of(features, None if ids is None else list(ids)))
        if ids is None:
            return Batch(objects={id_: Objects(records, whole=True)})
        gone = ids - {record.id for record in records}
        return Batch(objects={id_: Objects(records, gone=sorted(gone))})

    return make


def _contents(layer: Any) -> tuple[Any, ...]:
    if kind_of(layer) == "points":
        return np.array(layer.data), np.array(layer.size), layer.features.copy()
    return *(np.array(vertices) for vertices in layer.data), np.array(layer.shape_type), layer.features.copy()


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    *arrays, features = one
    *other_arrays, other_features = other
    return (
        len(arrays) == len(other_arrays)
        and all(map(np.array_equal, arrays, other_arrays))
        and bool(features.equals(other_features))
    )
