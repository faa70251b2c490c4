"""What annotation files of other programs hold: outlines, boxes and points, before it is known for which image."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.errors import InputError
from napari_labelfix.io.label_image import HIGHEST_NUMBER
from napari_labelfix.io.outlines import paint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    PlaneKey = tuple[int, ...] | int | None  # index, number in order, or not said


@dataclass(frozen=True, eq=False)
class DrawnObject:
    """One outlined object.

    Parameters
    ----------
    rings
        (N, 2) row, column of vertices in pixels' corners; holes are rings too.
    plane
        Where in a stack.
    number
        Its id, where the file says one.
    runs
        (N, 2) first pixel of each run and the one behind its last, counted down each column of the plane; where the
        file has pixels instead of rings.
    separate
        Whether each ring is a piece: rings that overlap are no holes.
    class_number
        Its class, 1 and up.
    """

    rings: list[NDArray[np.float64]]
    plane: PlaneKey = None
    number: int | None = None
    runs: NDArray[np.int64] | None = None
    separate: bool = False
    class_number: int = 1

    def paint(self, plane: NDArray[np.uint32], number: int) -> int:
        """Write a number into the object's pixels of a plane; return how many these are."""
        if self.runs is not None:
            down_columns = plane.T.flat
            for first, behind in self.runs.tolist():
                down_columns[first:behind] = number
            return int((self.runs[:, 1] - self.runs[:, 0]).sum())
        rings = self._areas
        pieces = [[ring] for ring in rings] if self.separate else [rings] if rings else []
        return sum(paint(plane, piece, number) for piece in pieces)

    def box(self, shape: tuple[int, ...]) -> tuple[float, float, float, float] | None:
        """Return the bounding box y0, x0, y1, x1 of the object in an image (..., Y, X); None if it encloses nothing."""
        corners = self._areas if self.runs is None else [_corners_of_runs(self.runs, shape[-2])]
        found = np.concatenate([np.zeros((0, 2)), *corners])
        if not len(found):
            return None
        y0, x0, y1, x1 = np.append(found.min(axis=0), found.max(axis=0)).tolist()
        return y0, x0, y1, x1

    @property
    def _areas(self) -> list[NDArray[np.float64]]:
        """The rings that enclose something."""
        return [ring for ring in self.rings if len(ring) > 2 and np.isfinite(ring).all()]


@dataclass(eq=False)
class Drawn:
    """All that a file holds for one image.

    Parameters
    ----------
    objects
        Outlines, in the order of the file.
    boxes
        Plane and y0, x0, y1, x1, in pixels' corners.
    points
        Plane and row, column, in pixels: the middle of the first pixel is 0, 0.
    class_names
        What classes of objects are called, by number, "" where one has no name.
    """

    objects: list[DrawnObject] = field(default_factory=list)
    boxes: list[tuple[PlaneKey, tuple[float, float, float, float]]] = field(default_factory=list)
    points: list[tuple[PlaneKey, tuple[float, float]]] = field(default_factory=list)
    class_names: dict[int, str] = field(default_factory=dict)

    def add(self, other: Drawn, plane: PlaneKey = None) -> None:
        """Take over what another file of the same image holds; in a plane, where that file is of one plane.

        A class that is called otherwise than that of its number here is the one of its name, or a new one.
        """
        numbers = {number: self._number_for(number, name) for number, name in other.class_names.items()}
        self.objects += [
            replace(
                found,
                plane=found.plane if plane is None else plane,
                class_number=numbers.get(found.class_number, found.class_number),
            )
            for found in other.objects
        ]
        self.boxes += [(key if plane is None else plane, box) for key, box in other.boxes]
        self.points += [(key if plane is None else plane, point) for key, point in other.points]

    def _number_for(self, number: int, name: str) -> int:
        """Return under which number a class of another file is known here, and keep its name."""
        known = self.class_names.get(number) or name
        if known != name:
            same = (own for own, called in self.class_names.items() if called == name)
            number = next(same, max(self.class_names) + 1)
        self.class_names[number] = name
        return number


def _corners_of_runs(runs: NDArray[np.int64], height: int) -> NDArray[np.int64]:
    """Return (M, 2) row, column of corners of runs: two of each that has pixels, opposite ones."""
    first, last = runs[runs[:, 1] > runs[:, 0]].T - np.array([[0], [1]])
    (left, top), (right, bottom) = np.divmod(first, height), np.divmod(last, height)
    several = left < right  # from the bottom of a column it goes on at the top of the next
    top, bottom = np.where(several, 0, top), np.where(several, height - 1, bottom)
    return np.concatenate([np.stack([top, left], axis=1), np.stack([bottom, right], axis=1) + 1])


