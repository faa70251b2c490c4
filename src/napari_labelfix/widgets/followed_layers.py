"""Layers that are kept in the project file: each knows what of it is not in the file yet."""

from __future__ import annotations

import itertools
import threading
import time
from abc import ABC, abstractmethod
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.project import fingerprint
from napari_labelfix.project.blocks import Key
from napari_labelfix.project.records import KEPT, Batch, Objects, together
from napari_labelfix.widgets import layers
from napari_labelfix.widgets.block_copier import BlockCopier, every_block
from napari_labelfix.widgets.layer_states import (
    author_of,
    describe_image,
    describe_layer,
    geometry_of,
    kind_of,
    objects_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_labelfix.project.records import Block, ImageRecord, LayerRecord

    NoteStep = Callable[[Layer, str, Iterable[int]], None]
    Make = Callable[[], Batch]  # called in the thread that writes

_IMAGE_KEPT_UP_TO = 2**28  # bytes of an image of no file
_MODEL_EVERY = 5.0  # seconds between saves of what a model believes
_BLOCKS_AT_ONCE = 8
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


class Followed(ABC):
    """A layer, and what of it is not in the file yet.

    Parameters
    ----------
    layer
        The layer.

    Attributes
    ----------
    annotated
        Whether a person has made something in it since it is followed.
    in_file
        Whether the file has it.
    """

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.kind = kind_of(layer)
        self.author = author_of(layer)
        self.annotated = False
        self.in_file = False
        self._sent: LayerRecord | None = None
        self._later: Iterator[Make] = iter(())

    @property
    def hurries(self) -> bool:
        """Whether something was copied in part, and the rest should follow in a moment."""
        return False

    def take_up(self, record: LayerRecord | None, image: ImageRecord | None = None) -> None:
        """Note that another project is being written, which has the layer as it is, or (None) does not have it."""
        if record is None:
            self.in_file, self._sent = False, None
            self._forget()
        elif not self.in_file:
            self.in_file, self._sent = True, record
            self._settle(image)

    def take(self, position: int) -> Make | None:
        """Copy what is not in the file yet; None if all is. What is returned makes a batch of the copy.

        Parameters
        ----------
        position
            In the list of layers.
        """
        record = describe_layer(self.layer, position)
        makers = list(self._changes(record))
        if record == self._sent and not makers:
            return None
        self.in_file, self._sent = True, record
        return lambda: together([Batch(layers=[record]), *(make() for make in makers)])

    def take_later(self) -> Make | None:
        """Return the next part of what is big and can wait, so that strokes in between are not kept waiting."""
        return next(self._later, None)

    def touch(self) -> None:  # noqa: B027
        """Note that a model shows something new."""

    def wait(self, seconds: float) -> None:  # noqa: B027
        """Wait until everything is known that is to be saved of the layer."""

    def stop(self) -> None:  # noqa: B027
        """Listen no more."""

    @abstractmethod
    def _changes(self, record: LayerRecord) -> Iterator[Make]:
        """Copy what has changed in the layer, and note that it has been."""

    @abstractmethod
    def _forget(self) -> None:
        """Note that nothing is in the file."""

    @abstractmethod
    def _settle(self, image: ImageRecord | None) -> None:
        """Note that everything is in the file."""


class FollowedLabels(Followed):
    """Labels that a person draws: the blocks that a step touched, and the records of its objects."""

    def __init__(self, layer: Layer, note_step: NoteStep) -> None:
        from napari_labelfix.widgets.history import history_of  # brings pandas, as the first labels layer does

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
        from napari_labelfix.widgets.history import FEATURES, REPLACED

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
        self._objects, self._emptied = None, False

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
        from napari_labelfix.widgets.history import existing_history

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

    def _changes(self, record: LayerRecord) -> Iterator[Make]:
        if self._touched and time.monotonic() - self._taken >= _MODEL_EVERY:
            self._touched, self._taken = False, time.monotonic()
            if record.kind == "labels":
                self._blocks.add(None)
            elif record.kind == "image":  # numbers to look at: they may be read while new ones come
                self._later = _in_parts(every_block(self.layer.data, record))
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


class FollowedImage(Followed):
    """An image: a reference to its file, or, if it is of none, its pixels."""

    def __init__(self, layer: Layer) -> None:
        super().__init__(layer)
        self._known: ImageRecord | None = None  # with fingerprints
        self._reference: ImageRecord | None = None  # as the file has it
        self._pixels: Any = None  # for which the fingerprints are being taken
        self._kept: Any = None  # the pixels that the file has
        self._thread: threading.Thread | None = None

    def wait(self, seconds: float) -> None:
        """Wait for the fingerprints."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _changes(self, record: LayerRecord) -> Iterator[Make]:
        pixels, reference = layers.level_0(self.layer), describe_image(self.layer)
        if self._reference is not None and self._reference.reader == KEPT and pixels is self._kept:
            reference = replace(reference, reader=KEPT)
        if self._known is not None:
            prints = {name: getattr(self._known, name) for name in ("file_fingerprint", "pixel_fingerprint")}
            reference = replace(reference, **prints)
        if pixels is not self._pixels:
            self._pixels, self._known = pixels, None
            self._thread = threading.Thread(target=self._take_fingerprints, args=(reference, pixels), daemon=True)
            self._thread.start()
        if reference != self._reference:
            self._reference = reference
            yield lambda: Batch(images=[reference])
        if not reference.path and pixels is not self._kept and pixels.nbytes <= _IMAGE_KEPT_UP_TO:
            self._kept = pixels
            yield lambda: Batch(emptied=[record.id])
            self._later = self._keep(record, pixels)

    def _keep(self, record: LayerRecord, pixels: Any) -> Iterator[Make]:
        """Yield the pixels in parts, and at last that they are all there."""
        yield from _in_parts(every_block(pixels, record))
        self._reference = whole = replace(self._reference or describe_image(self.layer), reader=KEPT)
        yield lambda: Batch(images=[whole])

    def _take_fingerprints(self, reference: ImageRecord, pixels: Any) -> None:
        try:
            of_file = fingerprint.of_file(Path(reference.path)) if reference.path else ""
            known = replace(reference, file_fingerprint=of_file, pixel_fingerprint=fingerprint.of_pixels(pixels))
        except (OSError, ValueError, MemoryError):  # the file is gone, or cannot be read: then it stays unknown
            return
        if pixels is self._pixels:
            self._known = known

    def _forget(self) -> None:
        self._reference = self._kept = None

    def _settle(self, image: ImageRecord | None) -> None:
        self._known = self._reference = None if image is None else replace(image, relative="")
        pixels, path = layers.level_0(self.layer), str(self.layer.source.path or "")
        self._kept = pixels
        self._pixels = pixels if image is not None and image.path == path and image.pixel_fingerprint else None


def _in_parts(blocks: Iterator[Block]) -> Iterator[Make]:
    """Yield batches of a few blocks each, whose writing takes about a tenth of a second."""
    while part := list(itertools.islice(blocks, _BLOCKS_AT_ONCE)):
        yield partial(Batch, blocks=part)


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
