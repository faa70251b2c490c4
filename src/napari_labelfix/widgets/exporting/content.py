"""From a layer to what is exported, and from a file of annotations to layers on an image."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels, Points, Shapes

from napari_labelfix import annotations as kinds
from napari_labelfix.errors import InputError
from napari_labelfix.io.annotation_files import AnnotationFiles
from napari_labelfix.io.grid import Grid
from napari_labelfix.io.label_image import LabelImage, class_said_by
from napari_labelfix.io.pairing import name_of_stack, planes_together
from napari_labelfix.io.read import ImageFile
from napari_labelfix.io.tables import CELL, NO_CELL
from napari_labelfix.review.selection import EVERYTHING, KNOWN, only
from napari_labelfix.widgets.annotating.boxes import BOX_COLORS, rectangles_of
from napari_labelfix.widgets.exporting.marks import marked_image_of
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.label_layers import image_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari.components import ViewerModel
    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_labelfix.annotations import Annotation
    from napari_labelfix.io.formats import Content
    from napari_labelfix.io.label_image import Index, What
    from napari_labelfix.io.marked_image import MarkedImage
    from napari_labelfix.review.selection import Selection


def file_of(layer: Layer | None) -> Path | None:
    """Return the file that a layer was opened from."""
    path = layer.source.path if layer is not None else None
    return Path(path) if path else None


def what_is_in_layer(layer: Layer) -> What:
    """Return what a layer holds for an export."""
    return "boxes" if isinstance(layer, Shapes) else "points" if isinstance(layer, Points) else "labels"


def content_of(
    viewer: ViewerModel, layer: Layer, selection: Selection = EVERYTHING, *, copy: bool = True
) -> Callable[[], Content]:
    """Return what reads a layer as it is now, in any thread; lazy arrays are read only there.

    Parameters
    ----------
    viewer
        The viewer, for the image that the layer belongs to.
    layer
        Labels, boxes or points.
    selection
        Which objects, of labels.
    copy
        Whether what a person paints meanwhile is to be left out; a large copy holds up the window.
    """
    image = image_of(viewer, layer)
    file = file_of(image)
    file_name = file.name if file is not None else ""
    if isinstance(layer, Points | Shapes):
        marks = marked_image_of(layer, image, _grid_of(image), file_name) if image is not None else None
        return partial(_of_an_image, marks, layer.name)
    return _label_image_of(layer, image, file_name, selection, copy)


def _of_an_image(marks: MarkedImage | None, layer_name: str) -> MarkedImage:
    if marks is None:
        raise InputError(f"It is not known of which image “{layer_name}” is. Open its image, and close others like it.")
    return marks


def _grid_of(layer: Layer) -> Grid:
    return Grid.of(layer.axis_labels, layer.scale, [str(unit) for unit in layer.units])


def _label_image_of(
    layer: Any, image: Layer | None, file_name: str, selection: Selection, copy: bool
) -> Callable[[], LabelImage]:
    data, grid = layers.level_0(layer), _grid_of(layer)
    pixels = data.copy() if copy and isinstance(data, np.ndarray) else data
    name = image.name if image is not None else layer.name
    rest: dict[str, Any] = {
        "image_name": file_name,
        "source": f"layer “{layer.name}”",
        "classes": _classes_of(layer),
    }
    known = _columns_of(layer)

    def read() -> LabelImage:
        labels, about = only(np.asarray(pixels), selection, known)
        return LabelImage.of(name, labels, grid, **rest, about=about)

    return read


def states_of(layer: Layer) -> list[str]:
    """Return the states of the objects whose states are known."""
    return _columns_of(layer).get("state", [])


def doubt_about(layer: Layer) -> str:
    """Return what looks like a mistake in labels that were read, in a sentence, or ""."""
    if not isinstance(layer, Labels):
        return ""
    return LabelImage.of(layer.name, layer.data).doubt()


def layers_from_files(paths: Sequence[Path], image: Image) -> Callable[[], list[Layer]]:
    """Return what reads files of annotations, in any thread, and makes layers that lie on the image.

    A file with outlines becomes labels, one with boxes rectangles, one with points points; those of the planes of a
    stack become one layer.

    Raises
    ------
    InputError
        When they are read: if a file cannot be read, or does not fit the image.
    """
    placed, pixels = layers.placement(image), layers.level_0(image)
    stem = (file_of(image) or Path(f"{image.name}.tif")).stem

    def read() -> list[Layer]:
        channels = pixels.shape[-1] if image.rgb else None
        file = ImageFile(Path(f"{stem}.tif"), np.asarray(pixels), channels)
        return [_read_layer(together, file, placed) for together in planes_together(paths)]

    return read


def _read_layer(paths: Sequence[Path], file: ImageFile, placed: dict[str, Any]) -> Layer:
    given = AnnotationFiles(paths, file)
    kind = given.main_kind()
    name = paths[0].stem if len(paths) == 1 else f"{name_of_stack(paths[0])}_labels"
    return _MAKERS[kind](given.read(kind), file, name, placed)


def _columns_of(layer: Any) -> dict[str, list[Any]]:
    """Return id, state, source and model of the objects, where anything is known about them."""
    features = layer.features
    if not {"index", "state"} <= set(features.columns):
        return {}
    return {name: features[name].tolist() for name in ("index", *KNOWN) if name in features}


def _classes_of(layer: Any) -> dict[int, int]:
    features = layer.features
    if not {"index", "class"} <= set(features.columns):
        return {}
    return {int(index): class_said_by(kind) for index, kind in zip(features["index"], features["class"], strict=True)}


def _make_labels(found: Sequence[Any], file: ImageFile, name: str, placed: dict[str, Any]) -> Layer:
    labels = file.restack([plane.labels for plane in found])
    kind = np.int32 if labels.max(initial=0) <= np.iinfo(np.int32).max else np.uint32
    return Labels(labels.astype(kind), name=name, **placed)


def _make_points(found: Sequence[Any], file: ImageFile, name: str, placed: dict[str, Any]) -> Layer:
    marks = [((*index, *point), kind) for index, points, kind in _by_kind(found, file) for point in points]
    places = np.array([place for place, _ in marks], float).reshape(-1, len(file.shape))
    kind_of, colors = _told_apart([kind for _, kind in marks])
    look = {"size": 2 * float(np.median([plane.radius for plane in found])), "border_color": colors}
    return Points(places, name=name, face_color="transparent", **look, **kind_of, **placed)


def _make_boxes(found: Sequence[Any], file: ImageFile, name: str, placed: dict[str, Any]) -> Layer:
    marks = [(box, kind) for index, corners, kind in _by_kind(found, file) for box in rectangles_of(corners, index)]
    kind_of, colors = _told_apart([kind for _, kind in marks])
    look = {"shape_type": "rectangle", "face_color": "transparent", "edge_color": colors}
    return Shapes([box for box, _ in marks] or None, ndim=len(file.shape), name=name, **look, **kind_of, **placed)


def _by_kind(found: Sequence[Any], file: ImageFile) -> Iterator[tuple[Index, NDArray[np.floating], str]]:
    """Yield the index of each plane with its marks of cells, and with those of what is none."""
    for index, plane in zip(np.ndindex(file.shape[:-2]), found, strict=True):
        yield index, plane.corners if isinstance(plane, kinds.Boxes) else plane.positions, CELL
        yield index, plane.negatives, NO_CELL


def _told_apart(kind_of: list[str]) -> tuple[dict[str, Any], list[str] | str]:
    """Return what a layer notes of its marks, so that the docks know their kinds, and their colours."""
    noted = {"features": {"kind": kind_of}, "feature_defaults": {"kind": CELL}} if kind_of else {}
    return noted, [BOX_COLORS[kind] for kind in kind_of] or BOX_COLORS[CELL]


_MAKERS: dict[type[Annotation], Callable[..., Layer]] = {
    kinds.Instances: _make_labels,
    kinds.Points: _make_points,
    kinds.Boxes: _make_boxes,
}
