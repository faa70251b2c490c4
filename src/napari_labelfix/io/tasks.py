"""From paths of images and annotations to a task, and from one array per plane back to one per file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_labelfix.annotations import Annotation, Instances, Plane, Scribbles, Task
from napari_labelfix.data.gaps import sentence_about
from napari_labelfix.data.numbering import doubt_about_numbers
from napari_labelfix.io.annotation_files import AnnotationFiles
from napari_labelfix.io.pairing import find_annotations, pair
from napari_labelfix.io.read import ImageFile, find_images, read_image

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@dataclass(frozen=True, eq=False)
class FileTask:
    """A task, and the files that its planes come from, in the same order."""

    task: Task
    files: tuple[ImageFile, ...]
    left_out: tuple[str, ...] = ()  # what of the annotations is not in it, a sentence each

    def doubts(self) -> Iterator[str]:
        """Yield what is left out of the images and annotations, and what looks like a mistake, a sentence each."""
        yield from filter(None, [sentence_about(self.task.planes), *self.left_out])
        for plane in self.task.planes:
            labels = [plane.annotation.labels] if isinstance(plane.annotation, Instances) else []
            if doubt := doubt_about_numbers(labels, plane.name):
                yield doubt

    def planes_of_files(self) -> Iterator[tuple[ImageFile, range]]:
        """Yield each file with the indices of its planes in the task."""
        first = 0
        for file in self.files:
            count = len(file.planes)
            yield file, range(first, first + count)
            first += count


def read_task(images: Sequence[Path], annotations: Sequence[Path] = (), kind: type[Annotation] = Scribbles) -> FileTask:
    """Read images and the annotations that have the same stem; an image without one is not annotated.

    Parameters
    ----------
    images, annotations
        Files, or folders of files.
    kind
        What the annotations are; `annotation_files` says which files can hold them.

    Raises
    ------
    InputError
        If a file is missing or not an image, sizes differ, an annotation fits no image, or a plane cannot be used.
    """
    image_paths = find_images(images)
    pairs = pair(image_paths, find_annotations(annotations), kind)
    files = [read_image(path) for path in image_paths]
    planes: list[Plane] = []
    left_out: list[str] = []
    for file in files:
        given = AnnotationFiles(pairs[file.stem], file)
        planes += map(Plane, file.names, file.planes, given.read(kind))
        left_out += filter(None, [given.left_out(kind)])
    task = Task(tuple(planes))
    task.check()
    return FileTask(task, tuple(files), tuple(left_out))
