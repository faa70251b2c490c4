"""What is exported: a label image, with all that a file format may want to know about it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from napari_labelfix.data.label_images import ids_of
from napari_labelfix.data.numbering import doubt_about_numbers
from napari_labelfix.errors import InputError
from napari_labelfix.io.class_names import OBJECT, checked_name, list_names, names_given
from napari_labelfix.io.grid import Grid
from napari_labelfix.review.boxes import find_boxes
from napari_labelfix.review.edits import join_planes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    Index = tuple[int, ...]  # of a plane in a stack; () where there is one plane only
    Box = tuple[float, float, float, float]  # y0, x0, y1, x1, counted from the edge of the image

HIGHEST_NUMBER = 2**32 - 1
What = Literal["labels", "boxes", "points"]  # is exported
NOUNS: Mapping[What, tuple[str, str]] = {
    "labels": ("object", "objects"),
    "boxes": ("box", "boxes"),
    "points": ("point", "points"),
}
_LONGEST = 180  # bytes of a name: a file may have 255, with all that is added
_NOT_FOR_FILE_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\ud800-\udfff]+')  # on any system; halves of characters


@dataclass(frozen=True, eq=False)
class LabelImage:
    """Labels of one image, of one plane or many.

    Parameters
    ----------
    name
        The image's name without suffix; names of files begin with it.
    labels
        (..., Y, X) object ids, 0 = background; the axes before Y, X are planes.
    grid
        Names, spacings and units of the axes.
    image_name
        File name of the image, for formats that name it; "" where it is not known.
    source
        Where the labels come from, for the record.
    classes
        Class of an object by its id, 1 and up; an object that is not there is of class 1.
    class_names
        Name of class 1, 2, ...
    about
        More for the record: how the objects were chosen, and where they come from.
    """

    what: ClassVar[What] = "labels"
    left_out: ClassVar[int] = 0  # all objects are exported

    name: str
    labels: NDArray[Any]
    grid: Grid
    image_name: str = ""
    source: str = ""
    classes: Mapping[int, int] = field(default_factory=dict)
    class_names: tuple[str, ...] = (OBJECT,)
    about: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        name: str,
        labels: NDArray[Any],
        grid: Grid | None = None,
        *,
        names: Mapping[int, str] | None = None,
        **rest: Any,
    ) -> LabelImage:
        """Return labels with a name that suits a file, pixels as units where there is no grid, and class names.

        A class that has none among `names` is called by its number.
        """
        classes: Mapping[int, int] = rest.get("classes", {})
        listed = list_names(max(classes.values(), default=1), names or {})
        return cls(name_for_files(name), labels, grid or Grid.in_pixels(labels.ndim), **{"class_names": listed, **rest})

    def with_names(self, names: Mapping[int, str]) -> LabelImage:
        """Return the same with other names for some classes; the others keep theirs.

        Raises
        ------
        InputError
            If one that keeps its name is called as one of the others.
        """
        own = names_given(dict(enumerate(self.class_names, start=1)))
        kept = {number: name for number, name in own.items() if number not in names}
        checked = {number: checked_name(name, number, filter(None, kept.values())) for number, name in names.items()}
        highest = max(self.classes.values(), default=1)
        return replace(self, class_names=list_names(highest, kept | checked))

    @property
    def shape(self) -> tuple[int, ...]:
        """(..., Y, X)."""
        return self.labels.shape

    @cached_property
    def numbers(self) -> NDArray[Any]:
        """The ids of all objects, ascending."""
        return ids_of(self.labels)

    @property
    def planes(self) -> Iterator[tuple[Index, NDArray[Any]]]:
        """The index and the labels of each plane, in order."""
        return ((index, self.labels[index]) for index in np.ndindex(self.shape[:-2]))

    def plane_name(self, index: Index) -> str:
        """Return a name for a plane's file."""
        return name_of_plane(self.name, self.shape, index)

    def doubt(self) -> str:
        """Return what looks like a mistake in a sentence, or ""."""
        return doubt_about_numbers((plane for _, plane in self.planes), self.name)

    def boxes_in(self, index: Index) -> Iterator[tuple[int, Box]]:
        """Yield the class, 1 and up, and the bounding box of each object in a plane."""
        for number, (rows, columns) in find_boxes(self.labels[index]).items():
            yield self.class_of(number), (rows.start, columns.start, rows.stop, columns.stop)

    def count_classes(self) -> Counter[str]:
        """Return how many objects there are of each class that has any."""
        return Counter(self.class_names[self.class_of(int(number)) - 1] for number in self.numbers)

    def class_of(self, number: int) -> int:
        """Return the class of an object, 1 and up."""
        return self.classes.get(number, 1)

    def check(self) -> None:
        """Raise `InputError` if these are no labels."""
        if self.labels.ndim < 2 or self.labels.dtype.kind not in "iub":
            raise InputError(
                f"Expected labels of at least two axes and whole numbers in {self.name}, "
                f"but got {self.labels.dtype} {self.labels.shape}."
            )
        if not self.labels.size:
            raise InputError(f"{self.name} has no pixels ({self.labels.shape}). Choose other labels.")
        lowest, highest = int(self.labels.min()), int(self.labels.max())
        if lowest < 0 or highest > HIGHEST_NUMBER:
            raise InputError(
                f"Expected object numbers from 0 to {HIGHEST_NUMBER} in {self.name}, "
                f"but got {lowest} to {highest}. "
                "“Renumber” in the Review dock gives others."
            )

    def renumbered(self) -> tuple[LabelImage, dict[int, int]]:
        """Return the labels with ids 1, 2, 3, ... in the order of the old ones, and the old id of each new one."""
        numbers = self.numbers
        old_of = {new: int(old) for new, old in enumerate(numbers, start=1)}
        labels = np.zeros(self.shape, np.uint32)
        for index, plane in self.planes:  # one by one: places in a list take twice the memory
            labels[index] = np.where(plane > 0, np.searchsorted(numbers, plane) + 1, 0)
        classes = {new: self.class_of(old) for new, old in old_of.items()}
        return replace(self, labels=labels, classes=classes), old_of

    def with_joined_planes(self) -> LabelImage:
        """Return the labels of a stack with one id for objects of a class that lie over one another in its planes."""
        joined = self.labels.copy()
        classes = np.array([self.class_of(int(number)) for number in self.numbers])
        for value in np.unique(classes):
            join_planes(joined, self.numbers[classes == value].tolist()).edit.apply(joined)
        return replace(self, labels=joined, about={**self.about, "joined": "objects of neighbouring planes"})


def say_count(count: int, what: What) -> str:
    """Say "1 object", "3 boxes"."""
    one, several = NOUNS[what]
    return f"{count} {one if count == 1 else several}"


def name_of_plane(name: str, shape: tuple[int, ...], index: Index) -> str:
    """Return a name for the file of a plane of an image (..., Y, X): "cells", or "cells_003" in a stack.

    Axes of length 1 are not counted: readers drop them, and a stack of one plane is an image.
    """
    digits = (
        f"{at:0{max(3, len(str(length - 1)))}}"
        for at, length in zip(index, shape[: len(index)], strict=True)
        if length > 1
    )
    return "_".join([name, *digits])


def name_for_files(name: str) -> str:
    """Return a name without what no file may be called, on any system, and no longer than leaves room for an ending."""
    allowed = _NOT_FOR_FILE_NAMES.sub("_", name).strip(" .")
    return allowed.encode()[:_LONGEST].decode(errors="ignore").strip(" .") or "labels"
