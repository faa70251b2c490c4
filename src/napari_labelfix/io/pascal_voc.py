"""Pascal VOC: an XML file for each image, with a box for each object."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np

from napari_labelfix.errors import InputError
from napari_labelfix.io.class_names import names_given, number_names
from napari_labelfix.io.drawn import Drawn, expect_size
from napari_labelfix.io.files import write_errors

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_labelfix.io.label_image import Box, Index, LabelImage
    from napari_labelfix.io.marked_image import MarkedImage
    from napari_labelfix.io.read import ImageFile

_CORNERS = ("ymin", "xmin", "ymax", "xmax")  # numbers of the first and of the last pixel, which count from 1
_DIGITS = 3  # a thousandth of a pixel


def write_boxes(folder: Path, images: Sequence[LabelImage | MarkedImage]) -> list[str]:
    """Write `<plane>.xml` with a box per object; return the names."""
    names = []
    with write_errors(folder):
        for image in images:
            for index in np.ndindex(image.shape[:-2]):
                names.append(f"{image.plane_name(index)}.xml")
                tree = ElementTree.ElementTree(_annotation(image, index))
                ElementTree.indent(tree)
                tree.write(folder / names[-1], encoding="utf-8", xml_declaration=True)
    return names


def read(path: Path, file: ImageFile) -> Drawn:
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
        expect_size(said, file.shape, file.stem, path)
    classes = number_names(filter(None, (found.findtext("name", "").strip() for found in root.iterfind("object"))))
    drawn = Drawn(class_names=names_given({number: name for name, number in classes.items()}))
    for box in root.iterfind("object/bndbox"):
        y0, x0, y1, x1 = (float(box.findtext(corner, "")) for corner in _CORNERS)
        drawn.boxes.append((None, (y0 - 1, x0 - 1, y1, x1)))
    return drawn


def _annotation(image: LabelImage | MarkedImage, index: Index) -> ElementTree.Element:
    """Return what a file says of a plane."""
    height, width = image.shape[-2:]
    root = ElementTree.Element("annotation")
    _say(root, filename=image.image_name or f"{image.name}.tif")
    _say(ElementTree.SubElement(root, "size"), width=width, height=height)
    for kind, box in image.boxes_in(index):
        described = ElementTree.SubElement(root, "object")
        cut = _reaches_the_edge(box, (height, width))
        _say(described, name=image.class_names[kind - 1], pose="Unspecified", truncated=int(cut), difficult=0)
        y0, x0, y1, x1 = (f"{number:.{_DIGITS}f}".rstrip("0").rstrip(".") for number in np.add(box, (1, 1, 0, 0)))
        _say(ElementTree.SubElement(described, "bndbox"), xmin=x0, ymin=y0, xmax=x1, ymax=y1)
    return root


def _reaches_the_edge(box: Box, size: tuple[int, int]) -> bool:
    return min(box) <= 0 or bool(np.any(np.greater_equal(box[2:], size)))


def _say(element: ElementTree.Element, **said: object) -> None:
    """Add what is said of an element, without characters that XML has no place for."""
    for name, value in said.items():
        ElementTree.SubElement(element, name).text = "".join(filter(str.isprintable, str(value)))
