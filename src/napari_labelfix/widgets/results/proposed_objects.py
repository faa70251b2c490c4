"""The objects of a proposal layer: ids that are unique over all planes, and what is known about each object."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.review.objects import Objects
from napari_labelfix.widgets.viewer.history import past_the_history

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari.layers import Layer
    from numpy.typing import NDArray

_IDS_PER_PLANE = 1_000_000


class ProposedObjects:
    """Describes objects when somebody asks, and not at every refresh.

    Parameters
    ----------
    planes
        How many planes there are.
    find
        Returns the layer that they are in; None while there is none. One of an earlier dock has features that describe
        its objects, and what was in one that a person has deleted is forgotten with it.
    """

    def __init__(self, planes: int, find: Callable[[], Any]) -> None:
        # object 17 of plane 3 is 3000017; in a single plane ids stay as they are, however high
        highest = int(np.iinfo(np.int32).max)
        self._stride = min(_IDS_PER_PLANE, highest // planes) if planes > 1 else highest
        self._find = find
        self._of: Callable[[], Layer | None] = lambda: None  # the layer that is described
        self._undescribed: dict[int, Callable[[], Objects]] = {}
        self._described: dict[int, Objects] = {}

    def __bool__(self) -> bool:
        """Whether there was a proposal, be it one without objects, and its layer is still there."""
        return self._layer() is not None and bool(self._described or self._undescribed)

    def show(self, planes: Mapping[int, tuple[tuple[int, ...], NDArray[np.integer]]]) -> None:
        """Show labels, by plane with its index in the layer; what a person has rejected stays so, by its place."""
        if (layer := self._layer()) is None:
            return
        with past_the_history(layer, [index for index, _ in planes.values()]):
            for plane, (index, labels) in planes.items():
                layer.data[index] = np.where(labels > 0, labels + plane * self._stride, 0)
        layer.refresh(extent=False, thumbnail=False)  # the list of layers would be painted each time, too

    def note(self, plane: int, describe: Callable[[], Objects]) -> None:
        """Remember how to describe the objects of a plane, with the ids of that plane."""
        if self._layer() is not None:
            self._undescribed[plane] = describe

    def described(self) -> dict[int, Objects]:
        """Return the objects of each plane with the ids of the layer.

        They also become the layer's features, which napari shows for the object under the cursor.
        """
        layer = self._layer()
        if self._undescribed:
            for plane, describe in self._undescribed.items():
                local = describe()
                ids = local.ids + plane * self._stride
                self._described[plane] = Objects(ids, local.classes, local.confidence, local.changes)
            self._undescribed = {}
            layer.features = _features(self._described)
        return self._described

    def _layer(self) -> Any:
        """Return the layer that is there now."""
        layer = self._find()
        if layer is not self._of():
            self._of = weakref.ref(layer) if layer is not None else lambda: None
            self._undescribed, self._described = {}, self._from_features(layer)
        return layer

    def _from_features(self, layer: Layer | None) -> dict[int, Objects]:
        names = ("index", "class", "confidence", "change")
        if layer is None or not set(names) <= set(layer.features.columns):
            return {}
        table = [layer.features[name].to_numpy() for name in names]
        planes = table[0] // self._stride
        return {int(plane): Objects(*(column[planes == plane] for column in table)) for plane in np.unique(planes)}


def _features(objects: Mapping[int, Objects]) -> dict[str, NDArray[np.generic]]:
    tables = [objects[plane] for plane in sorted(objects)]
    return {
        "index": np.concatenate([table.ids for table in tables]),
        "class": np.concatenate([table.classes for table in tables]),
        "confidence": np.concatenate([table.confidence for table in tables]).round(3),
        "change": np.concatenate([table.changes for table in tables]),
    }
