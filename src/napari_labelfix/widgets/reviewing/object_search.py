"""What the pixels of a Labels layer say of its objects: looked for in the background, and again after edits."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from napari.layers import Points
from qtpy.QtCore import QObject, QTimer, Signal

from napari_labelfix.review.boxes import find_box, find_boxes
from napari_labelfix.review.in_parts import find_all_boxes
from napari_labelfix.widgets.parts.background import Background
from napari_labelfix.widgets.reviewing.reference import comparison_with, fits, points_on
from napari_labelfix.widgets.viewer import image_planes, layers
from napari_labelfix.widgets.viewer.history import FEATURES, RENUMBER, REPLACED
from napari_labelfix.widgets.viewer.label_layers import image_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari.components import ViewerModel
    from napari.layers import Labels
    from napari.utils.events import Event
    from numpy.typing import NDArray

    from napari_labelfix.review.boxes import Box
    from napari_labelfix.review.differences import Differences
    from napari_labelfix.review.in_parts import GoOn
    from napari_labelfix.review.suspects import Suspects
    from napari_labelfix.widgets.reviewing.reference import Comparison, Reference
    from napari_labelfix.widgets.viewer.history import Changed

_AFTER_MS = 1500
_NO_IDS = np.zeros(0, np.int64)
_LONG = 2.0  # seconds: a search that takes longer is not repeated after each edit


class Found(NamedTuple):
    """What a search in the background has found."""

    suspects: Suspects
    boxes: Mapping[int, Box]
    unusable: NDArray[np.integer]
    differences: Differences | None
    seconds: float


class ObjectSearch(QObject):
    """Knows why objects are suspect, where they are, and what differs from another layer.

    Parameters
    ----------
    viewer
        The viewer.
    parent
        The Qt parent.
    """

    began = Signal()
    found = Signal()
    failed = Signal(str)  # a sentence

    def __init__(self, viewer: ViewerModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._layer: Labels | None = None
        self._other: Reference | None = None
        self._points: NDArray[np.float64] | None = None  # to which the labels were compared last, if to points
        self._found: Found | None = None
        self._renumbered: NDArray[np.integer] = _NO_IDS  # unusable numbers until others were given; they can come back
        self._boxes: dict[int, Box] = {}
        self._moved: set[int] | None = set()  # objects whose pixels changed since the search began; None for all
        self._work = Background(self)
        self._work.done.connect(self._on_found)
        self._work.failed.connect(self.failed)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_AFTER_MS)
        self._timer.timeout.connect(self.start)

    @property
    def suspects(self) -> Suspects | None:
        """Why objects are suspect, once that is known."""
        return self._found.suspects if self._found is not None else None

    @property
    def differences(self) -> Differences | None:
        """What differs from the other layer, once that is known."""
        return self._found.differences if self._found is not None else None

    @property
    def unusable_ids(self) -> NDArray[np.integer]:
        """Numbers that no object can have (N,), as far as that is known."""
        return self._found.unusable if self._found is not None else _NO_IDS

    @property
    def busy(self) -> bool:
        """Whether a search goes on."""
        return self._work.busy

    def look_at(self, layer: Labels | None, other: Reference | None = None) -> None:
        """Search in a layer from the next start on, compared with another one; in none, not any more."""
        self._timer.stop()
        self._work.stop()
        for watched in self._watched:
            layers.unwatch(watched, self._on_other)
        self._layer, self._other, self._found, self._boxes, self._renumbered = layer, other, None, {}, _NO_IDS
        for watched in self._watched:
            layers.watch(watched, self._on_other)

    def start(self) -> None:
        """Look for suspects and differences, in the background."""
        layer, other = self._layer, self._other
        if layer is None:
            return
        self._timer.stop()
        image = image_of(self._viewer, layer)
        pixels = image_planes.Pixels(image) if image is not None else None
        is_of_image = pixels is not None and pixels.shape[: layer.ndim] == layer.data.shape
        self._points = points_on(other, layer) if isinstance(other, Points) else None
        compare = comparison_with(other, layer) if other is not None and fits(other, layer) else None
        self._moved = set()
        self._work.start_long(_search(layer.data, pixels if is_of_image else None, compare))
        self.began.emit()

    def notice(self, change: Changed) -> None:
        """Forget what a change has made wrong, and look for it again a while after the last one."""
        if change.what == REPLACED:
            self._boxes, self._moved = {}, None
        elif change.what != FEATURES:
            for label in change.ids.tolist():
                self._boxes.pop(label, None)
            if self._moved is not None:
                self._moved.update(change.ids.tolist())
        if RENUMBER in (change.what, change.step):
            self._notice_numbers(is_back=change.what == "undo")
        pixels = change.blocks is None or change.blocks.size
        if pixels and self._is_quick:
            self._timer.start()

    @property
    def _watched(self) -> list[Reference]:
        """The layers whose changes call for another comparison: points lie elsewhere when the labels are moved, too."""
        moved = self._layer if isinstance(self._other, Points) else None
        return [layer for layer in (self._other, moved) if layer is not None]

    @property
    def _is_quick(self) -> bool:
        """Whether a search may be made after each change."""
        return self._found is None or self._found.seconds < _LONG

    def box_of(self, label: int) -> Box | None:
        """Return where an object is."""
        if self._layer is None:
            return None
        if label not in self._boxes:
            here = image_planes.index_in_view(self._viewer, self._layer)
            box = find_box(self._layer.data, label, here)
            if box is None:
                return None
            self._boxes[label] = box
        return self._boxes[label]

    def boxes_in_view(self, labels: Sequence[int]) -> dict[int, Box]:
        """Return boxes of objects, or of what of them lies in the plane in view; those that are elsewhere may lack."""
        if self._layer is None:
            return {}
        if unknown := [label for label in labels if label not in self._boxes]:
            here = image_planes.index_in_view(self._viewer, self._layer)
            plane = tuple(slice(at, at + 1) for at in here)
            for label, box in find_boxes(np.asarray(self._layer.data[here]), unknown).items():
                self._boxes[label] = plane + box
        return {label: self._boxes[label] for label in labels if label in self._boxes}

    def _on_other(self, event: Event) -> None:
        """Compare again when what is compared with has changed; napari also tells when it is merely drawn again."""
        layer, other = self._layer, self._other
        if layer is None or other is None:
            return
        if isinstance(other, Points):
            is_new = self._points is None or not np.array_equal(points_on(other, layer), self._points, equal_nan=True)
        else:
            is_new = event.type != "set_data"
        if is_new and self._is_quick and not self._timer.isActive():
            self._timer.start()

    def _notice_numbers(self, *, is_back: bool) -> None:
        """Know without a search, which may be long, what is unusable when numbers were given, or taken back."""
        if self._found is None:
            return
        if not is_back and self._found.unusable.size:
            self._renumbered = self._found.unusable
        self._found = self._found._replace(unusable=self._renumbered if is_back else _NO_IDS)
        self.found.emit()

    def _on_found(self, found: Found) -> None:
        if self._layer is None:
            return
        self._found = found
        known = {} if self._moved is None else found.boxes  # as it was when the search began
        self._boxes = {label: box for label, box in known.items() if label not in (self._moved or ())}
        self.found.emit()


def _search(labels: NDArray[np.integer], image: Any, compare: Comparison | None) -> Callable[[GoOn], Found]:
    """Return what looks for suspects, in any thread; it works on a copy, for the person goes on."""
    pixels = np.array(labels)

    def search(go_on: GoOn) -> Found:
        # slow to import: docks open without them
        from napari_labelfix.review.edits import unusable_ids
        from napari_labelfix.review.suspects import find_suspects

        started = perf_counter()
        suspects, differences = find_suspects(pixels, image, go_on), None
        if compare is not None:
            differences = compare(pixels, go_on)
            suspects = differences.add_to(suspects)
        boxes, unusable = find_all_boxes(pixels, go_on), unusable_ids(pixels, go_on)
        return Found(suspects, boxes, unusable, differences, perf_counter() - started)

    return search
