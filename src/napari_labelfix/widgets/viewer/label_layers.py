"""Which layers hold objects, which of them is meant first, and which image they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels, Points, Shapes

from napari_labelfix.io.tables import DROPPED
from napari_labelfix.project.records import NO_OBJECTS
from napari_labelfix.widgets.viewer import image_planes, layers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.components import ViewerModel
    from napari.layers import Layer
    from numpy.typing import NDArray


def holds_objects(layer: Layer) -> bool:
    """Whether a layer has objects with a number each."""
    return isinstance(layer, Labels) and layers.role_of(layer) not in NO_OBJECTS


def can_be_exported(layer: Layer) -> bool:
    """Whether a layer has objects: labels, boxes or points."""
    return holds_objects(layer) or (isinstance(layer, Shapes | Points) and layers.role_of(layer) not in NO_OBJECTS)


def are_kept(layer: Points | Shapes) -> NDArray[np.bool_]:
    """Return (N,) which marks are not what a method has dropped."""
    if "role" not in layer.features:
        return np.ones(len(layer.data), bool)
    return ~layer.features["role"].isin(DROPPED).to_numpy()


def first_choice(candidates: Sequence[Layer]) -> Layer | None:
    """Return the layer with what a person has agreed to, else one that a person made, else a proposal.

    Those of an image that is hidden while another one is in hand come last.
    """
    candidates = layers.in_view(candidates)
    for roles in (("corrected",), ("", "imperfect", "finished"), ("boxes", "points")):
        if found := [layer for layer in candidates if layers.role_of(layer) in roles]:
            return min(found, key=lambda layer: not isinstance(layer, Labels))  # the first, labels before marks
    return candidates[0] if candidates else None


def image_of(viewer: ViewerModel, layer: Layer) -> Layer | None:
    """Return the image that a layer was made for; if it was made for none, the only one of its size.

    Marks of more or fewer dimensions than the image has now are not of it: it has become a projection, or a plane.
    """
    if (wanted := layers.tag_of(layer).get("image")) is not None:
        own = layers.image_with(viewer, wanted)
        return own if own is None or not isinstance(layer, Shapes | Points) or _has_its_axes(layer, own) else None
    images = list(layers.layers_where(viewer, layers.is_input_image))
    if isinstance(layer, Shapes | Points):
        fitting = [image for image in images if _has_its_axes(layer, image)]
    else:
        shape = tuple(image_planes.level_0(layer).shape)
        fitting = [image for image in images if image_planes.spatial_shape(image) == shape]
    return fitting[0] if len(fitting) == 1 else None


def _has_its_axes(layer: Layer, image: Layer) -> bool:
    return len(image_planes.spatial_shape(image)) == layer.ndim
