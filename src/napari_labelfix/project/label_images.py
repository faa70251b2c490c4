"""The labels of a project, as an export wants them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_labelfix.errors import InputError
from napari_labelfix.io.grid import Grid
from napari_labelfix.io.label_image import LabelImage
from napari_labelfix.project.store import Project
from napari_labelfix.review.selection import KNOWN, only

if TYPE_CHECKING:
    from napari_labelfix.project.records import ImageRecord, LayerRecord
    from napari_labelfix.review.selection import Selection

_NOT_OBJECTS = ("scribbles", "ignored", "changes", "right_part")


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
        return [_label_image(project, layer, images.get(layer.image or ""), selection) for layer in chosen]


def _holds_objects(layer: LayerRecord) -> bool:
    return layer.kind == "labels" and layer.author == "person" and layer.role not in _NOT_OBJECTS


def _label_image(
    project: Project, layer: LayerRecord, image: ImageRecord | None, selection: Selection | None
) -> LabelImage:
    records = project.objects(layer.id)
    known: dict[str, list[Any]] = {"index": [record.id for record in records]}
    if any(record.state for record in records):
        known |= {name: [getattr(record, name) or empty for record in records] for name, empty in KNOWN.items()}
    labels, about = only(project.pixels(layer), selection, known)
    placed = layer.placement
    grid = Grid.of(placed["axis_labels"], placed["scale"], placed["units"]) if placed else None
    file = Path(image.path) if image is not None and image.path else None
    classes = {record.id: max(1, int(record.more["class"])) for record in records if record.more.get("class")}
    return LabelImage.of(
        image.name if image is not None else layer.name,
        labels,
        grid,
        image_name=file.name if file is not None else "",
        source=f"layer “{layer.name}” of {project.path.name}",
        classes=classes,
        about=about,
    )
