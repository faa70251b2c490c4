"""Outlines for the ROI Manager of ImageJ and Fiji: a zip with a file per object and plane."""

from __future__ import annotations

import zipfile
from math import ceil, floor
from typing import TYPE_CHECKING, Any

import numpy as np
from roifile import ROI_OPTIONS, ROI_TYPE, ImagejRoi

from napari_labelfix.errors import InputError
from napari_labelfix.io.drawn import Drawn, DrawnObject
from napari_labelfix.io.files import write_errors
from napari_labelfix.io.label_image import LabelImage
from napari_labelfix.io.outlines import outlines_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_labelfix.io.drawn import PlaneKey
    from napari_labelfix.io.label_image import Index
    from napari_labelfix.io.marked_image import MarkedImage
    from napari_labelfix.io.outlines import Polygon
    from napari_labelfix.io.read import ImageFile

_MOVE, _LINE, _CLOSE = 0, 1, 4  # the segments of java.awt.geom.PathIterator
_LONGEST_SIDE = 2**15 - 1  # ROI files hold corners with 16 bit
_LARGEST = 2**28  # bytes of a ROI
_ID = "labelfix_id"  # the property that keeps an object's number
_AREAS = {ROI_TYPE.POLYGON, ROI_TYPE.RECT, ROI_TYPE.OVAL, ROI_TYPE.FREEHAND, ROI_TYPE.TRACED}


def write(folder: Path, images: Sequence[LabelImage | MarkedImage]) -> list[str]:
    """Write the objects, boxes or points of each image as `<name>_rois.zip`; return the names.

    Raises
    ------
    InputError
        If an image is too large for the format.
    """
    names = []
    for image in images:
        if max(image.shape[-2:]) > _LONGEST_SIDE:
            raise InputError(f"ImageJ ROIs reach up to {_LONGEST_SIDE} px, but {image.name} is larger. Choose GeoJSON.")
        names.append(f"{image.name}_rois.zip")
        with write_errors(folder / names[-1]), zipfile.ZipFile(folder / names[-1], "w", zipfile.ZIP_DEFLATED) as file:
            for roi in _rois(image) if isinstance(image, LabelImage) else _marks(image):
                file.writestr(f"{roi.name}.roi", roi.tobytes())
    return names


def read(path: Path, file: ImageFile) -> Drawn:
    """Read areas and points of a .zip or a .roi, as they were drawn; lines and text are left out."""
    drawn = Drawn()
    for roi in _in_archive(path) if path.suffix.lower() == ".zip" else [ImagejRoi.frombytes(path.read_bytes())]:
        place = _plane_of(roi, file)
        if roi.roitype == ROI_TYPE.POINT:
            shift = 0.0 if roi.subpixel_coordinates is None else 0.5  # whole numbers are pixels, others are places
            at = [(float(y) - shift, float(x) - shift) for x, y in roi.coordinates()]
            drawn.points += zip(_planes_of_points(roi, place, len(at), file.slices), at, strict=True)
        elif roi.roitype in _AREAS:
            rings = [np.asarray(ring, float)[:, ::-1] for ring in roi.coordinates(multi=True) if len(ring) > 2]
            number = _properties(roi).get(_ID, "")
            drawn.objects.append(DrawnObject(rings, place, int(number) if number.isdecimal() else None))
    return drawn


def _in_archive(path: Path) -> Iterator[ImagejRoi]:
    """Yield the ROIs of a zip; what else lies in it, such as what macOS adds to each file, is left out."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.lower().endswith(".roi") and not name.rpartition("/")[2].startswith("."):
                with archive.open(name) as file:
                    yield ImagejRoi.frombytes(file.read(_LARGEST))


def _rois(image: LabelImage) -> Iterator[ImagejRoi]:
    for index, plane in image.planes:
        for number, polygons in outlines_of(plane):
            roi = _roi(polygons)
            roi.name = _name(index, number)
            roi.props = f"{_ID}: {number}\n"
            roi.group = image.class_of(number) if len(image.class_names) > 1 else 0
            _place(roi, index, image)
            yield roi


def _marks(image: MarkedImage) -> Iterator[ImagejRoi]:
    """Yield a rectangle for each box, and one ROI for all points of a plane, as ImageJ's multi-point tool makes it."""
    for index in np.ndindex(image.shape[:-2]):
        places = image.places_in(index)
        if image.what == "boxes":
            rois = [_rectangle(corners) for corners in places]
        else:
            rois = [_points(places)] if len(places) else []
        for number, roi in enumerate(rois, start=1):
            roi.name = _name(index, number)
            _place(roi, index, image)
            yield roi


