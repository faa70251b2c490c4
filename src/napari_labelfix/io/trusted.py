"""Which labels of a task are right, from files: masks of the right part, or right versions of the labels."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.annotations import FinishedInstances, Instances, Plane, Task
from napari_labelfix.errors import InputError
from napari_labelfix.io.pairing import name_without_ending
from napari_labelfix.io.read import find_images, in_shape, read_labels, stem_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_labelfix.io.read import ImageFile
    from napari_labelfix.io.tasks import FileTask


def trust(read: FileTask, paths: Sequence[Path]) -> FileTask:
    """Return the task with what the files of the same stem say about its labels.

    A file with one number beside 0 is a mask: the labels are right where it is not 0. One with several numbers holds
    the right labels themselves, and so does any file for an image without labels; a plane of it without objects says
    nothing, so that some planes of a stack can be right.

    Parameters
    ----------
    read
        What `read_task` made of images and labels.
    paths
        Files, or folders of files.

    Raises
    ------
    InputError
        If a file is missing or not an image, fits no image, has another size, or does not hold whole numbers, or two
        could be meant for one image.
    """
    stems = {file.stem for file in read.files}
    by_stem = _by_stem(find_images(paths, exported=True), stems)
    if lonely := sorted(set(by_stem) - stems):
        raise InputError(f"No image has the name of what is trusted: {', '.join(lonely)}. Name each like its image.")
    planes = list(read.task.planes)
    for file, indices in read.planes_of_files():
        if (path := by_stem.get(file.stem)) is None:
            continue
        found = _read(path, file)
        is_mask = _is_mask(found)  # of the whole file: a plane of right labels may hold one object alone
        for index, right in zip(indices, found, strict=True):
            planes[index] = _trusted(planes[index], right, is_mask and planes[index].annotation is not None)
    task = Task(tuple(planes))
    task.check()
    return dataclasses.replace(read, task=task)


def _by_stem(paths: Sequence[Path], stems: Collection[str]) -> dict[str, Path]:
    """Return the file of each image, by its stem or, perhaps, with the ending of an export behind it."""
    found: dict[str, Path] = {}
    for path in paths:
        stem = stem_of(path) if stem_of(path) in stems else name_without_ending(path)
        other = found.setdefault(stem, path)
        if other is not path:
            raise InputError(f"{other} and {path} could both say what is right in {stem}. Give one of them.")
    return found


def _read(path: Path, file: ImageFile) -> NDArray[Any]:
    """Return the file as (plane, Y, X) whole numbers."""
    read = read_labels(path)
    labels = in_shape(read, file.shape)
    if labels is None:
        raise InputError(f"{file.path} has the shape {file.shape}, but {path} {read.shape}. Both must have the same.")
    if labels.dtype.kind not in "iub":
        raise InputError(f"Expected whole numbers in {path}, but got {labels.dtype}. Save it as an integer image.")
    return labels.reshape(-1, *labels.shape[-2:])


def _is_mask(right: NDArray[np.integer]) -> bool:
    return np.unique(right[right != 0]).size <= 1


def _trusted(plane: Plane, right: NDArray[np.integer], is_mask: bool) -> Plane:
    if not right.any():
        return plane
    if is_mask and isinstance(plane.annotation, Instances):
        return dataclasses.replace(plane, annotation=dataclasses.replace(plane.annotation, trusted=right != 0))
    return dataclasses.replace(plane, annotation=FinishedInstances(right, np.ones(right.shape, bool)))
