"""The layers of a method that proposes marks, points or boxes, and masks in them where some were asked for."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np

from napari_labelfix.widgets.results.proposed_objects import ProposedObjects
from napari_labelfix.widgets.results.result_layers import LegendEntry, ResultLayers
from napari_labelfix.widgets.viewer import looks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari.components import ViewerModel
    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_labelfix.review.objects import Objects
    from napari_labelfix.snapshots import Detections, FoundBoxes

Marks = TypeVar("Marks", bound="Detections | FoundBoxes")


class MarkLayers(ResultLayers):
    """See `ResultLayers`."""

    optional_makers = MappingProxyType({"proposal": looks.make_proposal})
    names: ClassVar[Mapping[Any, str]]  # what a mark is called, by its role
    helps: ClassVar[Mapping[Any, str]]  # the same in other words
    colors: ClassVar[Mapping[Any, str]]  # of its outline

    def __init__(self, viewer: ViewerModel, image: Layer, method: str) -> None:
        super().__init__(viewer, image, method)
        self._objects = ProposedObjects(len(self.planes), partial(self.layer, "proposal"))

    @property
    def has_proposal(self) -> bool:
        """Whether marks were proposed for this image, and their layer is still there."""
        layer = self.layer(self.main)
        return layer is not None and len(layer.data) > 0

    def _takes_nothing_away(self, plane: int, found: Marks) -> bool:
        """Whether to show what was found in a plane: what is partial waits where something was proposed before."""
        if not found.partial or (layer := self.layer(self.main)) is None:
            return True
        return all(tuple(np.atleast_2d(mark)[0, :-2]) != self.planes[plane] for mark in layer.data)

    def objects(self) -> dict[int, Objects]:
        """Return the proposed masks as objects, as sure as their marks are."""
        return self._objects.described()

    def legend(self) -> Sequence[LegendEntry]:
        """Return the roles of the marks."""
        layer = self.layer(self.main)
        if layer is None:
            return []
        there = layer.features["role"].to_numpy()
        return [
            LegendEntry(self.colors[role], name, int((there == name).sum()), self.helps[role])
            for role, name in self.names.items()
        ]

    def _write_masks(self, found: Mapping[int, Marks], describe: Callable[[NDArray, Marks], Objects]) -> None:
        """Show the masks of what was found, by the index of its plane; `describe` tells their objects."""
        masks = {plane: one.labels for plane, one in found.items() if one.labels is not None}
        if not masks or self._wanted("proposal") is None:
            return
        self._objects.show({plane: (self.planes[plane], labels) for plane, labels in masks.items()})
        for plane, labels in masks.items():
            self._objects.note(plane, partial(describe, labels, found[plane]))
