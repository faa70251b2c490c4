"""Several images that lie upon each other: the one in hand is seen, with all that belongs to it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakSet

import numpy as np

from napari_labelfix.widgets import layers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.components import ViewerModel
    from napari.layers import Layer


class OneInView:
    """Hides the layers of other images, and shows again what it has hidden itself.

    Parameters
    ----------
    viewer
        The viewer.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._hidden: WeakSet[Layer] = WeakSet()

    def show(self, image: Layer | None, among: Sequence[Layer]) -> None:
        """Let an image be seen among several, of which those that lie elsewhere stay as they are; None: all of them."""
        covering = [other for other in among if other is not image and image is not None and _overlap(image, other)]
        hidden = {layers.image_id(other) for other in covering}
        if hidden and image is not None:
            layers.show(image)
        for layer in layers.all_layers(self._viewer):
            if layers.image_of(layer) in hidden:
                if layer.visible:
                    layers.hide_meanwhile(layer)
                    self._hidden.add(layer)
            elif layer in self._hidden:
                self._hidden.discard(layer)
                layers.show(layer)


def _overlap(one: Layer, other: Layer) -> bool:
    (low, high), (other_low, other_high) = (layer.extent.world[:, -2:] for layer in (one, other))
    return bool(np.all((low < other_high) & (other_low < high)))
