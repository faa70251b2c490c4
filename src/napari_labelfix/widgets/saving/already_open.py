"""Images of a project that are open before it is: they become its own, instead of being opened a second time.

So it is where a person starts again after a crash, opens the file that they worked on, and restores the work then.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from napari_labelfix.project import fingerprint
from napari_labelfix.widgets.saving.restored_layers import dress
from napari_labelfix.widgets.viewer import image_planes, layers
from napari_labelfix.widgets.viewer.layer_states import tag_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_labelfix.project.records import ImageRecord, LayerRecord


def fits(image: ImageRecord, layer: Layer) -> bool:
    """Whether a layer has the size of an image."""
    return tuple(image_planes.level_0(layer).shape) == image.shape


def images_already_open(
    viewer: ViewerModel, images: Sequence[ImageRecord], records: Mapping[str, LayerRecord]
) -> dict[str, Layer]:
    """Return those images of a project that are open, by their ids in the project.

    An image for which layers were made since is left alone: they are a person's, and may be others than the project's.

    Parameters
    ----------
    viewer
        One in which no project is open.
    images, records
        All images of the project, and how its layers looked, by their ids.
    """
    free = [layer for layer in layers.layers_where(viewer, layers.is_input_image) if not _has_layers(viewer, layer)]
    prints: dict[Layer, str] = {}
    found: dict[str, Layer] = {}
    for image in [image for image in images if image.id in records]:
        shown = [layer for layer in free if _could_show(layer, image, records[image.id])]
        same = [layer for layer in shown if _is_same(layer, image, prints)]
        if same:
            found[image.id] = max(same, key=lambda layer: (_is_of_file(layer, image), layer.name == image.name))
            free.remove(found[image.id])
    return found


def take_for_project(viewer: ViewerModel, found: Mapping[str, Layer], records: Mapping[str, LayerRecord]) -> None:
    """Make open images those of a project, where they are: docks that show them stay with them.

    Channels that were chosen for them since stay so, unless the project knows others.
    """
    now = {layers.image_id_of(layer): id_ for id_, layer in found.items()}
    for id_, layer in found.items():
        channels = layers.tag_of(layer).get("channels")
        layer.metadata[layers.TAG] = ({"channels": channels} if channels else {}) | tag_for(records[id_])
    for image in layers.layers_where(viewer, layers.is_input_image):
        if channels := layers.tag_of(image).get("channels"):
            layers.tag_of(image)["channels"] = [now.get(channel, channel) for channel in channels]
    for id_, layer in found.items():
        dress_image(layer, records[id_])
        layer.events.metadata()  # docks knew it by another id


def dress_image(layer: Layer, record: LayerRecord) -> None:
    """Give an image name, place and look that it had in a project."""
    layer.name = record.name
    for name, value in record.placement.items():
        setattr(layer, name, value)
    dress(layer, record)
    if record.look.get("contrast_limits") is not None:
        layer.contrast_limits = record.look["contrast_limits"]


def _has_layers(viewer: ViewerModel, image: Layer) -> bool:
    """Whether anything was made for an image."""
    its_id = layers.image_id_of(image)
    return bool(its_id) and any(
        layer is not image and layers.image_id_of(layer) == its_id for layer in layers.all_layers(viewer)
    )


def _could_show(layer: Layer, image: ImageRecord, record: LayerRecord) -> bool:
    """Whether a layer has size and colours of an image, and the project loses no file by it that it knows."""
    has_file = bool(layer.source.path) or not image.path
    return has_file and fits(image, layer) and bool(layer.rgb) == record.channels


def _is_same(layer: Layer, image: ImageRecord, prints: dict[Layer, str]) -> bool:
    """Whether a layer has the pixels of an image; where nobody knows those, whether it is of its file and name."""
    if not image.pixel_fingerprint:  # the program ended before it was taken
        return _is_of_file(layer, image) and layer.name == image.name
    if layer not in prints:
        prints[layer] = fingerprint.of_pixels(image_planes.level_0(layer))
    return prints[layer] == image.pixel_fingerprint


def _is_of_file(layer: Layer, image: ImageRecord) -> bool:
    path = layer.source.path
    return bool(path and image.path) and os.path.abspath(path) == os.path.abspath(image.path)
