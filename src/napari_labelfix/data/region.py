"""A region of each plane: what a run on it is given, and where on the whole plane lies what it says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.annotations import (
    UNMARKED,
    Boxes,
    FinishedInstances,
    Instances,
    Plane,
    Points,
    Scribbles,
    Task,
    middles_of_boxes,
    onto_pixels,
    same_annotation,
)
from napari_labelfix.snapshots import Detections, FoundBoxes, Proposal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_labelfix.annotations import Annotation
    from napari_labelfix.data.tiles import Window
    from napari_labelfix.snapshots import Belief


@dataclass(frozen=True)
class Region:
    """The part of each plane that a run is on.

    Parameters
    ----------
    windows
        A window for each plane of the task, in its pixels; None for all of it.
    """

    windows: tuple[Window | None, ...]

    @classmethod
    def whole(cls, task: Task) -> Region:
        """Return the region of a run that is on all of a task."""
        return cls((None,) * len(task.planes))

    @property
    def part(self) -> Window | None:
        """The window of the planes that are not looked at as a whole; None if all are."""
        return next((window for window in self.windows if window is not None), None)

    def sentence(self, task: Task) -> str:
        """Say how much of the first plane that is not looked at as a whole is in it; "" if there is none."""
        for plane, window in zip(task.planes, self.windows, strict=True):
            if window is not None and _shape(window) != plane.shape:
                (height, width), (all_height, all_width) = _shape(window), plane.shape
                return f"Only {height} x {width} of {all_height} x {all_width} pixels are looked at."
        return ""

    def of(self, task: Task) -> Task:
        """Return what a run is given: the planes with what is drawn on them, each without what lies outside."""
        cut = zip(task.planes, self.windows, strict=True)
        return Task(tuple(plane if window is None else _plane_in(plane, window) for plane, window in cut))

    def has_changes(self, before: Task, now: Task) -> bool:
        """Return whether a run is given something else; of a whole plane it is if that is another object."""
        for old, new, window in zip(before.planes, now.planes, self.windows, strict=True):
            if new is not old and (window is None or not _same_in(old, new, window)):
                return True
        return False

    def on_plane(self, number: int, belief: Belief, shape: tuple[int, int]) -> Belief:
        """Return what a run says of a plane (Y, X) as said of all of it: outside of the region there is nothing."""
        window = self.windows[number]
        return belief if window is None else _placed(belief, window, shape)


def corners_of(window: Window) -> tuple[int, int, int, int]:
    """Return y0, x0, y1, x1 of a window, in pixels."""
    rows, columns = window
    return rows.start, columns.start, rows.stop, columns.stop


def _same_in(one: Plane, other: Plane, window: Window) -> bool:
    """Return whether the same is drawn on two versions of a plane, within a window."""
    return same_annotation(_plane_in(one, window).annotation, _plane_in(other, window).annotation)


def _plane_in(plane: Plane, window: Window) -> Plane:
    annotation = None if plane.annotation is None else _annotation_in(plane.annotation, window)
    return replace(plane, image=plane.image[window], annotation=annotation)


def _annotation_in(annotation: Annotation, window: Window) -> Annotation:
    match annotation:
        case Scribbles(marks, accepted, classes):
            objects = _cut(accepted, window)
            here = np.isin(classes[:, 0], UNMARKED if objects is None else objects)
            return Scribbles(marks[window], objects, classes[here])
        case Points(positions=positions, negatives=negatives):
            inside = [_points_in(points, window) for points in (positions, negatives)]
            return replace(annotation, positions=inside[0], negatives=inside[1], shape=_shape(window))
        case Boxes(corners=corners, negatives=negatives):
            inside = [_boxes_in(boxes, window) for boxes in (corners, negatives)]
            return replace(annotation, corners=inside[0], negatives=inside[1], shape=_shape(window))
        case Instances(labels, _, others):
            known = _known_in(annotation, window)
            return replace(annotation, labels=labels[window], trusted=known, others=_cut(others, window))


def _known_in(annotation: Instances, window: Window) -> NDArray[np.bool_] | None:
    """Return where the labels in the window are right; in one of a finished plane they are if there are none, too."""
    if annotation.trusted is None and isinstance(annotation, FinishedInstances) and annotation.labels.any():
        return np.ones(_shape(window), bool)
    return _cut(annotation.trusted, window)


def _points_in(positions: NDArray[np.floating], window: Window) -> NDArray[np.floating]:
    """Return the points (N, 2) in the window, in its pixels."""
    return onto_pixels(positions[_lie_in(positions, window)] - _origin(window), _shape(window))


def _boxes_in(corners: NDArray[np.floating], window: Window) -> NDArray[np.floating]:
    """Return the boxes (N, 4) whose middle lies in the window, without what of them lies outside, in its pixels."""
    shifted = corners[_lie_in(middles_of_boxes(corners), window)] - np.tile(_origin(window), 2)
    return np.clip(shifted, 0, np.tile(_shape(window), 2))


def _lie_in(positions: NDArray[np.floating], window: Window) -> NDArray[np.bool_]:
    """Return (N,) whether positions (N, 2), in the middles of pixels, lie in the window."""
    starts, ends = (np.array(side) - 0.5 for side in zip(*((part.start, part.stop) for part in window), strict=True))
    return np.asarray(((positions >= starts) & (positions < ends)).all(axis=1))


def _placed(belief: Belief, window: Window, shape: tuple[int, int]) -> Belief:
    origin = np.array(_origin(window), np.float32)

    def whole(part: NDArray[Any] | None) -> Any:
        """Return (Y, X, ...) with a part in its place, and 0 around it."""
        if part is None:
            return None
        plane = np.zeros((*shape, *part.shape[2:]), part.dtype)
        plane[window] = part
        return plane

    match belief:
        case Proposal():
            arrays = ("labels", "classes", "confidence", "ignored", "changes")
            placed = {name: whole(getattr(belief, name)) for name in arrays}
            return replace(belief, probabilities=None, **placed)
        case Detections(positions=positions, heatmap=heatmap, labels=labels):
            return replace(belief, positions=positions + origin, heatmap=whole(heatmap), labels=whole(labels))
        case FoundBoxes(corners=corners, labels=labels, training_image=image):
            moved = corners + np.tile(origin, 2)
            return replace(belief, corners=moved, labels=whole(labels), training_image=whole(image))


def _cut(array: NDArray[Any] | None, window: Window) -> NDArray[Any] | None:
    return None if array is None else array[window]


def _origin(window: Window) -> tuple[int, int]:
    return window[0].start, window[1].start


def _shape(window: Window) -> tuple[int, int]:
    return window[0].stop - window[0].start, window[1].stop - window[1].start
