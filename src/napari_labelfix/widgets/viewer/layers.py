"""The viewer's layers: found by their tag, put in the right place, never by name. Only this module uses viewer.layers.

A tag is `layer.metadata["labelfix"] = {"role": ..., "image": id of the image, ...}`. An image gets its id when the
first layer is made for it.
"""

from __future__ import annotations

import uuid
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, get_args
from weakref import WeakSet

from napari.layers import Image
from qtpy.QtCore import QTimer

from napari_labelfix.widgets.viewer import known_images

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from napari.components import ViewerModel
    from napari.layers import Layer
    from napari.utils.events import EventEmitter

Role = Literal[
    "image", "training_image", "heatmap", "confidence", "ignored", "others", "imperfect", "finished", "preview",
    "changes", "proposal", "corrected", "detections", "found_boxes", "right_part", "points", "boxes", "scribbles",
]  # fmt: skip
TAG = "labelfix"
_PICTURES = ("image", "training_image", "heatmap", "confidence")  # roles of images
_hidden_meanwhile: WeakSet[Layer] = WeakSet()
_HEIGHT = {role: height for height, role in enumerate(get_args(Role))}  # they are written from bottom to top
_GIVEN_BACK = ("channels", "place")  # of the tag


def behind_the_proxy(viewer: ViewerModel) -> ViewerModel:
    """Return the viewer itself: napari hands docks a proxy, which wraps a layer anew at every look."""
    return getattr(viewer, "__wrapped__", viewer)


def tag_of(layer: Layer) -> dict[str, Any]:
    """Return the layer's tag, or {} if it has none, or has that of labels or an image from which napari made it."""
    tag = layer.metadata.get(TAG)
    if not isinstance(tag, dict) or (tag.get("role") and (tag["role"] in _PICTURES) != isinstance(layer, Image)):
        return {}
    return tag


def role_of(layer: Layer) -> str:
    """Return what the layer is for, or "" for one that is not ours."""
    return str(tag_of(layer).get("role", ""))


def image_id(image: Layer) -> str:
    """Return the id that layers made for this image carry; the image is given one on first use."""
    if not tag_of(image):
        image.metadata[TAG] = {"role": "image"}
    tag = tag_of(image)
    its_id = str(tag.setdefault("id", uuid.uuid4().hex))
    known_images.note(its_id, image, tag)
    return its_id


def image_id_of(layer: Layer) -> str:
    """Return the id of the image that a layer is or belongs to; "" if it has none, or belongs to none."""
    tag = tag_of(layer)
    return str(tag.get("id", "") if tag.get("role") == "image" else tag.get("image", ""))


def ids_of(image: Layer) -> set[str]:
    """Return the ids of an image and of its further channels; none for an image that nothing was made for."""
    tag = tag_of(image)
    return {tag["id"], *tag.get("channels", ())} if "id" in tag else set()


def note_channels(image: Layer, channels: Sequence[Layer]) -> None:
    """Note which other images are seen together with an image, as further channels of it, in this order."""
    image_id(image)
    tag_of(image)["channels"] = [image_id(channel) for channel in channels]
    image.events.metadata()  # other docks show them, too


def further_channels(viewer: ViewerModel, image: Layer) -> list[Layer]:
    """Return the further channels of an image that are open, in their order."""
    open_images = {image_id_of(layer): layer for layer in viewer.layers if is_input_image(layer)}
    return [open_images[its_id] for its_id in tag_of(image).get("channels", []) if its_id in open_images]


def note_place(image: Layer, place: Mapping[str, Any]) -> None:
    """Note where an image lies, as arguments of a layer, that is closed: opened again, it lies there."""
    if tag_of(image):
        image_id(image)
        tag_of(image)["place"] = place


def adopt_reopened(viewer: ViewerModel) -> None:
    """Give images that were closed and are opened again what they had: id, channels, and where they lay and stood."""
    images = [layer for layer in viewer.layers if is_input_image(layer)]
    new = [image for image in images if not tag_of(image)]
    missing = _missed(viewer, images) if new else set()
    for image in new if missing else []:
        if its_id := known_images.known_again(image, missing):
            missing.remove(its_id)
            known = known_images.tags()[its_id]
            image.metadata[TAG] = {"role": "image", "id": its_id} | {n: known[n] for n in _GIVEN_BACK if n in known}
            for name, value in known.get("place", {}).items():
                setattr(image, name, value)
            # later: napari has not done with the layer yet
            QTimer.singleShot(0, partial(_move_below_its_layers, viewer, image))


