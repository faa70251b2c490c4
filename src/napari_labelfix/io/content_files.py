"""Labels, boxes and points from files, as an export wants them: with the grid, the name and the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.annotations import Boxes, Instances, Points
from napari_labelfix.data.label_images import rank_objects
from napari_labelfix.errors import InputError
from napari_labelfix.io.annotation_files import AnnotationFiles
from napari_labelfix.io.class_names import HIGHEST_CLASS
from napari_labelfix.io.coco import image_names
from napari_labelfix.io.grid import read_grid
from napari_labelfix.io.label_image import LabelImage
from napari_labelfix.io.marked_files import read_marks
from napari_labelfix.io.pairing import OTHER_RESULTS, TABLES, find_annotations, name_without_ending, pair
from napari_labelfix.io.read import (
    SEG,
    SUFFIXES,
    find_images,
    in_shape,
    is_folder,
    is_zarr,
    read_image,
    read_labels,
    stem_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_labelfix.io.formats import Content
    from napari_labelfix.io.label_image import What

_KINDS: Mapping[What, Any] = {"labels": Instances, "boxes": Boxes, "points": Points}
_LABELS, _CLASSES = "_labels", "_classes"  # how the files of a run end


def read_content(
    given: Sequence[Path],
    images: Sequence[Path] = (),
    wanted: Sequence[What] = ("labels",),
    tell: Callable[[str], object] = lambda _: None,
) -> list[Content]:
    """Read labels, boxes or points of any kind that can be imported.

    Parameters
    ----------
    given
        Files, or folders of them. Where a folder has NAME_labels, nothing else of NAME is taken but the classes; where
        no labels are wanted and it has tables of boxes or points, these are taken alone.
    images
        The images, or folders of them; they tell sizes, names and grids where what is given does not.
    wanted
        What the format can hold.
    tell
        Called with a sentence where objects of a file have outlines and others only boxes, and some lose by it; and
        where boxes or points lose their classes.

    Raises
    ------
    InputError
        If a file cannot be read, holds no objects, or does not say how large its image is and none is given.
    """
    choose = _without_other_results if "labels" in wanted else _tables_first
    paths = find_annotations([path for one in given for path in choose(one)])
    if not images:
        return [_of_file(path) for path in paths]
    image_paths = find_images(images)
    pairs = pair(image_paths, paths, None if "labels" in wanted else Boxes)
    return [_of_image(path, pairs[stem_of(path)], wanted, tell) for path in image_paths if pairs[stem_of(path)]]


def _tables_first(path: Path) -> list[Path]:
    """Return the tables in a folder; a folder without any, and a path that is none, stay as they are."""
    entries = find_annotations([path]) if is_folder(path) else []
    return [entry for entry in entries if entry.suffix.lower() == TABLES] or [path]


def _without_other_results(path: Path) -> list[Path]:
    """Return the files of labels in a folder, without what else lies there of an image that has NAME_labels.

    A path that is no folder stays as it is.
    """
    if not is_folder(path):
        return [path]
    entries = find_annotations([path])
    labels = {entry for entry in entries if stem_of(entry).endswith(_LABELS)}
    labelled = {name_without_ending(entry) for entry in labels}
    return [entry for entry in entries if entry in labels or not _images_of(entry) <= labelled]


def _images_of(path: Path) -> frozenset[str]:
    """Return the names of the images that a file in a folder is about."""
    if path.suffix.lower() == ".json":
        return image_names(path)
    return frozenset({OTHER_RESULTS.sub("", name_without_ending(path))})


def _of_file(path: Path) -> LabelImage:
    if path.name.endswith(SEG):
        from napari_labelfix.io.safe_seg import read_masks

        labels = read_masks(path)
    elif path.suffix.lower() in SUFFIXES or is_zarr(path):
        labels = read_labels(path)
    else:
        raise InputError(f"{path} does not say how large its image is. Give the image, too: --image PATH.")
    return _label_image(name_without_ending(path), labels, path, grid_from=[path])


def _of_image(path: Path, files: Sequence[Path], wanted: Sequence[What], tell: Callable[[str], object]) -> Content:
    """Return what is wanted of an image; where its files hold nothing of that, what they hold, and if nothing, none.

    Where some objects have outlines and others only boxes, boxes are taken if they are wanted: none is lost then.
    """
    image = read_image(path)
    given, kinds = AnnotationFiles(files, image), [_KINDS[what] for what in wanted]
    found = given.kinds()
    kind = next((kind for kind in [*kinds, *_KINDS.values()] if kind in found), kinds[0])
    if kind is Instances and Boxes in found and Boxes in kinds:
        kind = Boxes
        tell(given.outlines_left_out())
    for left in filter(None, [given.left_out(kind), given.classes_left_out(kind)]):
        tell(left)
    if kind is not Instances:
        return read_marks(given, read_grid(path, len(image.shape)), kind)
    labels, (classes, names) = given.read_labels(), given.classes()
    about: dict[str, Any] = {"image_name": path.name, "classes": classes, "names": names}
    return _label_image(stem_of(path), labels, files[0], grid_from=[files[0], path], **about)


def _label_image(name: str, labels: NDArray[Any], path: Path, grid_from: Sequence[Path], **about: Any) -> LabelImage:
    """Return labels with the first grid that is known, what else is known, and the classes that a run wrote beside."""
    grids = [read_grid(source, labels.ndim) for source in grid_from]
    grid = next((grid for grid in grids if grid.is_known), grids[0])
    beside = path.with_name(f"{path.stem.removesuffix('.ome').removesuffix(_LABELS)}{_CLASSES}.tif")
    if stem_of(path).endswith(_LABELS) and beside.exists():
        about["classes"] = _classes_of(labels, read_labels(beside), beside)
    return LabelImage.of(name, labels, grid, source=str(path), **about)


def _classes_of(labels: NDArray[Any], classes: NDArray[Any], path: Path) -> dict[int, int]:
    """Return the class of most pixels of each object."""
    fitting = in_shape(classes, labels.shape)
    if fitting is None:
        raise InputError(f"{path} is {classes.shape}, but its labels are {labels.shape}. Remove the file of classes.")
    votes: dict[int, NDArray[Any]] = {}
    fitting = np.where(fitting <= HIGHEST_CLASS, fitting, 1)
    for index in np.ndindex(labels.shape[:-2]):
        found, kinds = rank_objects(labels[index]), HIGHEST_CLASS + 1
        pairs = found.ranks.astype(np.int64) * kinds + fitting[index]
        counts = np.bincount(pairs.ravel(), minlength=(found.ids.size + 1) * kinds).reshape(-1, kinds)[1:]
        for number, here in zip(found.ids.tolist(), counts, strict=True):
            votes[number] = votes.get(number, 0) + here
    return {number: max(1, int(counts.argmax())) for number, counts in votes.items()}
