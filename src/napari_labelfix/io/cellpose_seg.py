"""Cellpose's `_seg.npy`: masks and outlines, which its window opens and its training learns from.

The file is a pickle. Writing one is harmless; reading one may run any code that is in it, so it is never unpickled
here: `safe_seg` takes the arrays out of it without running anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from skimage.segmentation import find_boundaries

from napari_labelfix.io.files import write_errors
from napari_labelfix.review.boxes import stacks_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_labelfix.io.label_image import LabelImage


def write(folder: Path, images: Sequence[LabelImage]) -> list[str]:
    """Write `<name>_seg.npy`, 2D or 3D, and one of them per time point where there are more axes; return the names.

    Parameters
    ----------
    folder
        Where to.
    images
        With ids 1, 2, 3, ...: Cellpose makes a colour for each number up to the highest.
    """
    names = []
    for image in images:
        for index, masks in stacks_of(image.labels):
            names.append(f"{image.plane_name(index)}_seg.npy")
            with write_errors(folder / names[-1]):
                np.save(folder / names[-1], np.array(_describe(image, masks), dtype=object), allow_pickle=True)
    return names


def _describe(image: LabelImage, masks: NDArray[Any]) -> dict[str, Any]:
    count = int(masks.max(initial=0))
    masks = masks.astype(np.uint16 if count < 2**16 - 1 else np.uint32)
    planes = masks.reshape(-1, *masks.shape[-2:])
    edges = np.stack([find_boundaries(plane, mode="inner") for plane in planes]).reshape(masks.shape)
    return {
        "outlines": (masks * edges).astype(masks.dtype),
        "masks": masks,
        "chan_choose": [0, 0],
        "ismanual": np.ones(count, bool),
        "filename": image.image_name or f"{image.name}.tif",
        "flows": [],
        "diameter": np.nan,
    }
