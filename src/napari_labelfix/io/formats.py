"""The table of export formats. What writes and reads them is imported on use."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, cast

from napari_labelfix.errors import InputError, choose_from

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari_labelfix.io.label_image import LabelImage, What
    from napari_labelfix.io.marked_image import MarkedImage

    Content = LabelImage | MarkedImage
    Writer = Callable[[Path, Sequence[Any]], list[str]]

_BITS_16 = 2**16 - 1


@dataclass(frozen=True)
class Format:
    """One row: a way to write labels, boxes or points into files.

    Parameters
    ----------
    name
        The name on the command line.
    title
        For people.
    files
        The files that it makes, for an image called NAME.
    summary
        What is in them and who reads them, in a sentence.
    code
        `module:function` that writes what it takes into an empty folder and returns the names of the files.
    takes
        What can be written so.
    numbers
        Which object numbers the format can keep: "all", those of "16 bit", or "none": then objects are numbered
        1, 2, 3, ... and the record says which was which.
    tells_kinds
        Whether marks of what is no cell are written, too, and told from the others.
    """

    name: str
    title: str
    files: str
    summary: str
    code: str
    takes: tuple[What, ...] = ("labels",)
    numbers: Literal["all", "16 bit", "none"] = "all"
    tells_kinds: bool = False

    def load(self) -> Writer:
        """Import the code that writes."""
        module, function = self.code.split(":")
        return cast("Writer", getattr(import_module(f"napari_labelfix.io.{module}"), function))

    def fitting(self, image: Content) -> tuple[Content, dict[int, int]]:
        """Return labels with numbers that the format can keep, and the old number of each new one, {} if all stayed.

        Raises
        ------
        InputError
            If there are more objects than numbers, or the format takes something else.
        """
        if image.what not in self.takes:
            others = ", ".join(row.name for row in formats_for(image.what))
            raise InputError(f"{image.name} has {image.what}, which {self.title} cannot hold. Choose from {others}.")
        if image.what != "labels":
            return image, {}
        labels = cast("LabelImage", image)
        numbers: Any = labels.numbers
        highest, count = int(numbers.max(initial=0)), len(numbers)
        allowed = {"all": highest, "16 bit": _BITS_16, "none": count}[self.numbers]
        if highest <= allowed:
            return labels, {}
        if self.numbers == "16 bit" and count > _BITS_16:
            raise InputError(f"{image.name} has {count} objects, but a PNG can number {_BITS_16}. Choose TIFF.")
        return labels.renumbered()


FORMATS = {
    row.name: row
    for row in [
        Format(
            name="tiff",
            title="TIFF, 16 or 32 bit",
            files="NAME_labels.tif",
            summary="A number per pixel, with pixel size and axes; for nearly everything.",
            code="labels_tiff:write",
        ),
        Format(
            name="ome-zarr",
            title="OME-Zarr labels",
            files="NAME_labels.ome.zarr",
            summary="A number per pixel in several resolutions, with scale and axes; for large images and viewers.",
            code="ome_zarr_labels:write",
        ),
        Format(
            name="png",
            title="PNG and a colour preview",
            files="NAME_labels.png, NAME_preview.png",
            summary="A 16-bit number per pixel, and a picture in colours to look at.",
            code="labels_png:write",
            numbers="16 bit",
        ),
        Format(
            name="imagej",
            title="ImageJ ROIs",
            files="NAME_rois.zip",
            summary="An outline, rectangle or point per object for the ROI Manager of ImageJ and Fiji.",
            code="imagej_rois:write",
            takes=("labels", "boxes", "points"),
        ),
        Format(
            name="coco",
            title="COCO, polygons",
            files="NAME_coco.json",
            summary="Polygons and boxes for training; an object with holes is run-length encoded, polygons have none.",
            code="coco:write_polygons",
        ),
        Format(
            name="coco-rle",
            title="COCO, run-length encoded",
            files="NAME_coco_rle.json",
            summary="The exact pixels and boxes of each object, for training.",
            code="coco:write_runs",
        ),
        Format(
            name="coco-boxes",
            title="COCO, boxes",
            files="NAME_coco_boxes.json",
            summary="Boxes without outlines, for training detectors.",
            code="coco:write_boxes",
            takes=("boxes",),
        ),
        Format(
            name="yolo",
            title="YOLO, boxes",
            files="labels/NAME.txt, classes.txt",
            summary="A box per object, for training detectors.",
            code="yolo:write_boxes",
            takes=("labels", "boxes"),
        ),
        Format(
            name="voc",
            title="Pascal VOC, boxes",
            files="NAME.xml",
            summary="A box per object, for LabelImg, CVAT and training detectors.",
            code="pascal_voc:write_boxes",
            takes=("labels", "boxes"),
        ),
        Format(
            name="yolo-polygons",
            title="YOLO, polygons",
            files="polygons/labels/NAME.txt, polygons/classes.txt",
            summary="An outline per object, for training segmenters.",
            code="yolo:write_polygons",
        ),
        Format(
            name="geojson",
            title="QuPath GeoJSON",
            files="NAME.geojson",
            summary="An annotation with its class per object, or points; drop the file on QuPath.",
            code="qupath_geojson:write",
            takes=("labels", "points"),
        ),
        Format(
            name="cellpose",
            title="Cellpose _seg.npy",
            files="NAME_seg.npy",
            summary="Masks and outlines; beside the image, Cellpose opens and trains on them.",
            code="cellpose_seg:write",
            numbers="none",
        ),
        Format(
            name="points",
            title="Table of points, CSV",
            files="NAME_points.csv",
            summary="A point per object in each plane, its centre; napari opens it as points.",
            code="csv_tables:write_points",
            takes=("labels", "points"),
            tells_kinds=True,
        ),
        Format(
            name="boxes",
            title="Table of boxes, CSV",
            files="NAME_boxes.csv",
            summary="The corners of each box, in pixels; for spreadsheets, pandas and runs of SISSI.",
            code="csv_tables:write_boxes",
            takes=("boxes",),
            tells_kinds=True,
        ),
        Format(
            name="objects",
            title="Table of objects, CSV",
            files="NAME_objects.csv",
            summary="Position, size and shape of each object, in pixels and in the image's units.",
            code="csv_tables:write_objects",
        ),
    ]
}


def formats_for(what: What) -> list[Format]:
    """Return the formats that can hold labels, boxes or points."""
    return [row for row in FORMATS.values() if what in row.takes]


def find_format(name: str) -> Format:
    """Return the format of that name.

    Raises
    ------
    InputError
        If there is none; the sentence lists those that exist.
    """
    if name not in FORMATS:
        raise InputError(f"There is no format {name!r}. {choose_from(name, FORMATS)}")
    return FORMATS[name]
