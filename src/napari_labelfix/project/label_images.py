"""The labels of a project, as an export wants them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_labelfix.io.class_names import class_said_by, names_said_by
from napari_labelfix.io.label_image import LabelImage
from napari_labelfix.project.database import sense_of
from napari_labelfix.project.placement import grid_of
from napari_labelfix.project.records import CLASS_NAMES
from napari_labelfix.review.selection import COLUMNS, only

if TYPE_CHECKING:
    from napari_labelfix.project.records import ImageRecord, LayerRecord
    from napari_labelfix.project.store import Project
    from napari_labelfix.review.selection import Selection


def label_image(
    project: Project, layer: LayerRecord, image: ImageRecord | None, selection: Selection | None = None
) -> LabelImage:
    """Return the objects of a layer, as they are known.

    Parameters
    ----------
    project
        The project.
    layer
        Labels.
    image
        The image that they are of, if that is known.
    selection
        Which objects, by their states; None for those that were reviewed, and all where none was.

    Raises
    ------
    ProjectError
        If the layer is damaged.
    """
    records = project.objects(layer.id)
    known: dict[str, list[Any]] = {"index": [record.id for record in records]}
    if any(record.state for record in records):
        known |= {name: [getattr(record, name) or empty for record in records] for name, empty in COLUMNS.items()}
    labels, about = only(project.pixels(layer), selection, known)
    with sense_of(project.path):
        grid = grid_of(layer.placement, labels.ndim)
    classes = {record.id: class_said_by(record.more["class"]) for record in records if "class" in record.more}
    return LabelImage.of(
        (image or layer).name,
        labels,
        grid,
        image_name=Path(image.path).name if image is not None else "",
        source=f"layer “{layer.name}” of {project.path.name}",
        classes=classes,
        names=names_said_by(layer.look.get(CLASS_NAMES)),
        about=about,
    )
