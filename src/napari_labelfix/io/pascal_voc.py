"""Pascal VOC: an XML file for each image, with a box for each object."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

from napari_labelfix.errors import InputError
from napari_labelfix.io.drawn import Drawn, expect_size

if TYPE_CHECKING:
    from pathlib import Path

_CORNERS = ("ymin", "xmin", "ymax", "xmax")  # numbers of the first and of the last pixel, which count from 1


def read(path: Path, name: str, shape: tuple[int, ...]) -> Drawn:
    """Read the boxes of the one image that a file is about, whatever name it has there.

    Raises
    ------
    InputError
        If the file is no annotation of Pascal VOC, or of an image of another size.
    """
    root = ElementTree.parse(path).getroot()
    if root.tag != "annotation":
        raise InputError(f"Expected an annotation of Pascal VOC in {path}, but got <{root.tag}>. Choose another file.")
    said = tuple(int(float(root.findtext(f"size/{key}") or 0)) for key in ("height", "width"))
    if all(said):
        expect_size(said, shape, name, path)
    drawn = Drawn()
    for box in root.iterfind("object/bndbox"):
        y0, x0, y1, x1 = (float(box.findtext(corner, "")) for corner in _CORNERS)
        drawn.boxes.append((None, (y0 - 1, x0 - 1, y1, x1)))
    return drawn
