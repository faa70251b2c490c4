"""Labels that napari has opened as an image: the files of most programs do not say which of both they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from napari_labelfix.errors import InputError
from napari_labelfix.widgets.viewer import image_planes, layers

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer
    from numpy.typing import NDArray

_SIDE = 512  # pixels of the part that is looked at, in the middle of the first plane: it may have to be read
_ALIKE = 0.7  # share of the neighbours in objects that are the same; the noise of a camera leaves far fewer
_known: WeakKeyDictionary[Layer, tuple[int, bool]] = WeakKeyDictionary()  # by what array it was found out


def pictured_labels(viewer: ViewerModel, image: Layer | None = None) -> str:
    """Return what to do about an image that seems to hold labels, of the size of another one if that matters, or ""."""
    for layer in layers.layers_where(viewer, layers.is_input_image):
        fits = image is None or image_planes.spatial_shape(layer) == image_planes.spatial_shape(image)
        if fits and _seems_to_hold_labels(layer):
            return (
                f"“{layer.name}” is open as an image. If it holds labels, right-click it in the layer list and choose "
                "Convert to Labels."
            )
    return ""


def _seems_to_hold_labels(image: Layer) -> bool:
    array = image_planes.level_0(image)
    known = _known.get(image)
    if known is None or known[0] != id(array):
        known = _known[image] = (id(array), _look(image))
    return known[1]


def _look(image: Layer) -> bool:
    """Return whether an image consists of areas of the same whole number each, on 0."""
    if getattr(image, "rgb", False) or np.dtype(image.dtype).kind not in "bui":
        return False
    pixels = image_planes.Pixels(image)
    *leading, height, width = pixels.shape
    middle = [slice(max(0, (length - _SIDE) // 2), (length + _SIDE) // 2) for length in (height, width)]
    try:
        return _is_of_areas(pixels[(0,) * len(leading) + tuple(middle)])
    except InputError:  # that it cannot be read is said elsewhere
        return False


def _is_of_areas(part: NDArray[np.generic]) -> bool:
    left, right = part[:, :-1], part[:, 1:]
    inside = (left != 0) | (right != 0)
    return bool(inside.any() and not inside.all() and (left == right)[inside].mean() > _ALIKE)