def expect_size(said: tuple[int, ...], shape: tuple[int, ...], name: str, path: Path) -> None:
    """Raise `InputError` if a file says another height and width than those of the image of a name."""
    if said != shape[-2:]:
        raise InputError(
            f"{name} is {shape[-2]} x {shape[-1]}, but {path} says {said[0]} x {said[1]} (height x width). "
            "Both must have the same size."
        )


def plane_number(key: PlaneKey, leading: tuple[int, ...], what: str) -> int:
    """Return which plane is meant, counted in order.

    Parameters
    ----------
    key
        As the file says it.
    leading
        Shape of the axes of planes; () for one plane.
    what
        The file, for the sentence.

    Raises
    ------
    InputError
        If there is no such plane, or the file does not say in which of several planes something lies.
    """
    count = int(np.prod(leading))
    if key is None or count == 1:
        if count > 1:
            raise InputError(f"{what} does not say in which of {count} planes its objects lie. Split the stack first.")
        return 0
    counted = tuple(length for length in leading if length > 1)
    if isinstance(key, tuple) and len(key) != len(leading) and len(key) == len(counted):
        leading = counted  # as the files of planes are called
    if isinstance(key, tuple) and len(key) == len(leading):
        if all(0 <= at < length for at, length in zip(key, leading, strict=True)):
            return int(np.ravel_multi_index(key, leading))
        key = tuple(at + 1 for at in key)
    elif isinstance(key, tuple):  # time and depth, of which the image has one only
        key = max(key)
    if isinstance(key, tuple) or not 0 <= key < count:
        raise InputError(f"{what} has an object in plane {key}, but the image has {count} planes. Check the image.")
    return key


def paint_drawn(drawn: Drawn, shape: tuple[int, ...], what: str) -> NDArray[np.uint32]:
    """Return the outlined objects as labels; where two overlap, the later one is seen.

    The first object of a number in a plane keeps it. One without a number, and a copy that still has that of another
    object, get numbers above the highest.

    Parameters
    ----------
    drawn
        What the file holds.
    shape
        (..., Y, X) of the image.
    what
        The file, for sentences.

    Raises
    ------
    InputError
        If an object lies in a plane that is not there, or none lies in the image.
    """
    labels = np.zeros(shape, np.uint32)
    planes = labels.reshape(-1, *shape[-2:])
    lie_in, numbers = _placed(drawn, shape, what)
    pixels = sum(
        found.paint(planes[plane], number) for found, plane, number in zip(drawn.objects, lie_in, numbers, strict=True)
    )
    if drawn.objects and not pixels:
        raise InputError(f"No object of {what} lies in the image of {shape[-2]} x {shape[-1]}. Is it of another image?")
    return labels


def classes_drawn(drawn: Drawn, shape: tuple[int, ...], what: str) -> dict[int, int]:
    """Return the class of each object by the number that `paint_drawn` gives it."""
    _, numbers = _placed(drawn, shape, what)
    return {number: found.class_number for found, number in zip(drawn.objects, numbers, strict=True)}


def _placed(drawn: Drawn, shape: tuple[int, ...], what: str) -> tuple[list[int], list[int]]:
    """Return the plane, counted in order, and the number of each object."""
    lie_in = [plane_number(found.plane, shape[:-2], what) for found in drawn.objects]
    return lie_in, _numbers_of(drawn.objects, lie_in)


def _numbers_of(objects: Sequence[DrawnObject], lie_in: Sequence[int]) -> list[int]:
    """Return a number for each object: its own, or a new one."""
    own: list[int] = []  # 0 for none
    seen: set[tuple[int, int]] = set()
    for found, plane in zip(objects, lie_in, strict=True):
        number = found.number or 0
        is_own = 0 < number <= HIGHEST_NUMBER and (plane, number) not in seen
        own.append(number if is_own else 0)
        seen.add((plane, number))
    taken = {*own} - {0}
    above = max(taken, default=0) + 1
    new = count(above if above + len(objects) <= HIGHEST_NUMBER else 1)
    return [number or next(free for free in new if free not in taken) for number in own]
