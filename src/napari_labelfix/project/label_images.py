"""The labels of a project, as an export wants them."""

from __future__ import annotations

from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_labelfix.errors import InputError
from napari_labelfix.io.grid import Grid
from napari_labelfix.io.label_image import LabelImage, class_said_by, name_for_files
from napari_labelfix.project.records import NO_OBJECTS
from napari_labelfix.project.store import Project
from napari_labelfix.review.selection import KNOWN, only

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_labelfix.project.records import ImageRecord, LayerRecord
    from napari_labelfix.review.selection import Selection


def read_project_labels(path: Path, selection: Selection | None = None) -> list[LabelImage]:
    """Read what a person has accepted of each image; of an image without that, the labels that it was given.

    Parameters
    ----------
    path
        The project.
    selection
        Which objects, by their states; None for those that were reviewed, and all where none was.

    Raises
    ------
    ProjectError
        If the project cannot be read.
    InputError
        If there are no labels in it.
    """
    with Project.look(path) as project:
        images = {image.id: image for image in project.images()}
        layers = [layer for layer in project.layers() if _holds_objects(layer)]
        corrected = {layer.image for layer in layers if layer.role == "corrected"}
        chosen = [layer for layer in layers if layer.role == "corrected" or layer.image not in corrected]
        if not chosen:
            raise InputError(f"There are no labels of a person in {path}. Accept some objects first.")
        of_layers = [images.get(layer.image or "") for layer in chosen]
        named = zip(chosen, of_layers, _names(chosen, of_layers), strict=True)
        return [_label_image(project, layer, image, name, selection) for layer, image, name in named]


def _holds_objects(layer: LayerRecord) -> bool:
    return layer.kind == "labels" and layer.author == "person" and layer.role not in NO_OBJECTS


def _names(layers: Sequence[LayerRecord], images: Sequence[ImageRecord | None]) -> list[str]:
    """Return how the files of each layer are called: as its image, and where several are, with the layer's name."""
    called = [name_for_files((image or layer).name) for layer, image in zip(layers, images, strict=True)]
    names: list[str] = []
    for layer, name in zip(layers, called, strict=True):
        whole = name if called.count(name) == 1 else name_for_files(f"{name}_{layer.name}")
        candidates = chain([whole], (f"{whole}_{number}" for number in count(2)))
        names.append(next(candidate for candidate in candidates if candidate not in names))
    return names


def _label_image(
    project: Project, layer: LayerRecord, image: ImageRecord | None, name: str, selection: Selection | None
) -> LabelImage:
    records = project.objects(layer.id)
    known: dict[str, list[Any]] = {"index": [record.id for record in records]}
    if any(record.state for record in records):
        known |= {name: [getattr(record, name) or empty for record in records] for name, empty in KNOWN.items()}
    labels, about = only(project.pixels(layer), selection, known)
    placed = layer.placement
    grid = Grid.of(placed["axis_labels"], placed["scale"], placed["units"]) if placed else None
    file = Path(image.path) if image is not None and image.path else None
    classes = {record.id: class_said_by(record.more["class"]) for record in records if "class" in record.more}
    return LabelImage.of(
        name,
        labels,
        grid,
        image_name=file.name if file is not None else "",
        source=f"layer “{layer.name}” of {project.path.name}",
        classes=classes,
        about=about,
    )
