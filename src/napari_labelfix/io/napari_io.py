"""What the manifest offers to napari's File menu: plain layer tuples and arrays, no napari import."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.io.class_names import CLASSES, classes_in, names_said_by
from napari_labelfix.io.files import replacing
from napari_labelfix.io.formats import find_format
from napari_labelfix.io.grid import Grid
from napari_labelfix.io.label_image import LabelImage
from napari_labelfix.io.labels_tiff import write_labels

if TYPE_CHECKING:
    from collections.abc import Mapping


def write_labels_layer(path: str, data: Any, attributes: Mapping[str, Any]) -> list[str]:
    """Save a Labels layer as TIFF, 16 or 32 bit as the ids need; npe2 calls this for File > Save.

    Parameters
    ----------
    path
        A name that ends in .tif or .tiff; one without a suffix gets .tif, as napari's dialog hands over what was typed.
    data
        (..., Y, X) labels; of a multiscale layer the finest level is saved.
    attributes
        The layer's other attributes.

    Returns
    -------
    list[str]
        The file written.
    """
    target = _with_suffix(path, ".tif")
    labels = _finest(data, attributes)
    write_labels(target, labels, _grid(attributes, labels.ndim))
    return [str(target)]


def write_imagej_rois(path: str, data: Any, attributes: Mapping[str, Any]) -> list[str]:
    """Save the outlines of a Labels layer as ImageJ ROIs; npe2 calls this for File > Save."""
    return _write_as("imagej", _with_suffix(path, ".zip"), data, attributes)


def write_geojson(path: str, data: Any, attributes: Mapping[str, Any]) -> list[str]:
    """Save the outlines of a Labels layer as GeoJSON for QuPath; npe2 calls this for File > Save."""
    return _write_as("geojson", _with_suffix(path, ".geojson"), data, attributes)


def write_coco(path: str, data: Any, attributes: Mapping[str, Any]) -> list[str]:
    """Save the outlines of a Labels layer as COCO JSON; npe2 calls this for File > Save."""
    return _write_as("coco", _with_suffix(path, ".json"), data, attributes)


def _write_as(format_name: str, target: Path, data: Any, attributes: Mapping[str, Any]) -> list[str]:
    """Write the one file of a format under the name that the person has typed."""
    labels = _finest(data, attributes)
    classes, tag = classes_in(attributes.get("features", {})), attributes.get("metadata", {}).get("labelfix")
    names = names_said_by(tag.get(CLASSES)) if isinstance(tag, dict) else {}
    image = LabelImage.of(target.stem, labels, _grid(attributes, labels.ndim), classes=classes, names=names)
    image.check()
    with replacing(target) as temporary:
        [written] = find_format(format_name).load()(temporary.parent, [image])
        os.replace(temporary.parent / written, temporary)
    return [str(target)]


def _with_suffix(path: str, suffix: str) -> Path:
    target = Path(path)
    return target if target.suffix else target.with_suffix(suffix)


def _finest(data: Any, attributes: Mapping[str, Any]) -> Any:
    return np.asarray(data[0] if attributes.get("multiscale") else data)


def _grid(attributes: Mapping[str, Any], ndim: int) -> Grid:
    """Return where the layer says that its pixels lie."""
    axes, scale, units = (attributes.get(name, ()) for name in ("axis_labels", "scale", "units"))
    if not len(axes) == len(scale) == len(units) == ndim:
        return Grid.in_pixels(ndim)
    return Grid.of(axes, scale, [str(unit) for unit in units])
