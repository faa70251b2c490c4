"""Which files are annotations, and of which image: they are known by their names."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING
from zipfile import BadZipFile, ZipFile

from napari_labelfix.annotations import Boxes, Points
from napari_labelfix.errors import InputError
from napari_labelfix.io.coco import image_names
from napari_labelfix.io.files import read_errors
from napari_labelfix.io.read import (
    MASKS,
    PREVIEW,
    SEG,
    SUFFIXES,
    is_folder,
    is_more_of_cellpose,
    is_zarr,
    labels_inside,
    stem_of,
    without_repeats,
)
from napari_labelfix.io.records import results_among
from napari_labelfix.io.yolo import POLYGONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from napari_labelfix.annotations import Annotation

READERS = {
    ".zip": "imagej_rois",
    ".roi": "imagej_rois",
    ".json": "coco",
    ".geojson": "qupath_geojson",
    ".txt": "yolo",
    ".xml": "pascal_voc",
}  # modules of this package, by suffix
TABLES = ".csv"  # of points or boxes
_FILE_PER_PLANE = (".txt", ".xml", ".png", ".tif", ".tiff", SEG)  # of Cellpose one per time point
# of the names that an export gives, too
_ENDINGS = re.compile(rf"(_labels|_rois|_coco(?:_rle|_boxes)?|_seg|_points|_boxes|{MASKS})$")
_NOT_ANNOTATIONS = re.compile(rf"(_export\.json|{PREVIEW}|^classes\.txt|_objects\.csv)$")
OTHER_RESULTS = re.compile(r"(_classes|_confidence|_heatmap|_changes|_ignored)$")  # of runs, beside labels and marks
_HEAD = 1000  # bytes of a file that tell its kind
_PLANE = re.compile(r"_(\d{3,}(?:_\d{3,})*)$")


def find_annotations(paths: Sequence[Path]) -> list[Path]:
    """Return the files of annotations that `paths` name: files as they are, folders as what is in them, by name.

    In the place of an OME-Zarr image that has labels inside are these. What is named twice counts once.

    Raises
    ------
    InputError
        If a path does not exist, may not be read or is of a kind that holds no annotations, or a folder has none.
    """
    found: list[Path] = []
    for path in paths:
        with read_errors(path):
            found += _annotations_at(path)
    return without_repeats(found)


def pair(
    images: Sequence[Path], annotations: Sequence[Path], kind: type[Annotation] | None = None
) -> dict[str, list[Path]]:
    """Return the files of annotations of each image, by the image's stem.

    A file is named like its image, perhaps with the ending of an export ("cells_rois.zip"); a COCO file may be called
    anything and belongs to the images that it names; of YOLO, PNG and TIFF there may be a file for each plane
    ("cells_003_labels.png"). Where an image has labels and a table of points or boxes, what is wanted (`kind`) decides.

    Raises
    ------
    InputError
        If a file is an image too, belongs to none, or several could be meant.
    """
    names = [stem_of(path) for path in images]
    called = [(path, _names(path)) for path in annotations]
    candidates = {name: _files_of(name, called, names) for name in names}
    for path in images:
        own = candidates[stem_of(path)]
        if own == [path]:
            raise InputError(f"{path} is given as an image and as its annotation. Keep them in different folders.")
        candidates[stem_of(path)] = [file for file in own if file != path]  # a folder with both was given twice
    known = {*images, *(path for files in candidates.values() for path in files)}
    if lonely := {path: own for path, (own, *_) in called if path not in known}:
        raise InputError(_say_lonely(lonely))
    return {name: _choose(name, files, kind) for name, files in candidates.items()}


def _say_lonely(lonely: Mapping[Path, str]) -> str:
    """Say which files belong to no image, by the names of the images that they would belong to."""
    for path in lonely:
        if path.suffix.lower() != ".json":
            continue
        if names := sorted(image_names(path)):
            return f"{path} is about the images {', '.join(names)}, and none is given. Name each image as in the file."
        return f"{path} has the name of no image and is no COCO file that can be read. Choose another file."
    called = ", ".join(sorted(set(lonely.values())))
    return f"No image has the name of these annotations: {called}. Name each like its image."


def planes_together(paths: Sequence[Path]) -> list[list[Path]]:
    """Return files by the image that they seem to belong to: those of the planes of a stack are together."""
    together: dict[Path, list[Path]] = {}
    for path in paths:
        together.setdefault(path.with_name(name_of_stack(path)) if plane_of(path) else path, []).append(path)
    return list(together.values())


def name_without_ending(path: Path) -> str:
    """Return the name of the image that a file is named after: "cells" of "cells_rois.zip"."""
    return _ENDINGS.sub("", _own_name(path))


def plane_of(path: Path) -> tuple[int, ...] | None:
    """Return the plane that the name of a file tells: (3,) of "cells_003_labels.png"; of Cellpose, the time point."""
    found = _PLANE.search(name_without_ending(path)) if _may_be_plane(path) else None
    return tuple(map(int, found[1].split("_"))) if found else None


def name_of_stack(path: Path) -> str:
    """Return the name of the stack that a file may be a plane of: "cells" of "cells_003_labels.png"."""
    name = name_without_ending(path)
    return _PLANE.sub("", name) if _may_be_plane(path) else name


def is_only_a_plane_of(name: str, path: Path) -> bool:
    """Whether a file has the name of an image with the number of a plane behind it, and not the name itself."""
    return name == name_of_stack(path) and name not in (_own_name(path), name_without_ending(path))


def holds_rois(path: Path) -> bool:
    """Whether a zip archive can be read and holds ROIs of ImageJ, or nothing: an image without objects."""
    try:
        with ZipFile(path) as archive:
            names = archive.namelist()
            return not names or any(name.lower().endswith(".roi") for name in names)
    except (OSError, ValueError, BadZipFile):
        return False


def _may_be_plane(path: Path) -> bool:
    return path.name.lower().endswith(_FILE_PER_PLANE)


def _annotations_at(path: Path) -> list[Path]:
    if not path.exists():
        raise InputError(f"There is no file {path}.")
    if is_folder(path):
        entries = _in_folder(path)
        for deeper in (path / "labels", path / POLYGONS / "labels"):  # as YOLO has it
            if not entries and is_folder(deeper):
                entries = _in_folder(deeper)
        if not entries:
            raise InputError(f"There are no annotations in {path}. Expected {', '.join(_suffixes())}.")
        return [one for entry in entries for one in labels_inside(entry) or [entry]]
    if inside := labels_inside(path):
        return inside
    if path.suffix.lower() not in _suffixes() and not is_zarr(path):
        raise InputError(f"{path} is of a kind that cannot be read. Expected {', '.join(_suffixes())}.")
    return [path]


def _in_folder(path: Path) -> list[Path]:
    """Return what in a folder may be annotations, without what else runs, and Cellpose, have left in it."""
    results = {name for name in results_among(path) if OTHER_RESULTS.search(stem_of(path / name))}
    entries = [entry for entry in path.iterdir() if entry.name not in results and _may_be_annotations(entry)]
    return sorted(entry for entry in _without_more_of_cellpose(entries) if _looks_right(entry))


def _without_more_of_cellpose(paths: Sequence[Path]) -> list[Path]:
    """Return files without the flows, outlines and so on that Cellpose writes beside an image, or its masks."""
    names = {stem_of(path) for path in paths} | {name_without_ending(path) for path in paths}
    images = {stem_of(path) for path in paths if not is_more_of_cellpose(path, names)}
    return [path for path in paths if not is_more_of_cellpose(path, names) or name_without_ending(path) in images]


def _own_name(path: Path) -> str:
    """Return the name of a file; of labels inside an OME-Zarr image, the image's."""
    image = path.parent.parent
    return stem_of(image if path.parent.name == "labels" and path in labels_inside(image) else path)


