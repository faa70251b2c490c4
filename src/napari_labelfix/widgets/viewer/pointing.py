"""What the mouse points at: a place in the plane in view, or in 3D the first object on the line of sight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.components import ViewerModel
    from napari.layers import Labels
    from numpy.typing import NDArray

_SAMPLES = 2  # for each pixel along the line of sight, as napari looks


def is_3d(viewer: ViewerModel) -> bool:
    """Whether the mouse points along a line through a volume, and not at a place."""
    return len(viewer.dims.displayed) > 2


def place_at(viewer: ViewerModel, pointer: Any, seen: Labels | None) -> Sequence[float] | None:
    """Return where the mouse points at, in world coordinates; None where it points at no object in 3D.

    Parameters
    ----------
    viewer
        The viewer.
    pointer
        Its cursor, or an event of the mouse.
    seen
        The labels that are pointed at; None for what can be pointed at in 2D only.

    Raises
    ------
    InputError
        If it cannot be told in 3D.
    """
    position: Sequence[float] = pointer.position
    if not is_3d(viewer):
        return position
    direction = getattr(pointer, "view_direction", None)
    direction = getattr(pointer, "_view_direction", None) if direction is None else direction  # as the cursor calls it
    if seen is None or direction is None or seen.ndim != len(position):
        raise InputError("Go back to 2D to point at one: in 3D it cannot be told which is meant.")
    start = np.array(seen.world_to_data(position))
    along = np.array(seen.world_to_data(np.add(position, direction))) - start
    with np.errstate(divide="ignore", invalid="ignore"):  # napari divides by 0 along an axis
        ray = seen.get_ray_intersections(start, along / np.linalg.norm(along), list(viewer.dims.displayed), world=False)
    pixel = _first_object(seen, *ray) if ray[0] is not None and ray[1] is not None else None
    return None if pixel is None else seen.data_to_world(pixel)


def object_at(labels: Labels, position: Sequence[float]) -> int:
    """Return the id of the object at a position in world coordinates; 0 for the background, and outside."""
    pixel = np.round(labels.world_to_data(position)).astype(int)
    inside = ((pixel >= 0) & (pixel < labels.data.shape)).all()
    return int(labels.data[tuple(pixel)]) if inside else 0


def _first_object(labels: Labels, start: NDArray[np.floating], end: NDArray[np.floating]) -> NDArray[np.intp] | None:
    """Return the first pixel of an object between two in an array; None if there is none."""
    points = np.linspace(start, end, int(_SAMPLES * np.linalg.norm(end - start)))
    # on a line of sight a pixel begins at its number, and not half a pixel before
    pixels = np.clip(points, 0, np.subtract(labels.data.shape, 1)).astype(np.intp)
    hit = np.flatnonzero(np.asarray(labels.data[tuple(pixels.T)]))
    return pixels[hit[0]] if hit.size else None
