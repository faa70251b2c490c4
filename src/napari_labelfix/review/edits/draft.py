"""An edit in the making: pixels are collected box by box, and become one `Edit`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.review.actions import Edit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_labelfix.review.boxes import Box


@dataclass(frozen=True, eq=False)
class Outcome:
    """What an edit does.

    Parameters
    ----------
    edit
        The pixels; its `count` is the number of objects that change.
    parents
        For each object that was made from others, by its id: the ids it came from, ascending. A merged object came
        from all that went into it, its own id among them; a part that was split off came from the whole.
    """

    edit: Edit
    parents: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    @property
    def changes_nothing(self) -> bool:
        """Whether every pixel stays as it is."""
        return not self.edit.after.size

    def gains(self) -> dict[int, int]:
        """Return how many pixels each object gains, or loses where that is negative; the background is left out."""
        ids, place = np.unique(np.concatenate([self.edit.before, self.edit.after]), return_inverse=True)
        signs = np.repeat([-1, 1], self.edit.after.size)
        gained = np.bincount(place, weights=signs, minlength=ids.size)
        return {int(object_id): int(pixels) for object_id, pixels in zip(ids, gained, strict=True) if object_id > 0}

    def in_plane(self, index: tuple[int, ...]) -> Outcome:
        """Return the outcome for a stack of what was worked out in its plane at `index`."""
        return replace(self, edit=self.edit.in_plane(index))


class Draft:
    """Collects the pixels that an edit changes.

    Parameters
    ----------
    labels
        (..., Y, X) as they are, and stay.
    """

    def __init__(self, labels: NDArray[np.integer]) -> None:
        self._labels = labels
        self._dtype = np.int32 if np.can_cast(labels.dtype, np.int32) else np.int64
        self._pixels: list[NDArray[np.intp]] = []  # positions in the flattened array
        self._values: list[NDArray[np.integer]] = []
        self._ranks: list[NDArray[np.float64]] = []

    def write(
        self,
        box: Box,
        mask: NDArray[np.bool_],
        value: int | NDArray[np.integer],
        rank: NDArray[np.floating] | None = None,
    ) -> None:
        """Give pixels of a box a value.

        Parameters
        ----------
        box
            In the array.
        mask
            Of the box's shape: its pixels that change.
        value
            For all of them, or an array of the box's shape.
        rank
            Of the box's shape: where several objects want a pixel, the lowest rank gets it, and then the first.
        """
        inside = np.nonzero(mask)
        size = inside[0].size
        offset = tuple(axis + side.start for axis, side in zip(inside, box, strict=True))
        self._pixels.append(np.ravel_multi_index(offset, self._labels.shape))
        values = value[mask] if isinstance(value, np.ndarray) else np.full(size, value)
        self._values.append(values.astype(self._dtype))
        self._ranks.append(np.zeros(size) if rank is None else rank[mask].astype(np.float64))

    def write_parts(
        self, box: Box, parts: NDArray[np.integer], object_id: int, new_id: int
    ) -> dict[int, tuple[int, ...]]:
        """Give each part but the largest, which keeps its id, an id of its own.

        Parameters
        ----------
        box
            In the array.
        parts
            Of the box's shape: 1..N, 0 where nothing changes; a number may be left out.
        object_id
            The object that is parted.
        new_id
            The first new id.

        Returns
        -------
        dict[int, tuple[int, ...]]
            The new ids, each with the id that it came from.
        """
        sizes = np.bincount(parts.ravel(), minlength=2)
        sizes[0] = 0
        others = np.setdiff1d(np.flatnonzero(sizes), sizes.argmax())
        ids = np.zeros(sizes.size, np.int64)
        ids[others] = new_id + np.arange(others.size)
        self.write(box, ids[parts] > 0, ids[parts])
        return {int(part_id): (object_id,) for part_id in ids[others]}

    def outcome(self, parents: Mapping[int, tuple[int, ...]] | None = None) -> Outcome:
        """Return the edit; pixels that have their value already are left out."""
        pixels = np.concatenate([np.zeros(0, np.intp), *self._pixels])
        values = np.concatenate([np.zeros(0, self._dtype), *self._values])
        if (np.diff(pixels) <= 0).any():  # several objects want a pixel, or they were not written in its order
            order = np.lexsort((np.concatenate(self._ranks), pixels))  # stable: of equal ones the first stays first
            pixels, values = pixels[order], values[order]
            first = np.diff(pixels, prepend=-1) != 0
            pixels, values = pixels[first], values[first]
        indices = np.unravel_index(pixels, self._labels.shape)
        before = self._labels[indices].astype(self._dtype)
        changed = before != values
        before, values = before[changed], values[changed]
        touched = np.union1d(before, values)
        count = int(np.count_nonzero(touched))
        return Outcome(Edit(tuple(axis[changed] for axis in indices), before, values, count), parents or {})
