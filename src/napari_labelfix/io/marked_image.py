"""What is exported of boxes and points: where they are in their image, and what a file format may want to know."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from napari_labelfix.errors import InputError
from napari_labelfix.io.boxes import cut_to
from napari_labelfix.io.label_image import name_of_plane

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from napari_labelfix.io.grid import Grid
    from napari_labelfix.io.label_image import Box, Index, What


@dataclass(frozen=True, eq=False)
class MarkedImage:
    """Boxes or points of one image, of one plane or many.

    Parameters
    ----------
    name
        As of `LabelImage`, and so are `image_name`, `source` and `about`.
    shape
        (..., Y, X) of the image.
    grid
        Names, spacings and units of the axes.
    places
        Boxes (N, 4) y0, x0, y1, x1, counted from the edge of the image; or points (N, 2) row, column, where the middle
        of the first pixel is 0, 0.
    planes
        (N, axes) the plane that each lies in.
    cells
        (N,) which mark a cell, and not what is none.
    diameter
        Of the cells, in pixels; 0 where nothing is known of it.
    """

    class_names: ClassVar[tuple[str, ...]] = ("object",)

    name: str
    shape: tuple[int, ...]
    grid: Grid
    places: NDArray[np.floating]
    planes: NDArray[np.intp]
    cells: NDArray[np.bool_]
    diameter: float = 0.0
    image_name: str = ""
    source: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def what(self) -> What:
        """Whether these are boxes or points."""
        return "boxes" if self.places.shape[1] == 4 else "points"

    @property
    def left_out(self) -> int:
        """How many mark what is no cell."""
        return int((~self.cells).sum())

    def check(self) -> None:
        """Raise `InputError` if a mark lies in no plane of the image."""
        inside = ((self.planes >= 0) & (self.planes < self.shape[:-2])).all(axis=1)
        if not inside.all():
            outside = self.planes[~inside]
            lie = "lies" if len(outside) == 1 else "lie"
            raise InputError(
                f"{len(outside)} of the {self.what} of {self.name} {lie} in no plane of the image. Go to plane "
                f"{', '.join(map(str, outside[0]))} with napari's slider, and remove what is there."
            )

    def doubt(self) -> str:
        """Return "": nothing in marks looks like a mistake."""
        return ""

    def seen(self) -> MarkedImage:
        """Return the marks that lie in the image; of boxes the part that does."""
        if self.what == "boxes":
            height, width = self.shape[-2:]
            places, inside = cut_to(self.places, (height, width))
        else:
            places = self.places
            inside = np.asarray(((places >= -0.5) & (places <= np.subtract(self.shape[-2:], 0.5))).all(axis=1))
        return replace(self, places=places[inside], planes=self.planes[inside], cells=self.cells[inside])

    def plane_name(self, index: Index) -> str:
        """Return a name for a plane's file."""
        return name_of_plane(self.name, self.shape, index)

    def count_classes(self) -> Counter[str]:
        """Return how many cells there are of each class."""
        return Counter({self.class_names[0]: int(self.cells.sum())})

    def places_in(self, index: Index) -> NDArray[np.floating]:
        """Return the boxes (N, 4) or points (N, 2) of the cells in a plane."""
        return self.places[self.cells & (self.planes == index).all(axis=1)]

    def boxes_in(self, index: Index) -> Iterator[tuple[int, Box]]:
        """Yield the class, 1 and up, and the box of each cell in a plane."""
        for y0, x0, y1, x1 in self.places_in(index).tolist():
            yield 1, (y0, x0, y1, x1)
