"""What a person gives to a method: images with imperfect annotations, as frozen numpy records.

Axes: images and label arrays are `YX`, images may be `YXC`; points are `(N, 2)` row, column;
boxes are `(N, 4)` y0, x0, y1, x1. A *plane* is one 2D image; a stack or a time-lapse is a task of many planes.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

UNMARKED, BACKGROUND, FIRST_CLASS = 0, 1, 2  # the values of a scribble layer
FEWEST_POINTS = 3  # on cells; from fewer neither a classifier nor a ranking can learn
CLOSEST_POINTS = 0.5  # radii; points that are nearer contradict each other
HIGHEST_ID = 2**30  # of an object; leaves room for new ones in 32 bit


@dataclass(frozen=True, eq=False)
class Scribbles:
    """Strokes on some pixels of a plane, and objects that a person has agreed to.

    Parameters
    ----------
    marks
        (Y, X) integers: 0 unmarked, 1 background, 2 the first foreground class, 3, 4, ... further classes.
    accepted
        (Y, X) a number for each accepted object, 0 elsewhere; None if there are none.
    classes
        (N, 2) numbers of accepted objects, and which class each is of, from 1 on. Of others nobody has said it.
    """

    marks: NDArray[np.integer]
    accepted: NDArray[np.integer] | None = None
    classes: NDArray[np.integer] = field(default_factory=lambda: np.zeros((0, 2), np.int64))

    @property
    def shape(self) -> tuple[int, ...]:
        """Height and width in pixels."""
        return self.marks.shape

    @property
    def teaches(self) -> bool:
        """Whether anything is marked or accepted."""
        return bool(self.marks.any()) or (self.accepted is not None and bool(self.accepted.any()))

    def known(self) -> NDArray[np.bool_]:
        """Return (Y, X) where it is drawn what is there."""
        return np.asarray(self.marks != UNMARKED)

    def check(self, name: str) -> None:
        """Raise `InputError` if these are not scribbles; `name` is the plane's name in the sentence."""
        _expect_integers(self.marks, f"the scribbles of {name}")
        if self.accepted is not None:
            _expect_integers(self.accepted, f"the accepted objects of {name}")
            if self.accepted.shape != self.marks.shape:
                raise InputError(
                    f"The accepted objects of {name} have {_size(self.accepted.shape)} pixels, but its scribbles "
                    f"{_size(self.marks.shape)}. Choose those of the same image."
                )
        if self.marks.size and (self.marks.min() < 0 or self.marks.max() > 255):
            raise InputError(
                f"Expected scribble values from 0 to 255 in {name}, but got {self.marks.min()} to "
                f"{self.marks.max()}. Use 0 for unmarked, 1 for background, 2 and up for classes."
            )


@dataclass(frozen=True, eq=False)
class Points:
    """Centres of some objects.

    Parameters
    ----------
    positions
        (N, 2) row, column in pixels.
    shape
        Height and width of the plane.
    radius
        Of an object, in pixels.
    negatives
        (M, 2) row, column of places where there is no object.
    """

    positions: NDArray[np.floating]
    shape: tuple[int, int]
    radius: float
    negatives: NDArray[np.floating] = field(default_factory=lambda: np.zeros((0, 2)))

    @property
    def teaches(self) -> bool:
        """Whether anything is marked."""
        return len(self.positions) + len(self.negatives) > 0

    def check(self, name: str) -> None:
        """Raise `InputError` if a point is not a position inside the plane."""
        for points in (self.positions, self.negatives):
            if points.ndim != 2 or points.shape[1] != 2:
                raise InputError(f"Expected points of shape (N, 2) in {name}, but got {points.shape}.")
        if not self.radius > 0:
            raise InputError(f"Expected a radius above 0 px in {name}, but got {self.radius}.")
        points = np.concatenate([self.positions, self.negatives])
        inside = ((points >= 0) & (points <= np.subtract(self.shape, 1))).all(axis=1)
        if not inside.all():
            count = int((~inside).sum())
            if count == 1:
                raise InputError(f"1 point of {name} lies outside the image. Move or delete it.")
            raise InputError(f"{count} points of {name} lie outside the image. Move or delete them.")


def onto_pixels(positions: NDArray[np.floating], shape: tuple[int, int]) -> NDArray[np.floating]:
    """Return points (N, 2) with those in the outer halves of the border's pixels moved to the middle of these."""
    highest = np.subtract(shape, 1)
    seen = np.asarray(((positions >= -0.5) & (positions <= highest + 0.5)).all(axis=1))
    return np.where(seen[:, None], np.clip(positions, 0, highest), positions)


