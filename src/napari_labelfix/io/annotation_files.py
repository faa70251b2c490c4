"""Annotations from files of other programs: what is in them.

Labels may come as an image, as ImageJ ROIs, COCO JSON, YOLO text, QuPath GeoJSON or Cellpose's `_seg.npy`. Where boxes
or points are wanted, a file with outlines serves as well: their bounding boxes, and their centres.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from napari_labelfix.annotations import Boxes, Instances, Points, Scribbles, onto_pixels
from napari_labelfix.data.label_images import boxes_of_labels
from napari_labelfix.errors import InputError
from napari_labelfix.io.boxes import boxes_in_planes
from napari_labelfix.io.boxes_csv import boxes_of_planes, holds_boxes
from napari_labelfix.io.drawn import Drawn, classes_drawn, paint_drawn, plane_number
from napari_labelfix.io.files import read_errors
from napari_labelfix.io.label_image import say_count
from napari_labelfix.io.measures import measure_objects
from napari_labelfix.io.pairing import READERS, TABLES, find_annotations, is_only_a_plane_of, plane_of
from napari_labelfix.io.points_csv import points_of_planes
from napari_labelfix.io.read import SEG, in_shape, read_labels, without_ones

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_labelfix.annotations import Annotation
    from napari_labelfix.io.label_image import Index
    from napari_labelfix.io.read import ImageFile

    Reader = Callable[[Path, ImageFile], Drawn]


@dataclass(frozen=True)
class _Contents:
    """What the files of one image hold: labels of all planes, or what was drawn."""

    labels: NDArray[Any] | None
    drawn: Drawn


class AnnotationFiles:
    """The files of annotations of one image; they are read when it is first asked what is in them, and once.

    Parameters
    ----------
    paths
        As `pair` finds them; none means that no plane is annotated.
    file
        The image.
    """

    def __init__(self, paths: Sequence[Path], file: ImageFile) -> None:
        self.paths, self.file = paths, file

    def kinds(self) -> set[type[Annotation]]:
        """Return all that they hold: outlines (`Instances`), boxes, points; none if there is nothing.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        if self._is_table:
            return {Boxes if holds_boxes(self.paths[0]) else Points}
        if _is_label_image(find_annotations(self.paths)[0]):
            return {Instances}  # its pixels are read where they are wanted
        drawn = self._contents.drawn
        there = {Instances: drawn.objects, Boxes: drawn.boxes, Points: drawn.points}
        return {kind for kind, some in there.items() if some}

    def main_kind(self) -> type[Annotation]:
        """Return what they hold: outlines, boxes or points, whichever of them comes first.

        Where some objects have outlines and others only boxes, it is boxes: as these all of them can be used.

        Raises
        ------
        InputError
            If it cannot be read, or there is nothing in it that can be used.
        """
        found = self.kinds()
        if not found:
            raise InputError(f"There are no objects in {self.paths[0]}. Choose another file.")
        return next(kind for kind in (Boxes, Instances, Points) if kind in found)

    def left_out(self, kind: type[Annotation]) -> str:
        """Say in a sentence how many boxes are not in what is read as a kind; "" if none is left out.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        found = self.kinds() if self.paths else set()
        if kind not in (Instances, Points) or Boxes not in found or len(found) == 1:
            return ""
        count = len(self._contents.drawn.boxes)
        has, is_left = ("has", "is") if count == 1 else ("have", "are")
        return (
            f"{say_count(count, 'boxes')} in {self.paths[0]} {has} no outline and {is_left} left out. "
            "Where boxes are wanted, all of its objects are taken."
        )

    def outlines_left_out(self) -> str:
        """Say in a sentence that outlines become boxes, for others have no outline; "" if it is not so."""
        if not {Boxes, Instances} <= self.kinds():
            return ""
        return f"In {self.paths[0]} some objects have outlines and others only boxes, so all are taken as boxes."

    def classes_left_out(self, kind: type[Annotation]) -> str:
        """Say in a sentence which classes are not in what is read as boxes or points; "" if none is left out."""
        named = [*filter(None, self.class_names.values())] if kind in (Boxes, Points) else []
        if not named:
            return ""
        noun = kind.__name__
        return f"{noun} have no classes here, so that those of the files ({', '.join(named)}) are left out."

    def read(self, kind: type[Annotation], *, believed: bool = False) -> list[Annotation | None]:
        """Return annotations of a kind, one record per plane.

        Parameters
        ----------
        kind
            What is wanted.
        believed
            Whether points that a method has found are wanted, too.

        Raises
        ------
        InputError
            If a file cannot be read, is of another image, or does not hold what is wanted.
        """
        if not self.paths:
            return [None] * len(self.file.planes)
        if self._is_table:
            return _in_table(self.paths[0], self.file, kind, believed)
        if kind is Scribbles and self._contents.labels is None:
            raise InputError(f"Scribbles are read from images only, but got {self.paths[0]}. Save them as TIFF or PNG.")
        makers = {Boxes: _boxes, Points: _points}
        return makers.get(kind, _painted)(self._contents, self.file, kind, str(self.paths[0]))

    def read_labels(self) -> NDArray[Any]:
        """Return the labels of the whole image, (..., Y, X). Raises `InputError` as `read`."""
        return self.file.restack([cast("Instances", found).labels for found in self.read(Instances)])

    def classes(self) -> tuple[dict[int, int], dict[int, str]]:
        """Return the class of each object in `read_labels`, and what classes are called; none where there is one only.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        if not self.paths or self._is_table or self._contents.labels is not None:
            return {}, {}
        names = self.class_names
        found = classes_drawn(self._contents.drawn, self.file.shape, str(self.paths[0]))
        several = len(names) > 1 or any(number > 1 for number in found.values())
        return found if several else {}, names

    @property
    def class_names(self) -> dict[int, str]:
        """What classes of outlines and boxes are called. Raises `InputError` if it cannot be read."""
        return {} if not self.paths or self._is_table else self._contents.drawn.class_names

    @property
    def _is_table(self) -> bool:
        return self.paths[0].suffix.lower() == TABLES

    @cached_property
    def _contents(self) -> _Contents:
        return _read(self.paths, self.file)


