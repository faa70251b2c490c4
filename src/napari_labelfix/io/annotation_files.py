"""Annotations from files of other programs: which file belongs to which image, and what is in it.

Labels may come as an image, as ImageJ ROIs, COCO JSON, YOLO text, QuPath GeoJSON or Cellpose's `_seg.npy`. Where boxes
or points are wanted, a file with outlines serves as well: their bounding boxes, and their centres.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast
from zipfile import BadZipFile, ZipFile

import numpy as np

from napari_labelfix.annotations import Boxes, Instances, Points, Scribbles
from napari_labelfix.errors import InputError
from napari_labelfix.io.coco import image_names
from napari_labelfix.io.drawn import Drawn, paint_drawn, plane_number
from napari_labelfix.io.label_image import objects_of
from napari_labelfix.io.points_csv import points_of_planes
from napari_labelfix.io.read import SUFFIXES, is_zarr, read_labels, stem_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_labelfix.annotations import Annotation
    from napari_labelfix.io.read import ImageFile

    Reader = Callable[[Path, str, tuple[int, ...]], Drawn]

_READERS = {
    ".zip": "imagej_rois",
    ".roi": "imagej_rois",
    ".json": "coco",
    ".geojson": "qupath_geojson",
    ".txt": "yolo",
}
_POINTS, _SEG = ".csv", "_seg.npy"
_ENDINGS = re.compile(r"(_labels|_rois|_coco|_seg|_points)$")  # of the names that an export gives
_NOT_ANNOTATIONS = re.compile(r"(_export\.json|_preview\.png|^classes\.txt|_objects\.csv)$")
_PLANE = re.compile(r"_(\d{3,}(?:_\d{3,})*)$")


@dataclass(frozen=True)
class _Contents:
    """What the files of one image hold: labels of all planes, or what was drawn."""

    labels: NDArray[Any] | None
    drawn: Drawn


def find_annotations(paths: Sequence[Path]) -> list[Path]:
    """Return the files of annotations that `paths` name: files as they are, folders as what is in them, by name.

    Raises
    ------
    InputError
        If a path does not exist or is of a kind that holds no annotations, or a folder has none.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise InputError(f"There is no file {path}.")
        if path.is_dir() and not is_zarr(path):
            inside = sorted(entry for entry in path.iterdir() if _may_be_annotations(entry) and _looks_right(entry))
            if not inside:
                raise InputError(f"There are no annotations in {path}. Expected {', '.join(_suffixes())}.")
            found += inside
        elif path.suffix.lower() not in _suffixes() and not is_zarr(path):
            raise InputError(f"{path} is of a kind that cannot be read. Expected {', '.join(_suffixes())}.")
        else:
            found.append(path)
    return found


def pair(
    images: Sequence[Path], annotations: Sequence[Path], kind: type[Annotation] | None = None
) -> dict[str, list[Path]]:
    """Return the files of annotations of each image, by the image's stem.

    A file is named like its image, perhaps with the ending of an export ("cells_rois.zip"); a COCO file may be called
    anything and belongs to the images that it names; of YOLO there may be a file for each plane. Where an image has
    labels and a table of points, what is wanted (`kind`) decides.

    Raises
    ------
    InputError
        If a file is an image too, belongs to none, or several could be meant.
    """
    candidates = {stem_of(path): _files_of(stem_of(path), annotations) for path in images}
    for path in images:
        if path in candidates[stem_of(path)]:
            raise InputError(f"{path} is given as an image and as its annotation. Keep them in different folders.")
    known = {path for files in candidates.values() for path in files}
    if lonely := sorted({stem_of(path) for path in annotations if path not in known}):
        raise InputError(f"No image has the name of these annotations: {', '.join(lonely)}. Name each like its image.")
    return {name: _choose(name, files, kind) for name, files in candidates.items()}


