"""Labels that napari has opened as an image, and images as labels: most files do not say which of both they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from napari.layers import Labels

from napari_labelfix.errors import InputError
from napari_labelfix.widgets.viewer import image_planes, layers

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

_SIDE = 512  # pixels of the part that is looked at, in the middle of the first plane: it may have to be read
_ALIKE = 0.7  # share of the neighbours in objects that are the same; the noise of a camera leaves far fewer


class _Neighbours(NamedTuple):
    alike: float  # share of those that are not both 0
    on_background: bool  # whether some are


_known: WeakKeyDictionary[Layer, tuple[int, _Neighbours | None]] = WeakKeyDictionary()  # by what array it was found out


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


def labelled_picture(viewer: ViewerModel) -> str:
    """Return what to do about labels that seem to be an image, or ""."""
    for layer in layers.layers_where(viewer, lambda layer: isinstance(layer, Labels) and not layers.role_of(layer)):
        found = _neighbours(layer)
        if found is not None and found.alike <= _ALIKE:
            return (
                f"“{layer.name}” is open as labels. If it is an image, right-click it in the layer list and choose "
                "Convert to Image."
            )
    return ""


def _seems_to_hold_labels(image: Layer) -> bool:
    """Return whether an image consists of areas of the same whole number each, on 0."""
    found = _neighbours(image)
    return found is not None and found.alike > _ALIKE and found.on_background


def _neighbours(layer: Layer) -> _Neighbours | None:
    """Return what whole numbers beside one another are like; None where there are none but 0."""
    array = image_planes.level_0(layer)
    known = _known.get(layer)
    if known is None or known[0] != id(array):
        known = _known[layer] = (id(array), _look(layer))
    return known[1]


def _look(layer: Layer) -> _Neighbours | None:
    if getattr(layer, "rgb", False) or np.dtype(layer.dtype).kind not in "bui":
        return None
    pixels = image_planes.Pixels(layer)
    *leading, height, width = pixels.shape
    middle = [slice(max(0, (length - _SIDE) // 2), (length + _SIDE) // 2) for length in (height, width)]
    try:
        part = pixels[(0,) * len(leading) + tuple(middle)]
    except InputError:  # that it cannot be read is said elsewhere
        return None
    left, right = part[:, :-1], part[:, 1:]
    inside = (left != 0) | (right != 0)
    return _Neighbours(float((left == right)[inside].mean()), not inside.all()) if inside.any() else None
