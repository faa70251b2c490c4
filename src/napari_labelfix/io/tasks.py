"""From paths of images and annotations to a task, and from one array per plane back to one per file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from napari_labelfix.annotations import Instances, Plane, Points, Scribbles, Task
from napari_labelfix.errors import InputError
from napari_labelfix.io.points_csv import find_points, points_of_planes
from napari_labelfix.io.read import ImageFile, find_images, read_image, read_labels, stem_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

PaintedAnnotation = Scribbles | Instances  # what an image file can hold
FileAnnotation = PaintedAnnotation | Points


@dataclass(frozen=True, eq=False)
class FileTask:
    """A task, and the files that its planes come from, in the same order."""

    task: Task
    files: tuple[ImageFile, ...]

    def planes_of_files(self) -> Iterator[tuple[ImageFile, range]]:
        """Yield each file with the indices of its planes in the task."""
        first = 0
        for file in self.files:
            count = len(file.planes)
            yield file, range(first, first + count)
            first += count


def read_task(
    images: Sequence[Path], annotations: Sequence[Path] = (), kind: type[FileAnnotation] = Scribbles
) -> FileTask:
    """Read images and the annotations that have the same stem; an image without one is not annotated.

    Parameters
    ----------
    images, annotations
        Files, or folders of files.
    kind
        What the annotations are: points are CSV files, the others are images.

    Raises
    ------
    InputError
        If a file is missing or not an image, sizes differ, an annotation fits no image, or a plane cannot be used.
    """
    image_paths = find_images(images)
    find = find_points if kind is Points else find_images
    annotation_paths = {stem_of(path): path for path in find(annotations)}
    _expect_pairs(image_paths, annotation_paths)
    files = [read_image(path) for path in image_paths]
    planes: list[Plane] = []
    for file in files:
        planes += map(Plane, file.names, file.planes, _read_annotations(annotation_paths.get(file.stem), file, kind))
    task = Task(tuple(planes))
    task.check()
    return FileTask(task, tuple(files))


def _expect_pairs(images: Sequence[Path], annotations: dict[str, Path]) -> None:
    for path in images:
        if annotations.get(stem_of(path)) == path:
            raise InputError(f"{path} is given as an image and as its annotation. Keep them in different folders.")
    if lonely := sorted(set(annotations) - {stem_of(path) for path in images}):
        raise InputError(f"No image has the name of these annotations: {', '.join(lonely)}. Name each like its image.")


def _read_annotations(
    path: Path | None, file: ImageFile, kind: type[FileAnnotation]
) -> Sequence[FileAnnotation | None]:
    """Return the annotation of each plane; None where there is none."""
    if path is None:
        return [None] * len(file.planes)
    if kind is Points:
        return points_of_planes(path, file)
    painted = cast("type[PaintedAnnotation]", kind)
    return [painted(plane) for plane in _read_painted(path, file)]


def _read_painted(path: Path, file: ImageFile) -> NDArray[Any]:
    """Return labels or scribbles as (plane, Y, X)."""
    labels = read_labels(path)
    if labels.shape != file.shape:
        raise InputError(
            f"{file.path} is {_size(file.shape)} but {path} is {_size(labels.shape)}. Both must have the same size."
        )
    return labels.reshape(-1, *labels.shape[-2:])


def _size(shape: tuple[int, ...]) -> str:
    """Say (5, 20, 30) as "5 planes of 20 x 30 (height x width)"."""
    planes = " x ".join(map(str, shape[:-2]))
    return f"{planes} planes of {shape[-2]} x {shape[-1]}" if planes else f"{shape[-2]} x {shape[-1]}"
