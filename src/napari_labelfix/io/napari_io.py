"""What the manifest offers to napari's File menu: plain layer tuples and arrays, no napari import."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.io.labels_tiff import write_labels

if TYPE_CHECKING:
    from collections.abc import Mapping


def write_labels_layer(path: str, data: Any, attributes: Mapping[str, Any]) -> list[str]:
    """Save a Labels layer as TIFF, 16 or 32 bit as the ids need; npe2 calls this for File > Save.

    Parameters
    ----------
    path
        A name that ends in .tif or .tiff; one without a suffix gets .tif, as napari's dialog hands over what was typed.
    data
        (..., Y, X) labels; of a multiscale layer the finest level is saved.
    attributes
        The layer's other attributes.

    Returns
    -------
    list[str]
        The file written.
    """
    finest = data[0] if attributes.get("multiscale") else data
    target = Path(path)
    if not target.suffix:
        target = target.with_suffix(".tif")
    write_labels(target, np.asarray(finest))
    return [str(target)]
