"""COCO JSON: one file for all label images, an annotation per object and plane, as polygons or as run lengths."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import lru_cache, partial
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.errors import InputError
from napari_labelfix.io.class_names import class_said_by, names_given, names_in_common
from napari_labelfix.io.drawn import Drawn, DrawnObject, expect_size
from napari_labelfix.io.files import write_json
from napari_labelfix.io.outlines import outlines_of
from napari_labelfix.io.read import stem_of
from napari_labelfix.review.boxes import find_boxes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from napari_labelfix.io.label_image import Index, LabelImage
    from napari_labelfix.io.marked_image import MarkedImage
    from napari_labelfix.io.outlines import Polygon
    from napari_labelfix.io.read import ImageFile

    Entry = dict[str, Any]
    Describe = Callable[[Any, Index], Iterator[Entry]]

_DIGITS = 3  # of a pixel


def write_polygons(folder: Path, images: Sequence[LabelImage]) -> list[str]:
    """Write polygons, and run lengths for objects with holes, which polygons cannot have; return the file's name."""
    return _write(folder, images, "coco", partial(_objects, outlined=True))


def write_runs(folder: Path, images: Sequence[LabelImage]) -> list[str]:
    """Write the run lengths of each object; return the file's name."""
    return _write(folder, images, "coco_rle", partial(_objects, outlined=False))


def write_boxes(folder: Path, images: Sequence[MarkedImage]) -> list[str]:
    """Write boxes without outlines; return the file's name."""
    return _write(folder, images, "coco_boxes", _boxes)


def read(path: Path, file: ImageFile) -> Drawn:
    """Read the objects of the image whose file has that name without suffix; of one that is alone, whatever its name.

    Raises
    ------
    InputError
        If the file is no COCO file, or does not have the image.
    """
    data, name, shape = _content(path), file.stem, file.shape
    if not isinstance(data, dict) or not {"images", "annotations"} <= data.keys():
        raise InputError(f"Expected a COCO file with images and annotations, but {path} has none. Choose another file.")
    named = [image for image in data["images"] if _stem(image) == name]
    if not named and len({_stem(image) for image in data["images"]}) == 1:
        named = data["images"]
    if not named:
        raise InputError(f"{path} has no image {name}. Name the image as in the file.")
    for image in named:
        said = tuple(_said(image, key, f"The image {name}", path) for key in ("height", "width"))
        expect_size(said, shape, name, path)
    planes = {
        _said(image, "id", f"The image {name}", path): tuple(map(int, image["plane"])) if "plane" in image else None
        for image in named
    }
    categories = {entry.get("id"): str(entry.get("name", "")) for entry in data.get("categories") or ()}
    listed = sorted(told for told in categories if isinstance(told, int))
    classes = {told: number for number, told in enumerate(listed, start=1)}  # COCO's own leaves ids out
    drawn = Drawn(class_names=names_given({number: categories[told] for told, number in classes.items()}))
    for annotation in data["annotations"]:
        if (of := _said(annotation, "image_id", "An annotation", path)) in planes:
            number = class_said_by(classes.get(annotation.get("category_id")))
            _take(annotation, planes[of], shape[-2:], drawn, number)
    return drawn


def image_names(path: Path) -> frozenset[str]:
    """Return the names, without suffix, of the images that a file annotates; none if it is no COCO file."""
    return _image_names(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=1024)  # each image of a folder asks about each file
