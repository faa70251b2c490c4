"""Labels as 16-bit PNG, and a picture of them in colours; a file per plane, since PNG knows no stacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from imagecodecs import png_encode

from napari_labelfix.io.files import write_errors
from napari_labelfix.io.palette import OUTLINES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_labelfix.io.label_image import LabelImage


def write(folder: Path, images: Sequence[LabelImage]) -> list[str]:
    """Write `<plane>_labels.png` and `<plane>_preview.png` for each plane; return the names.

    Parameters
    ----------
    folder
        Where to.
    images
        With ids up to 65,535.
    """
    names = []
    for image in images:
        for index, plane in image.planes:
            name = image.plane_name(index)
            for kind, pixels in (("labels", plane.astype(np.uint16)), ("preview", paint_objects(plane))):
                names.append(f"{name}_{kind}.png")
                with write_errors(folder / names[-1]):
                    (folder / names[-1]).write_bytes(png_encode(np.ascontiguousarray(pixels)))
    return names


def paint_objects(plane: NDArray[Any]) -> NDArray[np.uint8]:
    """Return (Y, X, 3) colours, the same for an id in each plane, on black."""
    colours = np.array(OUTLINES, np.uint8)
    return np.where(plane[..., None] > 0, colours[plane % len(colours)], np.uint8(0))
