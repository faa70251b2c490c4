"""Labels and confidences as TIFF: as small as the ids allow, compressed, whole or not at all."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_OID, uuid5

import numpy as np
import tifffile

from napari_labelfix.errors import InputError
from napari_labelfix.io.files import replacing
from napari_labelfix.io.grid import PIXEL, ome_unit
from napari_labelfix.io.label_image import HIGHEST_NUMBER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_labelfix.io.grid import Grid
    from napari_labelfix.io.label_image import LabelImage

_BITS_16 = 2**16 - 1
_LARGEST = 2**32 - 2**25  # bytes, before compression: TIFF holds 4 GB, BigTIFF more; some programs read only the former


def write(folder: Path, images: Sequence[LabelImage]) -> list[str]:
    """Write each label image as `<name>_labels.tif`, with its grid; return the names."""
    for image in images:
        write_labels(folder / f"{image.name}_labels.tif", image.labels, image.grid)
    return [f"{image.name}_labels.tif" for image in images]


def write_labels(path: Path, labels: NDArray[Any], grid: Grid | None = None) -> None:
    """Write object ids with 16 bit, or with 32 bit if one is above 65,535.

    Parameters
    ----------
    path
        The file; one that is there is replaced.
    labels
        (..., Y, X) whole numbers from 0 up; the axes before Y, X are planes.
    grid
        Axes and pixel size, which then stand in the file as OME-TIFF says them.

    Raises
    ------
    InputError
        If these are not labels, or an id is above 4,294,967,295.
    OutputError
        If the file cannot be written.
    """
    if labels.ndim < 2 or labels.dtype.kind not in "iub":
        raise InputError(
            f"Expected labels of at least two axes and whole numbers, but got {labels.dtype} {labels.shape}."
        )
    lowest, highest = (int(labels.min()), int(labels.max())) if labels.size else (0, 0)
    if lowest < 0 or highest > HIGHEST_NUMBER:
        raise InputError(
            f"Expected object numbers from 0 to {HIGHEST_NUMBER}, but got {lowest} to {highest}. "
            "“Renumber” in the Review dock gives others."
        )
    _write(path, labels.astype(np.uint16 if highest <= _BITS_16 else np.uint32), grid)


def write_confidence(path: Path, confidence: NDArray[np.floating], grid: Grid | None = None) -> None:
    """Write confidences in [0, 1], (..., Y, X), as float32. Raises `OutputError` if the file cannot be written."""
    _write(path, confidence.astype(np.float32), grid)


def _write(path: Path, pixels: NDArray[Any], grid: Grid | None = None) -> None:
    with replacing(path) as temporary:
        tifffile.imwrite(
            temporary,
            pixels,
            bigtiff=pixels.nbytes > _LARGEST,  # tifffile itself would find out only when it is full
            photometric="minisblack",  # else tifffile takes 3 or 4 planes for the colours of one
            compression="zlib",
            **_ome(grid, pixels),
        )


def _ome(grid: Grid | None, pixels: NDArray[Any]) -> dict[str, Any]:
    """Return what makes tifffile write OME-TIFF; {} where OME has no names for the axes."""
    if grid is None or not set(grid.axes) <= set("tzyx"):
        return {}
    # tifffile's own would be made of the time and the computer: the same pixels are to be the same bytes
    identity = uuid5(NAMESPACE_OID, hashlib.sha256(np.ascontiguousarray(pixels).data).hexdigest())
    metadata: dict[str, Any] = {"axes": "".join(grid.axes).upper(), "UUID": str(identity)}
    for axis, step, unit in zip(grid.axes, grid.scale, grid.units, strict=True):
        said = ome_unit(unit)
        if said is None or (said == PIXEL and (step == 1.0 or axis == "t")):  # OME has no time in pixels
            continue
        size = "TimeIncrement" if axis == "t" else f"PhysicalSize{axis.upper()}"
        metadata |= {size: step, f"{size}Unit": said}
    return {"ome": True, "metadata": metadata}