def _suffixes() -> list[str]:
    return [*SUFFIXES, *READERS, TABLES]


def _may_be_annotations(path: Path) -> bool:
    return path.suffix.lower() in _suffixes() and path.name[0] != "." and not _NOT_ANNOTATIONS.search(path.name)


def _looks_right(path: Path) -> bool:
    """Whether a file that nobody has named is worth reading: notes, records and archives lie in folders, too."""
    suffix = path.suffix.lower()
    try:
        if suffix == ".txt":
            lines = path.read_text(encoding="utf-8-sig").splitlines()
            words = next(filter(None, map(str.split, lines)), None)
            return words is None or (len(words) >= 5 and all(map(math.isfinite, map(float, words))))
        if suffix == ".json":
            return bool(image_names(path))
        if suffix == ".xml":
            return b"<annotation" in path.read_bytes()[:_HEAD]
    except (OSError, ValueError):
        return False
    return suffix != ".zip" or holds_rois(path)


def _files_of(name: str, called: Sequence[tuple[Path, tuple[str, ...]]], images: Sequence[str]) -> list[Path]:
    """Return the files whose first name that an image has is this one, or else those that name it themselves."""
    named = [path for path, names in called if next((own for own in names if own in images), None) == name]
    return named or [path for path, _ in called if path.suffix.lower() == ".json" and name in image_names(path)]


def _names(path: Path) -> tuple[str, str, str]:
    """Return what the image of a file may be called."""
    return _own_name(path), name_without_ending(path), name_of_stack(path)


def _choose(name: str, files: list[Path], kind: type[Annotation] | None) -> list[Path]:
    """Return the one file to read, or those of the planes of a stack."""
    fitting = [path for path in files if (path.suffix.lower() == TABLES) == (kind in (Points, Boxes))] or files
    exact = [path for path in fitting if _own_name(path) == name] or fitting
    other = next((path for path in exact[1:] if _read_by(path) != _read_by(exact[0])), None)
    if len(exact) > 1 and not all(is_only_a_plane_of(name, path) for path in exact):
        other = exact[1]
    if other is not None:
        raise InputError(f"{exact[0]} and {other} could both be annotations of {name}. Give one of them.")
    return exact


def _read_by(path: Path) -> str:
    return SEG if path.name.endswith(SEG) else READERS.get(path.suffix.lower(), "")
