"""File > Open and drag and drop of annotations that other programs made: npe2 calls this."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import napari
import numpy as np
from napari.utils.notifications import show_warning

from napari_labelfix.errors import InputError
from napari_labelfix.io.pairing import holds_rois, name_without_ending
from napari_labelfix.io.read import stem_of
from napari_labelfix.io.safe_seg import read_masks
from napari_labelfix.widgets.exporting.content import file_of
from napari_labelfix.widgets.exporting.imported import layers_from_files
from napari_labelfix.widgets.viewer import layers

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Image

    Read = Callable[[Any], list[Any]]

_SEG = "_seg.npy"


def get_annotation_reader(path: Any) -> Read | None:
    """Return what reads a file of annotations; None for what only has the same ending, and for several files."""
    if not isinstance(path, str):
        return None
    is_zip = Path(path).suffix.lower() == ".zip"
    return _read if not is_zip or holds_rois(Path(path)) else None


def _read(path: Any) -> list[Any]:
    """Read annotations onto the image that they belong to.

    Raises
    ------
    InputError
        If no image is open and the file does not say how large it is, or it does not fit.
    """
    file = Path(path)
    image = _image_for(file)
    if image is not None:
        found, told = layers_from_files([file], image)()
        if told:
            show_warning(told)
        return [layer.as_layer_data_tuple() for layer in found]
    if file.name.endswith(_SEG):
        return [(np.asarray(read_masks(file)), {"name": file.stem}, "labels")]
    raise InputError(f"{file.name} does not say how large its image is. Open the image first, then this file again.")


def _image_for(file: Path) -> Image | None:
    """Return the image that is named like the file; else the only one."""
    viewer = napari.current_viewer()
    images = list(layers.layers_where(viewer, layers.is_input_image)) if viewer is not None else []
    wanted = name_without_ending(file)
    named = [image for image in images if wanted in (image.name, stem_of(file_of(image) or Path(image.name)))]
    found = named or images
    return found[0] if len(found) == 1 else None
