"""YOLO text files: a line per object with its class and a box or a polygon, as shares of width and height."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.errors import InputError
from napari_labelfix.io.class_names import class_said_by, names_given, names_in_common
from napari_labelfix.io.drawn import Drawn, DrawnObject
from napari_labelfix.io.files import write_errors
from napari_labelfix.io.outlines import drawn_in, in_one_ring, outlines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_labelfix.io.label_image import Index, LabelImage
    from napari_labelfix.io.marked_image import MarkedImage
    from napari_labelfix.io.read import ImageFile

    Row = tuple[int, NDArray[np.float64]]  # the class of an object, and x, y of its vertices, in pixels

CLASSES = "classes.txt"
POLYGONS = "polygons"  # a folder of their own: YOLO wants the files of both kinds to be called as the image
# Ultralytics cuts coordinates down to whole pixels and fills with the border: vertices inside the object's pixels give
# the object back in this way too.
_INSET = 0.25
_DIGITS = 8  # a hundredth of a pixel in an image of a million


def write_boxes(folder: Path, images: Sequence[LabelImage | MarkedImage]) -> list[str]:
    """Write `labels/<plane>.txt` with lines "class x y width height", x and y of the middle; return the names."""
    return _write(folder, images, _boxes)


def write_polygons(folder: Path, images: Sequence[LabelImage]) -> list[str]:
    """Write `polygons/labels/<plane>.txt` with lines "class x y x y ..."; return the names.

    YOLO knows one ring per object: pieces and holes are joined to it by lines that are walked there and back.
    """
    with write_errors(folder):
        (folder / POLYGONS).mkdir()
    return [f"{POLYGONS}/{name}" for name in _write(folder / POLYGONS, images, _rings)]


def read(path: Path, file: ImageFile) -> Drawn:
    """Read boxes (five numbers in a line) and polygons (more), and names of classes from a list beside or above them.

    How sure a network is of a box may stand behind it, as Ultralytics writes it with `save_conf`: it is not kept.

    Raises
    ------
    InputError
        If a line is neither.
    """
    height, width = file.shape[-2:]
    drawn = Drawn(class_names=_class_names(path.parent))
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        words = line.split()
        if not words:
            continue
        shares = np.array(words[1:], float)
        shares = shares[:4] if len(shares) == 5 else shares
        if len(shares) < 4 or len(shares) % 2 or not np.isfinite(shares).all():
            raise InputError(f"Expected lines 'class x y width height' or 'class x y x y ...' in {path}, got {line!r}.")
        numbers = shares.reshape(-1, 2) * (width, height)
        if len(numbers) == 2:
            (x, y), (across, down) = numbers
            drawn.boxes.append((None, (y - down / 2, x - across / 2, y + down / 2, x + across / 2)))
        else:
            drawn.objects.append(DrawnObject([numbers[:, ::-1]], class_number=_class_in(words[0])))
    return drawn


def _write(folder: Path, images: Sequence[Any], rows: Callable[[Any, Index], Iterator[Row]]) -> list[str]:
    names = []
    with write_errors(folder):
        (folder / "labels").mkdir()
        for image in images:
            size = image.shape[:-3:-1]  # width, height
            for index in np.ndindex(image.shape[:-2]):
                names.append(f"labels/{image.plane_name(index)}.txt")
                lines = [f"{kind - 1} {_shares(vertices, size)}" for kind, vertices in rows(image, index)]
                (folder / names[-1]).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        classes = names_in_common([image.class_names for image in images])
        (folder / CLASSES).write_text("".join(f"{name}\n" for name in classes), encoding="utf-8")
    return [*names, CLASSES]


def _class_names(folder: Path) -> dict[int, str]:
    for path in (folder / CLASSES, folder.parent / CLASSES):
        if path.is_file():
            listed = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
            return names_given(dict(enumerate(listed, start=1)))
    return {}


def _class_in(word: str) -> int:
    return class_said_by(int(word) + 1) if word.isdecimal() else 1


def _rings(image: LabelImage, index: Index) -> Iterator[Row]:
    for number, polygons in outlines_of(image.labels[index]):
        yield image.class_of(number), in_one_ring(drawn_in(polygon, _INSET) for polygon in polygons)[:, ::-1]


def _boxes(image: LabelImage | MarkedImage, index: Index) -> Iterator[Row]:
    for kind, (y0, x0, y1, x1) in image.boxes_in(index):
        yield kind, np.array([[(x0 + x1) / 2, (y0 + y1) / 2], [x1 - x0, y1 - y0]])


def _shares(numbers: NDArray[np.float64], size: tuple[int, ...]) -> str:
    return " ".join(f"{share:.{_DIGITS}f}".rstrip("0").rstrip(".") for share in (numbers / size).ravel())
