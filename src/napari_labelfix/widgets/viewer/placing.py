"""Layers that lie on their image stay there when it gets another pixel size, is moved or turned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from napari_labelfix.widgets.viewer import image_planes, layers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari.layers import Layer
    from napari.utils.events import Event

_GEOMETRY = ("scale", "translate", "rotate", "shear", "affine")
_PARTS = (*_GEOMETRY, "units", "axis_labels")  # of a placement; napari has an event for each


class Placing:
    """Lets the layers of each image follow it, and its channels. What a person has moved away stays where it is.

    napari tells of a new place when the old one is forgotten, so that of each image is remembered.
    """

    def __init__(self) -> None:
        self._there: Sequence[Layer] = ()
        self._places: WeakKeyDictionary[Layer, Mapping[str, Any]] = WeakKeyDictionary()

    def update(self, there: Sequence[Layer]) -> None:
        """Watch the images among these layers, and note where those lay that are closed now."""
        self._there = there
        for image in [image for image in self._places if image not in there]:
            layers.note_place(image, self._places.pop(image))
            for name in _PARTS:
                image.events[name].disconnect(self._on_placed)
        for image in there:
            if layers.is_input_image(image) and image not in self._places:
                self._places[image] = _place_of(image)
                for name in _PARTS:
                    image.events[name].connect(self._on_placed)

    def _on_placed(self, event: Event) -> None:
        image, part = event.source, event.type
        before, now = self._places[image], _place_of(image)
        self._places[image] = now
        if _is_same(part, before, now):  # two that are channels of one another would tell it to and fro
            return
        of_it = layers.ids_of(image)
        for layer in self._there:
            if layer is not image and layers.image_id_of(layer) in of_it and _lies_at(layer, before, part):
                setattr(layer, part, now[part])


def _place_of(layer: Layer) -> dict[str, Any]:
    """Return where a layer lies, as arguments of a layer that nobody changes."""
    placed = image_planes.placement(layer) | {"affine": layer.affine.affine_matrix}
    return {name: np.array(value) if name in _GEOMETRY else value for name, value in placed.items()}


def _is_same(part: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return np.array_equal(one[part], other[part]) if part in _GEOMETRY else bool(one[part] == other[part])


def _lies_at(layer: Layer, place: Mapping[str, Any], part: str) -> bool:
    """Return whether a layer lies exactly at a place, and says the same of the part that changes."""
    own = _place_of(layer)
    exact = all(own[name].shape == place[name].shape and np.allclose(own[name], place[name]) for name in _GEOMETRY)
    return exact and (part in _GEOMETRY or own[part] == place[part])
