"""What of a project is exported: labels, boxes and points that a person has made, image by image."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import TYPE_CHECKING

from napari_labelfix.errors import InputError
from napari_labelfix.io.label_image import name_for_files
from napari_labelfix.project.label_images import label_image
from napari_labelfix.project.marked_images import marked_image
from napari_labelfix.project.records import NO_OBJECTS
from napari_labelfix.project.store import Project

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from napari_labelfix.io.formats import Content
    from napari_labelfix.io.label_image import What
    from napari_labelfix.project.records import ImageRecord, Kind, LayerRecord
    from napari_labelfix.review.selection import Selection

_AGREED: Mapping[What, tuple[Kind, str]] = {  # the kind of layer, and the role of what a person has agreed to
    "labels": ("labels", "corrected"),
    "boxes": ("shapes", "boxes"),
    "points": ("points", "points"),
}


@dataclass(frozen=True)
class Exportable:
    """A layer that can be exported.

    Parameters
    ----------
    what
        What is in it.
    layer
        The layer.
    image
        The image that it is of; None where that is not known of labels.
    below
        The layer of the image; None if it was closed.
    """

    what: What
    layer: LayerRecord
    image: ImageRecord | None
    below: LayerRecord | None

    @property
    def of(self) -> str:
        """What it is of: the same for all layers of one image."""
        return self.image.id if self.image is not None else self.layer.id

    def read(self, project: Project, selection: Selection | None) -> Content:
        """Return what is in it; of labels the objects of a selection."""
        if self.what == "labels" or self.image is None:
            return label_image(project, self.layer, self.image, selection)
        return marked_image(project, self.layer, self.image, self.below)


def find_exportable(project: Project) -> list[Exportable]:
    """Return what a person has accepted or marked on each image; of an image without that, what lies there else.

    In the order of the layers, from bottom to top.
    """
    images = {image.id: image for image in project.images()}
    everything = project.layers()
    shown = {layer.id: layer for layer in everything if layer.kind == "image"}
    axes = {id_: len(image.shape) - (id_ in shown and shown[id_].channels) for id_, image in images.items()}
    found = [
        Exportable(what, layer, image, shown.get(image.id) if image is not None else None)
        for layer in everything
        for what, (kind, _) in _AGREED.items()
        if layer.kind == kind and layer.author == "person" and layer.role not in NO_OBJECTS
        if (image := images.get(_image_of(layer, axes))) is not None or what == "labels"
    ]
    agreed = {(one.what, one.of) for one in found if one.layer.role == _AGREED[one.what][1]}
    return [one for one in found if one.layer.role == _AGREED[one.what][1] or (one.what, one.of) not in agreed]


def read_project(
    path: Path, wanted: Sequence[What], selection: Selection | None = None
) -> tuple[list[Content], Counter[What]]:
    """Read what of each image is wanted; where an image has several of that, the first with anything in it.

    How many boxes and points were left is returned, too.

    Parameters
    ----------
    path
        The project.
    wanted
        Labels, boxes or points. If there are none of these, what there is.
    selection
        Which objects of labels, by their states; None for those that were reviewed, and all where none was.

    Raises
    ------
    ProjectError
        If the project cannot be read.
    InputError
        If there is nothing in it that can be exported.
    """
    with Project.look(path) as project:
        exportable = find_exportable(project)
        if not exportable:
            raise InputError(
                f"There are no labels, boxes or points of a person in {path}. Accept some objects first, or draw some."
            )
        kinds = [what for what in wanted if any(one.what == what for one in exportable)] or list(_AGREED)
        chosen: list[tuple[Exportable, Content]] = []
        for of in dict.fromkeys(one.of for one in exportable):
            chosen += _first_with_anything(project, [one for one in exportable if one.of == of], kinds, selection)
    taken = [one for one, _ in chosen]
    left: Counter[What] = Counter()
    for one in exportable:
        left[one.what] += one.layer.shape[0] if one.what != "labels" and one not in taken else 0
    named = zip(chosen, _names(taken), strict=True)
    return [replace(content, name=name) for (_, content), name in named], +left


def _image_of(layer: LayerRecord, axes: Mapping[str, int]) -> str:
    """Return the id of the image of a layer; of points and shapes that were made for none, the only one that fits."""
    if layer.image is not None or layer.kind == "labels":
        return layer.image or ""
    fitting = [id_ for id_, count in axes.items() if count == layer.shape[1]]
    return fitting[0] if len(fitting) == 1 else ""


def _first_with_anything(
    project: Project, layers: Sequence[Exportable], kinds: Sequence[What], selection: Selection | None
) -> list[tuple[Exportable, Content]]:
    """Return the layers of an image of the first kind of which there is anything; else of the first kind."""
    first: list[tuple[Exportable, Content]] = []
    for what in kinds:
        found = [(one, one.read(project, selection)) for one in layers if one.what == what]
        if any(content.count_classes().total() for _, content in found):
            return found
        first = first or found
    return first


def _names(chosen: Sequence[Exportable]) -> Iterator[str]:
    """Yield how the files of each layer are called: as its image, and where several are, with the layer's name."""
    called = [name_for_files((one.image or one.layer).name) for one in chosen]
    names: list[str] = []
    for one, name in zip(chosen, called, strict=True):
        whole = name if called.count(name) == 1 else name_for_files(f"{name}_{one.layer.name}")
        candidates = chain([whole], (f"{whole}_{number}" for number in count(2)))
        names.append(next(candidate for candidate in candidates if candidate not in names))
        yield names[-1]