def _in_table(path: Path, file: ImageFile, kind: type[Annotation], believed: bool) -> list[Annotation | None]:
    """Read boxes or points."""
    if kind is Boxes:
        return list(boxes_of_planes(path, file))
    if kind is not Points:
        raise InputError(f"{path} holds points or boxes, but {kind.__name__.lower()} are wanted. Choose another file.")
    return list(points_of_planes(path, file, believed=believed))


def _read(paths: Sequence[Path], file: ImageFile) -> _Contents:
    """Read labels, or what was drawn on the planes."""
    path = paths[0]
    suffix = path.suffix.lower()
    _expect_planes(paths, file)
    if _is_label_image(path):
        return _Contents(_read_planes(paths, file), Drawn())
    read = cast("Reader", import_module(f"napari_labelfix.io.{READERS[suffix]}").read)
    drawn = Drawn()
    for one in paths:
        try:
            with read_errors(one):
                found = read(one, file)
        except InputError:
            raise
        except Exception as error:  # from damaged files decoders raise whatever they stumble over
            raise InputError(f"{one} is not a file of annotations that can be read ({error}).") from error
        drawn.add(found, plane_of(one) if len(paths) > 1 else None)
    return _Contents(None, drawn)


def _is_label_image(path: Path) -> bool:
    """Whether a file has a number for each pixel, and nothing that is drawn."""
    return path.name.endswith(SEG) or path.suffix.lower() not in READERS or path.is_dir()


def _expect_planes(paths: Sequence[Path], file: ImageFile) -> None:
    """Refuse "scan_001.tif" for an image "scan" of one plane: it is of another image."""
    for path in paths:
        if len(file.shape) == 2 and is_only_a_plane_of(file.stem, path):
            raise InputError(
                f"{path} is named like a plane of a stack, but {file.path} is none, so it does not belong to it. "
                "Name each like its image."
            )


def _read_planes(paths: Sequence[Path], file: ImageFile) -> NDArray[Any]:
    """Return the labels of a whole image, from one file or from one for each plane or time point.

    What has no file is empty.
    """
    found = [(path, _read_label_image(path)) for path in paths]
    path, labels = found[0]
    is_whole = in_shape(labels, file.shape) is not None and not is_only_a_plane_of(file.stem, path)
    if len(found) == 1 and (is_whole or plane_of(path) is None):
        return _expect_size(labels, path, file)
    stack = np.zeros(file.shape, np.result_type(*(labels for _, labels in found)))
    counted = stack.reshape(without_ones(file.shape))  # the same pixels
    for path, labels in found:
        index = _index_in(file.shape, plane_of(path))
        if index is None:
            raise InputError(f"{path} is no plane of {file.path}, which is {_size(file.shape)}. Remove or rename it.")
        part = counted[index]
        if (fitting := in_shape(labels, part.shape)) is None:
            what = "plane" if part.ndim == 2 else "time point"
            raise InputError(f"{path} is {_size(labels.shape)}, but a {what} of {file.path} {_size(part.shape)}.")
        part[...] = fitting
    return stack


