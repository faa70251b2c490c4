"""The layers that a run fills: proposal, confidence, ignored.

They show what a model believes. They cannot be edited, so they have no undo history, and a refresh writes into their
arrays in place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from napari.layers import Image, Labels
from napari.utils.colormaps import CyclicLabelColormap, DirectLabelColormap

from napari_labelfix.io.palette import OUTLINES
from napari_labelfix.review.actions import Objects, describe_objects
from napari_labelfix.snapshots import Proposal
from napari_labelfix.widgets import layers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari.components import ViewerModel
    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_labelfix.snapshots import Belief

Shown = Literal["proposal", "confidence", "ignored"]
_IDS_PER_PLANE = 1_000_000


class ResultLayers:
    """The result layers of one method for one image.

    A layer is looked up by its tag each time it is needed: one that a person deleted stays away until `create`.

    Parameters
    ----------
    viewer, image, method
        The viewer, an image layer in it, and the name of the method.
    """

    def __init__(self, viewer: ViewerModel, image: Layer, method: str) -> None:
        self.viewer = viewer
        self.image = image
        self.method = method
        self.shape = layers.spatial_shape(image)
        self.planes = layers.plane_indices(self.shape)
        # ids in the layer are unique over all planes: object 17 of plane 3 is 3000017
        self._stride = min(_IDS_PER_PLANE, np.iinfo(np.int32).max // len(self.planes))
        self._undescribed: dict[int, Proposal] = {}
        self._objects = self._objects_from_features()

    def layer(self, role: Shown) -> Layer | None:
        """Return one of the three layers, or None where it is missing."""
        layer = layers.find(self.viewer, role, self.image, self.method)
        return layer if layer is not None and tuple(layer.data.shape) == self.shape else None

    def belong_to(self, image: Layer) -> bool:
        """Whether these are the layers of this image, with the size that it has now."""
        return self.image is image and self.shape == layers.spatial_shape(image)

    @property
    def has_proposal(self) -> bool:
        """Whether anything was proposed for this image, and its layer is still there."""
        return bool(self._objects or self._undescribed) and self.layer("proposal") is not None

    def create(self) -> None:
        """Add those of the three layers that are missing; a proposal of an earlier run stays until the next comes."""
        for role, make in _MAKERS.items():
            if self.layer(role) is None:
                layer = make(self.shape, self.image)
                layer.editable = False
                layers.link(layer, role, self.image, self.method)
                layers.add_quietly(self.viewer, layer)

    def write(self, beliefs: Mapping[int, Belief]) -> None:
        """Show proposals, by the index of their plane."""
        targets = {role: layer for role in _MAKERS if (layer := self.layer(role)) is not None}
        proposals = {plane: belief for plane, belief in beliefs.items() if isinstance(belief, Proposal)}
        for plane, proposal in proposals.items():
            shown = {
                "proposal": np.where(proposal.labels > 0, proposal.labels + plane * self._stride, 0),
                "confidence": proposal.confidence,
                "ignored": proposal.ignored,
            }
            for role, layer in targets.items():
                layer.data[self.planes[plane]] = shown[role]
        for layer in targets.values():
            layer.refresh(extent=False, thumbnail=False)  # the list of layers would be painted each time, too
        self._undescribed.update(proposals)

    def update_thumbnails(self) -> None:
        """Let the list of layers show what is in the layers now."""
        for role in _MAKERS:
            if (layer := self.layer(role)) is not None:
                layer.refresh(extent=False, data_displayed=False, highlight=False)

    def objects(self) -> dict[int, Objects]:
        """Return the proposed objects of each plane that has a proposal, with the ids of the layer.

        They also become the layer's features, which napari shows for the object under the cursor.
        """
        if self._undescribed:
            for plane, proposal in self._undescribed.items():
                local = describe_objects(proposal.labels, proposal.classes, proposal.confidence)
                self._objects[plane] = Objects(local.ids + plane * self._stride, local.classes, local.confidence)
            self._undescribed = {}
            if (layer := self.layer("proposal")) is not None:
                layer.features = _features(self._objects)
        return self._objects

    def _objects_from_features(self) -> dict[int, Objects]:
        """Return what the features of a layer from an earlier dock say."""
        layer = self.layer("proposal")
        if layer is None or "confidence" not in layer.features:
            return {}
        ids, classes, confidence = (layer.features[name].to_numpy() for name in ("index", "class", "confidence"))
        planes = ids // self._stride
        return {
            int(plane): Objects(ids[planes == plane], classes[planes == plane], confidence[planes == plane])
            for plane in np.unique(planes)
        }


def _features(objects: Mapping[int, Objects]) -> dict[str, NDArray[np.generic]]:
    tables = [objects[plane] for plane in sorted(objects)]
    return {
        "index": np.concatenate([table.ids for table in tables]),
        "class": np.concatenate([table.classes for table in tables]),
        "confidence": np.concatenate([table.confidence for table in tables]).round(3),
    }


def _make_proposal(shape: tuple[int, ...], image: Layer) -> Labels:
    layer = Labels(
        np.zeros(shape, np.int32),
        name=f"{image.name} proposal",
        colormap=outline_colormap(),
        **layers.placement(image),
    )
    layer.contour = 2
    return layer


def outline_colormap() -> CyclicLabelColormap:
    """Return bright colours that repeat; napari's own are partly too dark to be seen on a black image."""
    return CyclicLabelColormap(colors=[(0, 0, 0, 0), *([part / 255 for part in (*rgb, 255)] for rgb in OUTLINES)])


def _make_confidence(shape: tuple[int, ...], image: Layer) -> Image:
    return Image(
        np.zeros(shape, np.float32),
        name=f"{image.name} confidence",
        contrast_limits=(0, 1),
        colormap="viridis",
        opacity=0.6,
        visible=False,
        **layers.placement(image),
    )


def _make_ignored(shape: tuple[int, ...], image: Layer) -> Labels:
    return Labels(
        np.zeros(shape, np.uint8),
        name=f"{image.name} ignored",
        colormap=DirectLabelColormap(color_dict={None: "transparent", 1: "red"}),
        opacity=0.4,
        visible=False,
        **layers.placement(image),
    )


_MAKERS: dict[Shown, Callable[[tuple[int, ...], Layer], Layer]] = {
    "confidence": _make_confidence,
    "ignored": _make_ignored,
    "proposal": _make_proposal,
}
