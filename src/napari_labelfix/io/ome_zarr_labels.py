"""Labels as OME-Zarr 0.4, which every reader of OME-Zarr understands: several resolutions, scale, axes.

It is written with zarr alone. The library ome-zarr, with which a test reads it back, would bring network clients and an
upper bound on a package that napari needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import zarr

from napari_labelfix.errors import InputError
from napari_labelfix.io.grid import PIXEL

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_labelfix.io.grid import Grid
    from napari_labelfix.io.label_image import LabelImage

_VERSION = "0.4"
_CHUNK = 1024  # pixels along Y and X
_SMALL = 512  # no further level is made of one that fits into this


def write(folder: Path, images: Sequence[LabelImage]) -> list[str]:
    """Write each label image as the group `<name>_labels.ome.zarr`; return the names.

    Raises
    ------
    InputError
        If labels have more than the four axes t, z, y, x that OME-Zarr has a place for.
    """
    names = []
    for image in images:
        if not set(image.grid.axes) <= set("tzyx"):
            raise InputError(f"OME-Zarr labels have the axes t, z, y, x, but {image.name} has {image.labels.ndim}.")
        names.append(f"{image.name}_labels.ome.zarr")
        group = zarr.open_group(folder / names[-1], mode="w", zarr_format=2)
        levels = _write_levels(group, image.labels)
        group.attrs.update(_metadata(image, levels))
    return names


def _write_levels(group: zarr.Group, labels: NDArray[Any]) -> int:
    """Write the labels and coarser ones, each with every other pixel of the one before; return how many."""
    level = labels.astype(np.uint16 if labels.max() < 2**16 else np.uint32)
    count = 0
    while True:
        shape = level.shape
        chunks = (1,) * (level.ndim - 2) + tuple(min(_CHUNK, length) for length in shape[-2:])
        group.create_array(
            str(count), data=level, chunks=chunks, fill_value=0, chunk_key_encoding={"name": "v2", "separator": "/"}
        )
        count += 1
        if max(shape[-2:]) <= _SMALL:
            return count
        level = level[..., ::2, ::2]


def _metadata(image: LabelImage, levels: int) -> dict[str, Any]:
    datasets = [
        {"path": str(level), "coordinateTransformations": [{"type": "scale", "scale": _scale(image.grid, 2**level)}]}
        for level in range(levels)
    ]
    multiscale = {"version": _VERSION, "name": image.name, "axes": _axes(image.grid), "datasets": datasets}
    return {"multiscales": [multiscale], "image-label": {"version": _VERSION}}


def _scale(grid: Grid, factor: int) -> list[float]:
    return [step * (factor if axis in "yx" else 1) for axis, step in zip(grid.axes, grid.scale, strict=True)]


def _axes(grid: Grid) -> list[dict[str, str]]:
    return [
        {"name": axis, "type": "time" if axis == "t" else "space"} | ({} if unit == PIXEL else {"unit": unit})
        for axis, unit in zip(grid.axes, grid.units, strict=True)
    ]