def _read_label_image(path: Path) -> NDArray[Any]:
    if not path.name.endswith(SEG):
        return read_labels(path)
    from napari_labelfix.io.safe_seg import read_masks

    return read_masks(path)


def _index_in(shape: tuple[int, ...], said: Index | None) -> Index | None:
    """Return where in an image without its axes of length 1 a file lies that is called after a plane, or a time point.

    None if there is no such place. What is said may count the axes of length 1, too.
    """
    leading = shape[:-2]
    if said is not None and len(said) == len(leading) and all(map(int.__lt__, said, leading)):
        said = tuple(at for at, length in zip(said, leading, strict=True) if length > 1)
    lengths = without_ones(shape)[:-2]
    fits = said is not None and len(said) <= len(lengths) and all(map(int.__lt__, said, lengths))
    return said if fits else None


def _expect_size(labels: NDArray[Any], path: Path, file: ImageFile) -> NDArray[Any]:
    fitting = in_shape(labels, file.shape)
    if fitting is None:
        channels = f" with {file.channels} channels" if file.channels else ""
        stack = " A stack is told from channels by its axes, ZYX, in the file." if file.channels else ""
        raise InputError(
            f"{file.path} is {_size(file.shape)}{channels} but {path} is {_size(labels.shape)}. "
            f"Both must have the same size.{stack}"
        )
    return fitting


def _painted(contents: _Contents, file: ImageFile, kind: type[Annotation], what: str) -> list[Annotation | None]:
    labels = contents.labels
    if labels is None:
        drawn = contents.drawn
        if not drawn.objects and (drawn.boxes or drawn.points):
            raise InputError(f"{what} holds boxes or points, but outlines are wanted. Choose another file.")
        labels = paint_drawn(drawn, file.shape, what)
    painted = cast("type[Scribbles | Instances]", kind)
    return [painted(plane) for plane in labels.reshape(-1, *labels.shape[-2:])]


def _boxes(contents: _Contents, file: ImageFile, _kind: type[Annotation], what: str) -> list[Annotation | None]:
    drawn = contents.drawn
    outlines = [(found.plane, box) for found in drawn.objects if (box := found.box(file.shape)) is not None]
    planes = [plane_number(key, file.shape[:-2], what) for key, _ in drawn.boxes + outlines]
    corners: list[Sequence[float]] = [box for _, box in drawn.boxes + outlines]
    if contents.labels is not None:
        for number, plane in enumerate(_painted(contents, file, Instances, what)):
            outlined = boxes_of_labels(cast("Instances", plane).labels).tolist()
            planes += [number] * len(outlined)
            corners += outlined
    return list(boxes_in_planes(np.array(corners, float).reshape(-1, 4), np.array(planes, np.intp), file, what))


def _points(contents: _Contents, file: ImageFile, _kind: type[Annotation], what: str) -> list[Annotation | None]:
    from napari_labelfix.data.cell_size import estimate_diameter

    height, width = file.shape[-2:]
    positions: list[list[Any]] = [[] for _ in file.planes]
    areas: list[int] = []
    for key, point in contents.drawn.points:
        positions[plane_number(key, file.shape[:-2], what)].append(point)
    if not contents.drawn.points:
        for at, plane in enumerate(_painted(contents, file, Instances, what)):
            found = measure_objects(cast("Instances", plane).labels)
            positions[at] = found.centres.tolist()
            areas += found.areas.tolist()
    centres = [onto_pixels(np.array(here, float).reshape(-1, 2), (height, width)) for here in positions]
    radii = [
        float(np.sqrt(np.median(areas) / np.pi)) if areas else estimate_diameter(image, here) / 2
        for image, here in zip(file.planes, centres, strict=True)
    ]
    return [Points(here, (height, width), radius) for here, radius in zip(centres, radii, strict=True)]


def _size(shape: tuple[int, ...]) -> str:
    """Say (5, 20, 30) as "5 planes of 20 x 30 (height x width)"."""
    planes = " x ".join(map(str, shape[:-2]))
    return f"{planes} planes of {shape[-2]} x {shape[-1]}" if planes else f"{shape[-2]} x {shape[-1]}"
