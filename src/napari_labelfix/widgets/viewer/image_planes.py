"""The planes of an image: their pixels, their names and their place, and which of them is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.errors import InputError, reason_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.components import ViewerModel
    from napari.layers import Layer
    from numpy.typing import NDArray

Index = tuple[int, ...]  # of a plane in a stack; () for a 2D image
_COLOURS = 3  # channels of an RGB image; a fourth one is alpha, which is dropped as in files


class Pixels:
    """The full-resolution pixels of an image, which may be read, or worked out, when they are asked for.

    Parameters
    ----------
    image
        An image layer.
    name
        What they are called where they cannot be read; by default as the image is.
    """

    def __init__(self, image: Layer, name: str = "") -> None:
        self._array, self._name = level_0(image), name or str(image.name)

    @property
    def shape(self) -> tuple[int, ...]:
        """(..., Y, X) or (..., Y, X, C)."""
        return tuple(int(length) for length in self._array.shape)

    def __getitem__(self, index: Any) -> NDArray[np.generic]:
        """Return a part of them; raise `InputError` where they cannot be read."""
        try:
            return np.asarray(self._array[index])
        except Exception as error:  # decoders, and what computes, raise whatever they stumble over
            raise InputError(f"{self._name} cannot be read ({reason_of(error)}). Open the image again.") from error


def level_0(layer: Layer) -> Any:
    """Return the full-resolution array of an image or labels layer."""
    return layer.data[0] if layer.multiscale else layer.data


def spatial_shape(image: Layer) -> tuple[int, ...]:
    """Return the shape of a label layer for this image: without the colour channels of an RGB image."""
    shape = Pixels(image).shape
    return shape[:-1] if getattr(image, "rgb", False) else shape


def plane_indices(shape: tuple[int, ...]) -> list[Index]:
    """Return the indices of the 2D planes of a (..., Y, X) array, in order; [()] for one plane."""
    return list(np.ndindex(shape[:-2]))


def plane_name(image: Layer, index: Index) -> str:
    """Return what a plane is called in messages and files: "name", or "name[003]" in a stack."""
    return f"{image.name}[{','.join(f'{i:03d}' for i in index)}]" if index else str(image.name)


def read_plane(image: Layer, index: Index) -> NDArray[np.generic]:
    """Return the pixels of one plane, (Y, X) or (Y, X, C), without an alpha channel; a lazy array is read here.

    Raises
    ------
    InputError
        If the image's file is gone or cannot be read.
    """
    pixels = Pixels(image, plane_name(image, index))[index]
    return pixels[..., :_COLOURS] if getattr(image, "rgb", False) else pixels


def index_in_view(viewer: ViewerModel, image: Layer) -> Index:
    """Return the index of the plane of an image that is seen; () for a 2D image."""
    return index_at(image, viewer.dims.point[-image.ndim :])


def index_at(image: Layer, position: Sequence[float]) -> Index:
    """Return the index of the plane of an image that is nearest to a position in world coordinates."""
    point = image.world_to_data(position)[:-2]
    highest = np.subtract(spatial_shape(image)[:-2], 1)
    return tuple(int(i) for i in np.clip(np.round(point), 0, highest))


def placement(image: Layer) -> dict[str, Any]:
    """Return what puts a new layer exactly on top of the image, as arguments of a layer."""
    return {
        "scale": image.scale,
        "translate": image.translate,
        "rotate": image.rotate,
        "shear": image.shear,
        "affine": image.affine,
        "units": image.units,
        "axis_labels": image.axis_labels,
    }


def planes_in_view(viewer: ViewerModel) -> bool:
    """Return whether the screen shows planes of the layers' arrays: their last two axes, in 2D."""
    dims = viewer.dims
    return dims.ndisplay == 2 and tuple(dims.displayed) == (dims.ndim - 2, dims.ndim - 1)