def read_annotations(paths: Sequence[Path], file: ImageFile, kind: type[Annotation]) -> list[Annotation | None]:
    """Read the annotations of one image, one record per plane.

    Parameters
    ----------
    paths
        Its files, as `pair` finds them; none means that no plane is annotated.
    file
        The image.
    kind
        What is wanted.

    Raises
    ------
    InputError
        If a file cannot be read, is of another image, or does not hold what is wanted.
    """
    if not paths:
        return [None] * len(file.planes)
    if paths[0].suffix.lower() == _POINTS:
        if kind is not Points:
            raise InputError(f"{paths[0]} holds points, but {kind.__name__.lower()} are wanted. Choose another file.")
        return list(points_of_planes(paths[0], file))
    contents = _read(paths, file)
    if kind is Scribbles and contents.labels is None:
        raise InputError(f"Scribbles are read from images only, but got {paths[0]}. Save them as TIFF or PNG.")
    makers = {Scribbles: _painted, Instances: _painted, Boxes: _boxes, Points: _points}
    return makers[kind](contents, file, kind, str(paths[0]))


def what_is_in(path: Path, file: ImageFile) -> type[Annotation]:
    """Return what a file of annotations holds: outlines, boxes or points, whichever of them comes first.

    Raises
    ------
    InputError
        If it cannot be read, or there is nothing in it that can be used.
    """
    if path.suffix.lower() == _POINTS:
        return Points
    contents = _read(find_annotations([path]), file)
    if contents.labels is not None or contents.drawn.objects:
        return Instances
    if not contents.drawn.boxes and not contents.drawn.points:
        raise InputError(f"There are no objects in {path}. Choose another file.")
    return Boxes if contents.drawn.boxes else Points


def read_instances(paths: Sequence[Path], file: ImageFile) -> NDArray[Any]:
    """Return the labels that the files hold for an image, (..., Y, X). Raises `InputError` as `read_annotations`."""
    planes = [cast("Instances", found).labels for found in read_annotations(paths, file, Instances)]
    return file.restack(planes)


def name_without_ending(path: Path) -> str:
    """Return the name of the image that a file is named after: "cells" of "cells_rois.zip"."""
    return _ENDINGS.sub("", stem_of(path))


def _suffixes() -> list[str]:
    return [*SUFFIXES, *_READERS, _POINTS]


def _may_be_annotations(path: Path) -> bool:
    return path.suffix.lower() in _suffixes() and path.name[0] != "." and not _NOT_ANNOTATIONS.search(path.name)


def _looks_right(path: Path) -> bool:
    """Whether a file that nobody has named is worth reading: notes, records and archives lie in folders, too."""
    suffix = path.suffix.lower()
    try:
        if suffix == ".txt":
            lines = path.read_text(encoding="utf-8").splitlines()
            return not lines or (len(lines[0].split()) >= 5 and all(map(_is_number, lines[0].split())))
        if suffix == ".json":
            return bool(image_names(path))
        if suffix == ".zip":
            with ZipFile(path) as archive:
                return any(name.lower().endswith(".roi") for name in archive.namelist())
    except (OSError, ValueError, BadZipFile):
        return False
    return True


def _is_number(word: str) -> bool:
    return word.replace(".", "", 1).replace("e-", "", 1).isdecimal()


def _files_of(name: str, annotations: Sequence[Path]) -> list[Path]:
    """Return the files that are named like an image, or else those that name it themselves."""
    named = [path for path in annotations if name in (stem_of(path), name_without_ending(path), _name_of_stack(path))]
    return named or [path for path in annotations if path.suffix.lower() == ".json" and name in image_names(path)]


def _name_of_stack(path: Path) -> str:
    return _PLANE.sub("", stem_of(path)) if path.suffix.lower() == ".txt" else ""


