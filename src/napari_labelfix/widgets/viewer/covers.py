"""Images that lie upon others, of which nothing can be seen then."""

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
        hides = other.visible and other.opacity == 1 and other.blending in _OPAQUE
        if hides and layers.is_input_image(other) and overlap(other, image):
            return other
    return None


def overlap(one: Layer, other: Layer) -> bool:
    """Return whether two layers have something in common, in the plane of the screen."""
    (low, high), (other_low, other_high) = (layer.extent.world[:, -2:] for layer in (one, other))
    return bool((np.maximum(low, other_low) < np.minimum(high, other_high)).all())


def watch_covers(viewer: ViewerModel, callback: Callable[[object], object]) -> None:
    """Call a bound method, which is held weakly, when what can be seen of the images of now may have changed."""
    for layer in filter(layers.is_input_image, layers.all_layers(viewer)):
        for emitter in (layer.events.visible, layer.events.opacity, layer.events.blending, layer.events.data):
            emitter.connect(callback)  # once, however often it is asked for