def _missed(viewer: ViewerModel, images: Sequence[Layer]) -> set[str]:
    """Return the ids of images that are not open: of those that layers or channels that are open belong to."""
    tags = known_images.tags()
    there = {image_id_of(image) for image in images}
    channels = {its_id for image in images for its_id in tag_of(image).get("channels", ())}
    with_channels = {its_id for its_id, tag in tags.items() if there & {*tag.get("channels", ())} - {""}}
    return ({image_id_of(layer) for layer in viewer.layers} | channels | with_channels) & tags.keys() - there


def _move_below_its_layers(viewer: ViewerModel, image: Layer) -> None:
    if image in viewer.layers:
        lowest = min(at for at, layer in enumerate(viewer.layers) if image_id_of(layer) == image_id_of(image))
        viewer.layers.move(viewer.layers.index(image), lowest)


def link(layer: Layer, role: Role, image: Layer | None, method: str = "") -> None:
    """Tag a layer as belonging to an image, if there is one, and to a method if it shows what that method believes."""
    of_image = {"image": image_id(image)} if image is not None else {}
    layer.metadata[TAG] = tag_of(layer) | of_image | {"role": role, "method": method}


def find(viewer: ViewerModel, role: Role, image: Layer, method: str = "") -> Layer | None:
    """Return the topmost layer with that role for the image (and method), or None."""
    wanted = {"role": role, "image": image_id(image), "method": method}
    matching = [layer for layer in viewer.layers if wanted.items() <= tag_of(layer).items()]
    return matching[-1] if matching else None


def image_with(viewer: ViewerModel, its_id: str) -> Layer | None:
    """Return the image that has an id, or None if it is not open."""
    return next((layer for layer in layers_where(viewer, is_input_image) if image_id_of(layer) == its_id), None)


def layers_where(viewer: ViewerModel, accepts: Callable[[Layer], bool]) -> Iterator[Layer]:
    """Yield the viewer's layers that a rule accepts, topmost first."""
    return (layer for layer in reversed(viewer.layers) if accepts(layer))


def is_input_image(layer: Layer) -> bool:
    """Return whether a layer is an image to work on, and not one that shows a result."""
    return isinstance(layer, Image) and role_of(layer) in ("", "image")


def add_quietly(viewer: ViewerModel, layer: Layer) -> None:
    """Add a layer that was linked to an image at its place, and leave selection and active layer as they are."""
    _insert_quietly(viewer, _place(viewer, layer), layer)


def add_next_to(viewer: ViewerModel, layer: Layer, other: Layer, *, above: bool) -> None:
    """Add a layer right above or below another one, and leave selection and active layer as they are."""
    _insert_quietly(viewer, viewer.layers.index(other) + int(above), layer)


def _insert_quietly(viewer: ViewerModel, place: int, layer: Layer) -> None:
    selected = set(viewer.layers.selection)
    viewer.layers.insert(place, layer)  # napari makes an inserted layer the active one
    viewer.layers.selection.clear()
    viewer.layers.selection.update(selected)


def add_selected(viewer: ViewerModel, layer: Layer) -> None:
    """Add a layer that was linked to an image at its place, and make it the active one."""
    viewer.layers.insert(_place(viewer, layer), layer)
    viewer.layers.selection.active = layer


def select(viewer: ViewerModel, layer: Layer) -> None:
    """Make a layer the active one."""
    viewer.layers.selection.active = layer


def select_without_brush(viewer: ViewerModel, layer: Layer) -> None:
    """Make a layer the active one, on which a click draws nothing for now."""
    layer.mode = "pan_zoom"
    select(viewer, layer)


def show(layer: Layer) -> None:
    """Make a layer visible, if it is not: napari puts the brush away whether or not anything is different."""
    _hidden_meanwhile.discard(layer)
    if not layer.visible:
        layer.visible = True