def _choose(name: str, files: list[Path], kind: type[Annotation] | None) -> list[Path]:
    """Return the one file to read, or those of the planes of a stack."""
    fitting = [path for path in files if (path.suffix.lower() == _POINTS) == (kind is Points)] or files
    exact = [path for path in fitting if stem_of(path) == name] or fitting
    if len(exact) > 1 and not all(_name_of_stack(path) == name for path in exact):
        raise InputError(f"{exact[0]} and {exact[1]} could both be annotations of {name}. Give one of them.")
    return exact


def _read(paths: Sequence[Path], file: ImageFile) -> _Contents:
    """Read labels, or what was drawn on the planes."""
    path = paths[0]
    suffix = path.suffix.lower()
    if path.name.endswith(_SEG):
        from napari_labelfix.io.safe_seg import read_masks

        return _Contents(_expect_size(read_masks(path), path, file), Drawn())
    if suffix not in _READERS or path.is_dir():
        return _Contents(_expect_size(read_labels(path), path, file), Drawn())
    read = cast("Reader", import_module(f"napari_labelfix.io.{_READERS[suffix]}").read)
    drawn = Drawn()
    for one in paths:
        try:
            found = read(one, file.stem, file.shape)
        except InputError:
            raise
        except OSError as error:
            raise InputError(f"{one} cannot be read ({error.strerror or error}).") from None
        except Exception as error:  # from damaged files decoders raise whatever they stumble over
            raise InputError(f"{one} is not a file of annotations that can be read ({error}).") from error
        drawn.add(found, _plane_in(one) if len(paths) > 1 else None)
    return _Contents(None, drawn)


def _plane_in(path: Path) -> tuple[int, ...] | None:
    """Return the plane that the name of a YOLO file tells: (3,) of "cells_003.txt"."""
    found = _PLANE.search(stem_of(path))
    return tuple(map(int, found[1].split("_"))) if found else None


def _expect_size(labels: NDArray[Any], path: Path, file: ImageFile) -> NDArray[Any]:
    if labels.shape != file.shape:
        raise InputError(
            f"{file.path} is {_size(file.shape)} but {path} is {_size(labels.shape)}. Both must have the same size."
        )
    return labels


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
    height, width = file.shape[-2:]
    if contents.drawn.boxes:
        corners: list[list[Any]] = [[] for _ in file.planes]
        for key, box in contents.drawn.boxes:
            corners[plane_number(key, file.shape[:-2], what)].append(box)
    else:
        planes = _painted(contents, file, Instances, what)
        corners = [[found.box for found in objects_of(cast("Instances", plane).labels)] for plane in planes]
    return [Boxes(np.array(found, float).reshape(-1, 4), (height, width)) for found in corners]


def _points(contents: _Contents, file: ImageFile, _kind: type[Annotation], what: str) -> list[Annotation | None]:
    from napari_labelfix.data.cell_size import estimate_diameter

    height, width = file.shape[-2:]
    positions: list[list[Any]] = [[] for _ in file.planes]
    areas: list[int] = []
    for key, point in contents.drawn.points:
        positions[plane_number(key, file.shape[:-2], what)].append(point)
    if not contents.drawn.points:
        for at, plane in enumerate(_painted(contents, file, Instances, what)):
            for found in objects_of(cast("Instances", plane).labels):
                positions[at].append(np.argwhere(found.mask).mean(axis=0) + found.corner)
                areas.append(int(found.mask.sum()))
    centres = [np.array(found, float).reshape(-1, 2) for found in positions]
    radii = [
        float(np.sqrt(np.median(areas) / np.pi)) if areas else estimate_diameter(image, here) / 2
        for image, here in zip(file.planes, centres, strict=True)
    ]
    return [Points(here, (height, width), radius) for here, radius in zip(centres, radii, strict=True)]


def _size(shape: tuple[int, ...]) -> str:
    """Say (5, 20, 30) as "5 planes of 20 x 30 (height x width)"."""
    planes = " x ".join(map(str, shape[:-2]))
    return f"{planes} planes of {shape[-2]} x {shape[-1]}" if planes else f"{shape[-2]} x {shape[-1]}"
