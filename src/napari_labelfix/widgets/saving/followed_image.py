"""An image in the project file: a reference that is known again by its content; where there is no file, its pixels."""

from __future__ import annotations

import math
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.project import fingerprint
from napari_labelfix.project.records import KEPT, Batch
from napari_labelfix.widgets.saving.block_copier import every_block
from napari_labelfix.widgets.saving.followed import Followed, in_parts
from napari_labelfix.widgets.viewer import image_planes
from napari_labelfix.widgets.viewer.layer_states import describe_image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari.layers import Layer

    from napari_labelfix.project.records import ImageRecord, LayerRecord
    from napari_labelfix.widgets.saving.followed import Make

_KEPT_UP_TO = 2**28  # bytes of an image of no file


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
        pixels, reference = image_planes.level_0(self.layer), describe_image(self.layer)
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
        if not reference.path and pixels is not self._kept and _bytes_of(pixels) <= _KEPT_UP_TO:
            self._kept = pixels
            yield lambda: Batch(emptied=[record.id])
            self._later = self._keep(record, pixels)

    def _keep(self, record: LayerRecord, pixels: Any) -> Iterator[Make]:
        """Yield the pixels in parts, and at last that they are all there."""
        yield from in_parts(every_block(pixels, record))
        self._reference = whole = replace(self._reference or describe_image(self.layer), reader=KEPT)
        yield lambda: Batch(images=[whole])

    def _take_fingerprints(self, reference: ImageRecord, pixels: Any) -> None:
        try:
            of_file = fingerprint.of_file(Path(reference.path)) if reference.path else ""
        except OSError:  # the file is gone: then it stays unknown
            return
        known = replace(reference, file_fingerprint=of_file, pixel_fingerprint=fingerprint.of_pixels(pixels))
        if known.pixel_fingerprint and pixels is self._pixels:
            self._known = known

    def _forget(self) -> None:
        self._reference = self._kept = None

    def _settle(self, image: ImageRecord | None) -> None:
        self._known = self._reference = None if image is None else replace(image, relative="")
        pixels, path = image_planes.level_0(self.layer), str(self.layer.source.path or "")
        self._kept = pixels if image is not None and image.reader == KEPT else None
        self._pixels = pixels if image is not None and image.path == path and image.pixel_fingerprint else None


def _bytes_of(pixels: Any) -> int:
    """Return how much memory an array takes; of an array of any program's, shape and type are all that is known."""
    return math.prod(pixels.shape) * np.dtype(pixels.dtype).itemsize
