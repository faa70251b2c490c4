"""Images that lie upon others, or upon their own layers, of which nothing can be seen then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.widgets.viewer import layers

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.layers import Layer

_OPAQUE = ("opaque", "translucent", "translucent_no_depth")  # ways to blend, of an image without transparent pixels


def cover_of(viewer: ViewerModel, image: Layer) -> Layer | None:
    """Return an image that hides another one: it lies above it, at the same place, and cannot be seen through."""
    for other in reversed(layers.all_layers(viewer)):
        if other is image:
            return None
        if _hides(other) and layers.is_input_image(other) and overlap(other, image):
            return other
    return None


def covered_by_its_image(viewer: ViewerModel, image: Layer) -> Layer | None:
    """Return a visible layer of an image that the image itself hides: it was moved above it."""
    if not _hides(image):
        return None
    its_id = layers.image_id(image)
    there = layers.all_layers(viewer)
    below = reversed(there[: there.index(image)])
    return next((layer for layer in below if layer.visible and layers.image_id_of(layer) == its_id), None)


def is_opaque(image: Layer) -> bool:
    """Return whether an image hides what lies below it, while it is visible."""
    return bool(image.opacity == 1 and image.blending in _OPAQUE)


def _hides(image: Layer) -> bool:
    return bool(image.visible and is_opaque(image))


def overlap(one: Layer, other: Layer) -> bool:
    """Return whether two layers have something in common, in the plane of the screen."""
    (low, high), (other_low, other_high) = (layer.extent.world[:, -2:] for layer in (one, other))
    return bool((np.maximum(low, other_low) < np.minimum(high, other_high)).all())


def watch_covers(viewer: ViewerModel, callback: Callable[[object], object]) -> None:
    """Call a bound method, which is held weakly, when what can be seen of the layers of now may have changed."""
    for layer in layers.all_layers(viewer):
        layer.events.visible.connect(callback)  # once, however often it is asked for
        for name in ("opacity", "blending", "data") if layers.is_input_image(layer) else ():
            layer.events[name].connect(callback)
