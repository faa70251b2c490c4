"""The layers of a method that proposes marks, points or boxes, and masks in them where some were asked for."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from napari_labelfix.widgets import looks
from napari_labelfix.widgets.proposed_objects import ProposedObjects
from napari_labelfix.widgets.results import ResultLayers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari.components import ViewerModel
    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_labelfix.review.objects import Objects


class MarkLayers(ResultLayers):
    """See `ResultLayers`."""

    optional_makers = MappingProxyType({"proposal": looks.make_proposal})

    def __init__(self, viewer: ViewerModel, image: Layer, method: str) -> None:
        super().__init__(viewer, image, method)
        self._objects = ProposedObjects(len(self.planes), self.layer("proposal"))

    @property
    def has_proposal(self) -> bool:
        """Whether marks were proposed for this image, and their layer is still there."""
        layer = self.layer(self.main)
        return layer is not None and len(layer.data) > 0

    def objects(self) -> dict[int, Objects]:
        """Return the proposed masks as objects, as sure as their marks are."""
        return self._objects.described(self.layer("proposal"))

    def _write_masks(self, masks: Mapping[int, tuple[NDArray, Callable[[], Objects]]]) -> None:
        """Show masks (Y, X) by the index of their plane, each with what describes its objects."""
        layer = self._wanted("proposal") if masks else None
        if layer is None:
            return
        self._objects.show(layer, {plane: (self.planes[plane], labels) for plane, (labels, _) in masks.items()})
        for plane, (_, describe) in masks.items():
            self._objects.note(plane, describe)