def _image_names(path: Path, _changed: int) -> frozenset[str]:
    try:
        return frozenset(_stem(image) for image in _content(path)["images"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):  # other JSON, such as a record
        return frozenset()


def _content(path: Path) -> Any:
    about = path.stat()
    return _parse(path, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=1)  # it is read for its names, and for each image in it
def _parse(path: Path, _changed: int, _size: int) -> Any:
    return json.loads(path.read_text(encoding="utf-8-sig"), object_hook=_compact)


def _compact(found: dict[str, Any]) -> dict[str, Any]:
    """Turn run lengths and corners into arrays: they are most of a file, and take a quarter of the memory so."""
    with suppress(ValueError):  # what is wrong with them is said where they are read
        if isinstance(found.get("counts"), list):
            found["counts"] = np.array(found["counts"])
        if isinstance(found.get("segmentation"), list):
            found["segmentation"] = [np.array(flat) for flat in found["segmentation"]]
    return found


def _write(folder: Path, images: Sequence[LabelImage | MarkedImage], ending: str, describe: Describe) -> list[str]:
    data: dict[str, Any] = {
        "info": {"description": "Labels from napari-labelfix"},
        "licenses": [],
        "images": [],
        "annotations": [],
        "categories": _categories(images),
    }
    for image in images:
        _add(image, data, describe)
    name = f"{images[0].name}_{ending}.json" if len(images) == 1 else f"{ending}.json"
    write_json(folder / name, data)
    return [name]


def _categories(images: Sequence[LabelImage | MarkedImage]) -> list[dict[str, Any]]:
    names = names_in_common([image.class_names for image in images])
    return [{"id": number, "name": name, "supercategory": "object"} for number, name in enumerate(names, start=1)]


def _add(image: LabelImage | MarkedImage, data: dict[str, Any], describe: Describe) -> None:
    height, width = image.shape[-2:]
    for index in np.ndindex(image.shape[:-2]):
        entry: dict[str, Any] = {"id": len(data["images"]) + 1, "file_name": image.image_name or f"{image.name}.tif"}
        entry |= {"height": height, "width": width} | ({"plane": list(index)} if index else {})
        data["images"].append(entry)
        for described in describe(image, index):
            head = {"id": len(data["annotations"]) + 1, "image_id": entry["id"]}
            data["annotations"].append(head | described | {"iscrowd": 0})


def _objects(image: LabelImage, index: Index, outlined: bool) -> Iterator[Entry]:
    plane = image.labels[index]
    outlines = outlines_of(plane) if outlined else repeat((0, []))
    objects = zip(_runs_of(plane), find_boxes(plane).values(), outlines, strict=False)
    for (number, runs), (rows, columns), (_, polygons) in objects:
        yield {
            "category_id": image.class_of(number),
            "segmentation": _as_rings(polygons) or _as_counts(runs, plane.shape),
            "area": int((runs[:, 1] - runs[:, 0]).sum()),
            "bbox": [columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start],
            "label": number,
        }


def _boxes(image: MarkedImage, index: Index) -> Iterator[Entry]:
    for kind, (y0, x0, y1, x1) in image.boxes_in(index):
        x, y, width, height = (round(length, _DIGITS) for length in (x0, y0, x1 - x0, y1 - y0))
        area = round(width * height, _DIGITS)
        yield {"category_id": kind, "segmentation": [], "area": area, "bbox": [x, y, width, height]}


def _as_rings(polygons: Sequence[Polygon]) -> list[list[int]]:
    """Return x, y, x, y, ... of the vertices of each piece; none where one has holes."""
    if any(polygon.holes for polygon in polygons):
        return []
    return [polygon.outside[:, ::-1].astype(int).ravel().tolist() for polygon in polygons]


def _runs_of(plane: NDArray[Any]) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Yield the runs of each object by ascending id: (N, 2) the first pixel and the one behind the last.

    Pixels are counted down each column; what goes on from the bottom of one at the top of the next is one run.
    """
    down = plane.T.ravel()
    starts = np.append(0, np.flatnonzero(down[1:] != down[:-1]) + 1)
    runs, ids = np.stack([starts, np.append(starts[1:], down.size)], axis=1), down[starts]
    runs, ids = runs[ids > 0], ids[ids > 0]
    order = np.argsort(ids, kind="stable")
    runs, ids = runs[order], ids[order]
    parts = np.split(runs, np.flatnonzero(ids[1:] != ids[:-1]) + 1) if ids.size else []
    yield from zip(map(int, dict.fromkeys(ids.tolist())), parts, strict=True)


def _as_counts(runs: NDArray[np.intp], shape: tuple[int, ...]) -> dict[str, Any]:
    """Count the pixels first outside of the object, then inside, and so on."""
    height, width = shape
    counts = np.diff(np.concatenate([[0], runs.ravel(), [height * width]]))
    return {"size": [height, width], "counts": counts[: -1 if counts[-1] == 0 else None].tolist()}


def _said(entry: dict[str, Any], key: str, what: str, path: Path) -> Any:
    if key not in entry:
        raise InputError(
            f"{what} has no {key} in {path}, which COCO wants. Save the file again with the program it is of."
        )
    return entry[key]


def _take(
    annotation: dict[str, Any], plane: tuple[int, ...] | None, shape: Sequence[int], drawn: Drawn, class_number: int
) -> None:
    shapes = annotation.get("segmentation")
    number = annotation.get("label")
    number = number if isinstance(number, int) else None
    if isinstance(shapes, dict):
        if [*shapes.get("size", shape)] != [*shape]:
            raise ValueError(f"the run lengths of an object are of an image of {shapes['size']}, not {[*shape]}")
        runs = _runs_in(shapes["counts"], shape)
        drawn.objects.append(DrawnObject([], plane, number, runs, class_number=class_number))
    elif shapes:
        rings = [np.array(flat, float).reshape(-1, 2)[:, ::-1] for flat in shapes]
        drawn.objects.append(DrawnObject(rings, plane, number, separate=True, class_number=class_number))
    elif "bbox" in annotation:
        x, y, width, height = map(float, annotation["bbox"])
        drawn.boxes.append((plane, (y, x, y + height, x + width)))


def _runs_in(counts: str | Sequence[int], shape: Sequence[int]) -> NDArray[np.int64]:
    """Return where each run of pixels inside begins and ends, (N, 2)."""
    lengths = np.array(_unpack(counts) if isinstance(counts, str) else counts, np.int64)
    ends = lengths.cumsum()
    if lengths.min(initial=0) < 0 or ends.max(initial=0) > shape[0] * shape[1]:
        raise ValueError("the run lengths of an object do not fit the image")
    return ends[: ends.size // 2 * 2].reshape(-1, 2)


def _unpack(counts: str) -> list[int]:
    """Return the run lengths of COCO's compressed form: 5 bits a character, from the third on less the one before last.

    Source: rleFrString in maskApi.c of the COCO API.
    """
    lengths: list[int] = []
    number = shift = 0
    for character in counts:
        bits = ord(character) - 48
        number |= (bits & 0x1F) << shift
        shift += 5
        if bits & 0x20:
            continue
        if bits & 0x10:
            number |= -1 << shift
        lengths.append(number + (lengths[-2] if len(lengths) > 2 else 0))
        number = shift = 0
    return lengths


def _stem(image: dict[str, Any]) -> str:
    return stem_of(Path(str(image.get("file_name", "")).replace("\\", "/")))