def hide(layer: Layer) -> None:
    """Hide a layer for good."""
    _hidden_meanwhile.discard(layer)
    layer.visible = False


def hide_meanwhile(layer: Layer) -> None:
    """Hide a layer until it is shown again: it counts as one that is seen, and is saved as such."""
    _hidden_meanwhile.add(layer)
    layer.visible = False


def is_hidden_meanwhile(layer: Layer) -> bool:
    """Return whether a layer is hidden for the time being only."""
    return not layer.visible and layer in _hidden_meanwhile


def in_view(found: Sequence[Layer]) -> Sequence[Layer]:
    """Return those of some layers that are not hidden while another image is in hand; all where there are none."""
    return [layer for layer in found if not is_hidden_meanwhile(layer)] or found


def is_seen(layer: Layer) -> bool:
    """Return whether a layer is visible, or hidden for the time being only."""
    return bool(layer.visible or is_hidden_meanwhile(layer))


def active(viewer: ViewerModel) -> Layer | None:
    """Return the active layer: the one that the mouse, the brush and Ctrl+Z belong to."""
    return viewer.layers.selection.active


def on_active_change(viewer: ViewerModel, callback: Callable[[object], object]) -> None:
    """Call a bound method, which is held weakly, when another layer is the active one."""
    viewer.layers.selection.events.active.connect(callback)


def all_layers(viewer: ViewerModel) -> list[Layer]:
    """Return the viewer's layers from bottom to top."""
    return list(viewer.layers)


def add_on_top(viewer: ViewerModel, layer: Layer) -> None:
    """Add a layer above all others."""
    viewer.layers.append(layer)


def move_to_top(viewer: ViewerModel, layer: Layer) -> None:
    """Move a layer above all others."""
    viewer.layers.move(viewer.layers.index(layer), len(viewer.layers))


def remove(viewer: ViewerModel, layer: Layer) -> None:
    """Take a layer out of the viewer."""
    viewer.layers.remove(layer)


def on_list_change(viewer: ViewerModel, callback: Callable[[object], object]) -> None:
    """Call a bound method, which is held weakly, when layers come, go, move or are renamed."""
    events = viewer.layers.events
    if "renamed" not in events:
        _tell_renames(viewer)
    for emitter in (events.inserted, events.removed, events.reordered, events.renamed):
        emitter.connect(callback)


def _tell_renames(viewer: ViewerModel) -> None:
    """Give the list the event that napari before 0.7 has for each layer alone."""
    events = viewer.layers.events
    events.add(renamed=None)
    events.inserted.connect(lambda event: event.value.events.name.connect(events.renamed))
    for layer in viewer.layers:
        layer.events.name.connect(events.renamed)


def watch(layer: Layer, callback: Callable[[object], object]) -> None:
    """Call a bound method, which is held weakly, when what a person drew in a layer may have changed.

    A stroke is told when it ends (`paint`). napari tells an undo only as a redraw (`set_data`), which also comes when
    the slider moves: the callback has to look whether something is different.
    """
    for emitter in _emitters(layer):
        emitter.connect(callback)


def unwatch(layer: Layer, callback: Callable[[object], object]) -> None:
    """Undo `watch`."""
    for emitter in _emitters(layer):
        emitter.disconnect(callback)


def _emitters(layer: Layer) -> list[EventEmitter]:
    """Return what tells a change: pixels and undo of labels; position, kind and size of points; shapes."""
    names = ("paint", "set_data", "data", "features", "size", "current_size")
    return [layer.events[name] for name in names if name in layer.events]


def _place(viewer: ViewerModel, layer: Layer) -> int:
    """Return the index above the image and below those of its layers that belong above this one; else the top."""
    height, image = _HEIGHT[role_of(layer)], tag_of(layer)["image"]
    above = next(
        (at for at, other in enumerate(viewer.layers) if is_input_image(other) and image_id_of(other) == image), -1
    )
    for index, other in enumerate(viewer.layers):
        if index > above and image_id_of(other) == image and _HEIGHT.get(role_of(other), 0) > height:
            return index
    return len(viewer.layers)
