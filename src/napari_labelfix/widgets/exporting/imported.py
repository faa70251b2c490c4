"""From files of annotations to layers on an image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels, Points, Shapes

from napari_labelfix import annotations as kinds
from napari_labelfix.errors import InputError
from napari_labelfix.io.annotation_files import AnnotationFiles
from napari_labelfix.io.label_image import HIGHEST_NUMBER, LabelImage
from napari_labelfix.io.pairing import name_of_stack, planes_together
from napari_labelfix.io.read import ImageFile
from napari_labelfix.io.tables import CELL, NO_CELL
from napari_labelfix.widgets.annotating.boxes import rectangles_of
from napari_labelfix.widgets.exporting.content import file_of
from napari_labelfix.widgets.viewer import image_planes
from napari_labelfix.widgets.viewer.class_names import set_classes
from napari_labelfix.widgets.viewer.colors import MARK_COLORS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from napari.layers import Image, Layer
    from numpy.typing import NDArray

    from napari_labelfix.annotations import Annotation
    from napari_labelfix.io.label_image import Index


def layers_from_files(paths: Sequence[Path], image: Image) -> Callable[[], tuple[list[Layer], str]]:
    """Return what reads files of annotations, in any thread, and makes layers that lie on the image.

    A file with outlines becomes labels, one with boxes rectangles, one with points points; those of the planes of a
    stack become one layer. With the layers comes, in sentences, what they do not hold of the files, and what looks like
    a mistake in them.

    Raises
    ------
    InputError
        When they are read: if a file cannot be read, or does not fit the image.
    """
    placed, pixels = image_planes.placement(image), image_planes.level_0(image)
    stem = (file_of(image) or Path(f"{image.name}.tif")).stem

    def read() -> tuple[list[Layer], str]:
        channels = pixels.shape[-1] if image.rgb else None
        file = ImageFile(Path(f"{stem}.tif"), np.asarray(pixels), channels)
        found = [_read_layer(together, file, placed) for together in planes_together(paths)]
        return [layer for layer, _ in found], " ".join(told for _, told in found if told)

    return read


def _read_layer(paths: Sequence[Path], file: ImageFile, placed: dict[str, Any]) -> tuple[Layer, str]:
    given = AnnotationFiles(paths, file)
    kind = given.main_kind()
    name = paths[0].stem if len(paths) == 1 else f"{name_of_stack(paths[0])}_labels"
    layer = _MAKERS[kind](given.read(kind), file, name, placed)
    if not isinstance(layer, Labels):
        return layer, " ".join(filter(None, [given.outlines_left_out(), given.classes_left_out(kind)]))
    _tell_classes(layer, *given.classes())
    return layer, LabelImage.of(layer.name, layer.data).doubt()


def _make_labels(found: Sequence[Any], file: ImageFile, name: str, placed: dict[str, Any]) -> Layer:
    labels = file.restack([plane.labels for plane in found])
    if labels.max(initial=0) > HIGHEST_NUMBER:
        raise InputError(
            f"Expected object numbers up to {HIGHEST_NUMBER} in {name}, but got {labels.max()}. Number the objects "
            "1, 2, 3, ... before."
        )
    kind = np.int32 if labels.max(initial=0) <= np.iinfo(np.int32).max else np.uint32
    return Labels(labels.astype(kind), name=name, **placed)


def _tell_classes(layer: Labels, classes: Mapping[int, int], names: Mapping[int, str]) -> None:
    """Let labels know what of each class the file has, and what it calls them."""
    if classes:
        layer.features = {"index": list(classes), "class": list(classes.values())}
    set_classes(layer, names)


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
    return noted, [MARK_COLORS[kind] for kind in kind_of] or MARK_COLORS[CELL]


_MAKERS: dict[type[Annotation], Callable[..., Layer]] = {
    kinds.Instances: _make_labels,
    kinds.Points: _make_points,
    kinds.Boxes: _make_boxes,
}