def _name(index: Index, number: int) -> str:
    """Return "0003-0017" for object 17 of the third plane."""
    return "-".join(f"{part:04d}" for part in (*(at + 1 for at in index), number))


def _points(places: NDArray[np.floating]) -> ImagejRoi:
    roi = ImagejRoi.frompoints(places[:, ::-1] + 0.5)  # in ImageJ the middle of the first pixel is 0.5, 0.5
    roi.roitype = ROI_TYPE.POINT
    return roi


def _rectangle(corners: NDArray[np.floating]) -> ImagejRoi:
    """Return a rectangle with corners between pixels, y0, x0, y1, x1."""
    top, left, bottom, right = corners.tolist()
    whole: Mapping[str, Any] = dict(
        zip(("top", "left", "bottom", "right"), (floor(top), floor(left), ceil(bottom), ceil(right)), strict=True)
    )
    exact: Mapping[str, Any] = {"xd": left, "yd": top, "widthd": right - left, "heightd": bottom - top}
    return ImagejRoi(roitype=ROI_TYPE.RECT, options=ROI_OPTIONS.SUB_PIXEL_RESOLUTION, **whole, **exact)


def _roi(polygons: Sequence[Polygon]) -> ImagejRoi:
    """Return a traced outline, or, for an object with holes or of several pieces, a composite shape."""
    rings = [ring[:, ::-1] for polygon in polygons for ring in polygon.rings]  # x before y
    left, top = np.min([ring.min(axis=0) for ring in rings], axis=0).astype(int).tolist()
    right, bottom = np.max([ring.max(axis=0) for ring in rings], axis=0).astype(int).tolist()
    box: Mapping[str, Any] = {"left": left, "top": top, "right": right, "bottom": bottom}
    options = ROI_OPTIONS.OVERLAY_BACKGROUNDS | ROI_OPTIONS.OVERLAY_LABELS
    if len(rings) == 1:
        corners = rings[0].astype(np.int32) - [left, top]
        return ImagejRoi(
            roitype=ROI_TYPE.TRACED, options=options, n_coordinates=len(corners), integer_coordinates=corners, **box
        )
    path = np.concatenate([_segments(ring) for ring in rings]).astype(np.float32)
    return ImagejRoi(roitype=ROI_TYPE.RECT, options=options, shape_roi_size=len(path), multi_coordinates=path, **box)


def _segments(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    kinds = np.full(len(ring), _LINE)
    kinds[0] = _MOVE
    return np.append(np.column_stack([kinds, ring]).ravel(), _CLOSE)


def _place(roi: ImagejRoi, index: Index, image: LabelImage | MarkedImage) -> None:
    """Say in which plane of the stack the outline lies; ImageJ counts from 1."""
    shape, axes = image.shape[:-2], image.grid.axes[:-2]
    if not index:
        return
    if len(index) == 1:
        roi.position = index[0] + 1
    elif set(axes) == {"t", "z"}:
        places = dict(zip(axes, index, strict=True))
        roi.t_position, roi.z_position = places["t"] + 1, places["z"] + 1
    else:
        roi.position = int(np.ravel_multi_index(index, shape)) + 1


def _plane_of(roi: ImagejRoi, file: ImageFile) -> PlaneKey:
    """Return the index, or the number of the plane, or None where the outline lies in no one plane."""
    if roi.t_position and roi.z_position:
        return file.index_of(roi.t_position - 1, roi.z_position - 1)
    position = roi.position or roi.z_position or roi.t_position
    return position - 1 if position else None


def _planes_of_points(roi: ImagejRoi, place: PlaneKey, count: int, channels: int) -> list[PlaneKey]:
    """Return where each point lies: in the slice that the multi-point tool has kept for it, else where the ROI does.

    To that tool each channel of a plane is a slice, of which those of a plane follow one another.
    """
    slices = roi.counter_positions
    if slices is None or len(slices) != count:
        return [place] * count
    return [(int(one) - 1) // channels if one else place for one in slices]


def _properties(roi: ImagejRoi) -> dict[str, str]:
    lines = (line.partition(":") for line in roi.props.splitlines())
    return {key.strip(): value.strip() for key, _, value in lines}