def middles_of_boxes(corners: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the middles (N, 2) of boxes (N, 4) as positions: a box counts from the edge of the image, these do not."""
    return np.asarray((corners[:, :2] + corners[:, 2:] - 1) / 2)


@dataclass(frozen=True, eq=False)
class Boxes:
    """Bounding boxes of some objects.

    Parameters
    ----------
    corners
        (N, 4) y0, x0, y1, x1 in pixels, counted from the edge of the image.
    shape
        Height and width of the plane.
    negatives
        (M, 4) boxes around what could be taken for an object and is none.
    """

    corners: NDArray[np.floating]
    shape: tuple[int, int]
    negatives: NDArray[np.floating] = field(default_factory=lambda: np.zeros((0, 4)))

    @property
    def teaches(self) -> bool:
        """Whether anything is marked."""
        return len(self.corners) + len(self.negatives) > 0

    def check(self, name: str) -> None:
        """Raise `InputError` if a box is empty or not finite."""
        for corners in (self.corners, self.negatives):
            if corners.ndim != 2 or corners.shape[1] != 4:
                raise InputError(f"Expected boxes of shape (N, 4) in {name}, but got {corners.shape}.")
            good = np.isfinite(corners).all(axis=1) & (corners[:, 2:] > corners[:, :2]).all(axis=1)
            if not good.all():
                count = int((~good).sum())
                if count == 1:
                    raise InputError(f"1 box of {name} has no area. Draw it again or delete it.")
                raise InputError(f"{count} boxes of {name} have no area. Draw them again or delete them.")


@dataclass(frozen=True, eq=False)
class Instances:
    """A label image: `labels` (Y, X) integers, 0 = background, one number per object.

    `trusted` (Y, X) marks where the labels are known to be right; None means nowhere. `others` (Y, X) numbers objects
    that could be taken for these and are not; None means that none are known.
    """

    labels: NDArray[np.integer]
    trusted: NDArray[np.bool_] | None = None
    others: NDArray[np.integer] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Height and width in pixels."""
        return self.labels.shape

    @property
    def teaches(self) -> bool:
        """Whether there is an object that is known to be right."""
        return bool(self.right().any())

    def known(self) -> NDArray[np.bool_]:
        """Return (Y, X) where the labels are right: nowhere if nothing is said."""
        return np.zeros(self.shape, bool) if self.trusted is None else self.trusted.astype(bool)

    def right(self) -> NDArray[np.integer]:
        """Return (Y, X) the labels where they are right, and 0 elsewhere."""
        return np.where(self.known(), self.labels, 0)

    def check(self, name: str) -> None:
        """Raise `InputError` if these are not labels."""
        _expect_integers(self.labels, f"the labels of {name}")
        if self.labels.size and self.labels.min() < 0:
            raise InputError(
                f"Expected labels from 0 up in {name}, but got {self.labels.min()}. "
                "“Renumber” in the Review dock gives others."
            )
        if self.trusted is not None and self.trusted.shape != self.labels.shape:
            raise InputError(f"Expected a trusted mask of {self.labels.shape} in {name}, but got {self.trusted.shape}.")
        if self.others is not None:
            _expect_integers(self.others, f"the other objects of {name}")
            if self.others.shape != self.labels.shape:
                raise InputError(
                    f"Expected other objects of {self.labels.shape} in {name}, but got {self.others.shape}."
                )


@dataclass(frozen=True, eq=False)
class FinishedInstances(Instances):
    """Labels of a plane in which every object is labelled, or only those in the part that is `trusted`."""

    def known(self) -> NDArray[np.bool_]:
        """Return (Y, X) where the labels are right: everywhere if nothing else is said and there are any."""
        return np.full(self.shape, self.labels.any()) if self.trusted is None else self.trusted.astype(bool)


Annotation = Scribbles | Points | Boxes | Instances | FinishedInstances


@dataclass(frozen=True, eq=False)
class Plane:
    """One 2D image with what is known about it.

    Parameters
    ----------
    name
        What the user calls it; unique within a task.
    image
        (Y, X) or (Y, X, C), any integer or floating type.
    annotation
        None for a plane that nobody has annotated.
    """

    name: str
    image: NDArray[np.generic]
    annotation: Annotation | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.image.shape[0], self.image.shape[1]

    @property
    def channels(self) -> int:
        """Number of channels; 1 for a (Y, X) image."""
        return self.image.shape[2] if self.image.ndim == 3 else 1

    @property
    def is_constant(self) -> bool:
        """Whether every pixel is the same, as in an empty plane of a stack."""
        low, high = self._range
        return not low < high

    @property
    def _range(self) -> tuple[Any, Any]:
        """The lowest and the highest number of all pixels that have one; NaN where none has."""
        low, high = self.image.min(), self.image.max()
        if self.image.dtype.kind == "f" and not np.isfinite([low, high]).all():
            known = self.image[np.isfinite(self.image)]
            low, high = (known.min(), known.max()) if known.size else (np.float64("nan"), np.float64("nan"))
        return low, high

    def check_annotation(self) -> None:
        """Raise `InputError` with a sentence if the annotation cannot be used, if there is any."""
        if self.annotation is None:
            return
        if tuple(self.annotation.shape) != self.shape:
            raise InputError(
                f"{self.name} is {_size(self.shape)} but its annotation is {_size(self.annotation.shape)} "
                "(height x width). Both must have the same size."
            )
        self.annotation.check(self.name)

    def check(self, may_be_constant: bool = False) -> None:
        """Raise `InputError` with a sentence if the image or its annotation cannot be used.

        Nothing can be learned from a constant image. It may be one of several, with no annotation to learn from.
        """
        if self.image.ndim not in (2, 3) or 0 in self.image.shape:
            raise InputError(f"Expected {self.name} to be (Y, X) or (Y, X, channels), but got {self.image.shape}.")
        if self.image.dtype.kind not in "uifb":
            raise InputError(f"Expected numbers in {self.name}, but got {self.image.dtype}. Convert the image first.")
        low, high = self._range
        constant, value = not low < high, "NaN or infinite" if np.isnan(low) else low
        if constant and not may_be_constant:
            raise InputError(f"{self.name} is constant (every pixel is {value}). Choose another image.")
        self.check_annotation()
        if constant and self.annotation is not None and self.annotation.teaches:
            raise InputError(
                f"{self.name} is constant (every pixel is {value}), but something is marked on it. Erase "
                "that, or choose another image."
            )


@dataclass(frozen=True, eq=False)
class Task:
    """The planes that a method works on; they may differ in size and some may have no annotation."""

    planes: tuple[Plane, ...]

    def check(self) -> None:
        """Raise `InputError` with a sentence if a run cannot start from this task."""
        if not self.planes:
            raise InputError("There is no image. Choose at least one.")
        for plane in self.planes:
            plane.check(may_be_constant=len(self.planes) > 1)
        if all(plane.is_constant for plane in self.planes):
            self.planes[0].check()
        names = Counter(plane.name for plane in self.planes)
        if repeated := [name for name, count in names.items() if count > 1]:
            raise InputError(f"More than one image is called {repeated[0]}. Rename one, so that results stay apart.")
        first = self.planes[0]
        if other := next((plane for plane in self.planes if plane.channels != first.channels), None):
            raise InputError(
                f"{first.name} has {_channels(first.channels)}, but {other.name} {_channels(other.channels)}. "
                "All images of a run must have the same number: leave out those of one kind."
            )

    def changed_since(self, before: Sequence[Plane]) -> Iterator[tuple[int, Plane]]:
        """Yield the index and the plane of each whose annotation says something else than before."""
        for index, (old, new) in enumerate(zip(before, self.planes, strict=True)):
            if not same_annotation(old.annotation, new.annotation):
                yield index, new

    def fingerprint(self) -> str:
        """Return a SHA-256 of all images, for the record of a run."""
        digest = hashlib.sha256()
        for plane in self.planes:
            add_to_fingerprint(plane, digest)
        return digest.hexdigest()


def add_to_fingerprint(plane: Plane, digest: hashlib._Hash) -> None:
    """Take an image into the SHA-256 of all; for whoever has one of them in memory at a time."""
    digest.update(f"{plane.name} {plane.image.dtype} {plane.image.shape}".encode("utf-8", "surrogateescape"))
    digest.update(np.ascontiguousarray(plane.image).data)


def expect_room_for_new_objects(task: Task) -> None:
    """Raise `InputError` if objects have numbers so high that new ones would not fit into 32 bit."""
    given = [plane.annotation for plane in task.planes if isinstance(plane.annotation, Instances)]
    highest = max((int(part.labels.max(initial=0)) for part in given), default=0)
    if highest > HIGHEST_ID:
        raise InputError(
            f"Expected object numbers up to {HIGHEST_ID}, but got {highest}. "
            "“Renumber” in the Review dock gives others."
        )


def same_annotation(one: Annotation | None, other: Annotation | None) -> bool:
    """Return whether two annotations are of one kind and say the same, or there is neither."""
    if one is None or other is None or type(one) is not type(other):
        return one is other
    pairs = ((getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    return all(value is another or np.array_equal(value, another) for value, another in pairs)


def _expect_integers(array: NDArray[np.generic], what: str) -> None:
    if array.ndim != 2:
        raise InputError(f"Expected {what} to be (Y, X), but got {array.shape}.")
    if array.dtype.kind not in "iub":
        raise InputError(f"Expected whole numbers in {what}, but got {array.dtype}. Save it as an integer image.")


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(str(length) for length in shape)


def _channels(count: int) -> str:
    return f"{count} channel" if count == 1 else f"{count} channels"
