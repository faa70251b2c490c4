"""What of a napari layer goes into the project file, as plain records."""

from __future__ import annotations

import copy
import json
import math
import uuid
from numbers import Real
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from napari.layers import Image, Labels, Points, Shapes
from napari.utils.colormaps import AVAILABLE_COLORMAPS

from napari_labelfix.io.class_names import CLASSES, names_said_by
from napari_labelfix.project.records import CLASS_NAMES, ImageRecord, LayerRecord, ObjectRecord
from napari_labelfix.widgets.viewer import image_planes, layers
from napari_labelfix.widgets.viewer.class_names import classes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import pandas as pd
    from napari.layers import Layer

    from napari_labelfix.project.records import Author, Kind

OF_A_MODEL = ("proposal", "confidence", "ignored", "changes", "detections", "heatmap", "found_boxes", "training_image")
NOT_KEPT = ("preview", "training_image")  # made anew, at a press of a button or by the next run
MEANWHILE = "hidden_meanwhile"  # in the look: it is not seen until its image is in hand
_CHANNELS = "further_channels"  # of an image, in its look: the ids of other images
_ID = "layer"  # in the tag: the layer's own id
_LOOKS: dict[Kind, tuple[str, ...]] = {
    "image": ("visible", "opacity", "blending", "gamma", "rgb"),
    "labels": (
        "visible", "opacity", "blending", "contour", "brush_size", "contiguous", "n_edit_dimensions",
        "preserve_labels", "selected_label",
    ),
    "points": ("visible", "opacity", "blending", "current_size"),
    "shapes": ("visible", "opacity", "blending", "current_edge_width"),
}  # fmt: skip
_COLORMAPS = frozenset(AVAILABLE_COLORMAPS)  # as they are before any program adds its own
_COLUMNS = ("state", "confidence", "source", "model", "note")


def kind_of(layer: Layer) -> Kind | None:
    """Return the kind of a layer that can be kept; None for another."""
    kinds: dict[type[Layer], Kind] = {Labels: "labels", Points: "points", Shapes: "shapes", Image: "image"}
    return next((kind for of_class, kind in kinds.items() if isinstance(layer, of_class)), None)


def author_of(layer: Layer) -> Author:
    """Return who makes a layer: a person, unless it shows what a model believes."""
    return "model" if layers.role_of(layer) in OF_A_MODEL else "person"


def is_kept(layer: Layer) -> bool:
    """Whether a layer goes into the project: not previews, others' pictures, or labels that are not in memory."""
    kind, role = kind_of(layer), layers.role_of(layer)
    if kind is None or role in NOT_KEPT:
        return False
    if kind == "image":
        return layers.is_input_image(layer) or (role in OF_A_MODEL and isinstance(layer.data, np.ndarray))
    return kind != "labels" or isinstance(layer.data, np.ndarray)


def id_of(layer: Layer) -> str:
    """Return the layer's own id, which is given on first use; that of an input image is the image's id."""
    if layers.is_input_image(layer):
        return layers.image_id(layer)
    if not layers.tag_of(layer):
        layer.metadata[layers.TAG] = {}
    return str(layers.tag_of(layer).setdefault(_ID, uuid.uuid4().hex))


def by_id(there: Iterable[Layer], known: Sequence[Layer]) -> dict[str, Layer]:
    """Return layers by their ids. Of two with one id the newer gets another: napari copies a layer with its tag.

    Parameters
    ----------
    there
        Layers that are kept.
    known
        Those of them that were there before.
    """
    found: dict[str, Layer] = {}
    for layer in sorted(there, key=lambda layer: layer not in known):
        if id_of(layer) in found:
            _set_apart(layer)
        found[id_of(layer)] = layer
    return found


def _set_apart(layer: Layer) -> None:
    """Give a copy a tag without an id. What is written into by its role has none either, so that the copy stays."""
    tag = copy.deepcopy(layers.tag_of(layer))
    tag.pop(_ID, None)
    if tag.get("role") in (*OF_A_MODEL, "corrected"):
        tag.pop("role")
    layer.metadata[layers.TAG] = {} if isinstance(layer, Image) else tag


def tag_for(record: LayerRecord) -> dict[str, Any]:
    """Return the tag of a layer that comes out of a project."""
    if record.kind == "image" and record.role == "image":
        further = record.look.get(_CHANNELS)
        return {"role": "image", "id": record.id} | ({"channels": list(further)} if further else {})
    of_image = {"image": record.image} if record.image is not None else {}
    role = {"role": record.role, "method": record.method} if record.role else {}
    known = names_said_by(record.look.get(CLASS_NAMES))
    return {_ID: record.id} | of_image | role | ({CLASSES: known} if known else {})


def describe_layer(layer: Layer, position: int) -> LayerRecord:
    """Return everything about a layer but what is in it; cheap enough to be asked several times a second."""
    kind, tag = cast("Kind", kind_of(layer)), layers.tag_of(layer)
    data = image_planes.level_0(layer) if kind in ("image", "labels") else None
    look = {name: _plain(getattr(layer, name)) for name in _LOOKS[kind]} | {"visible": layers.is_seen(layer)}
    if layers.is_hidden_meanwhile(layer):
        look |= {MEANWHILE: True}
    if isinstance(layer, Image):
        look |= {_CHANNELS: tag["channels"]} if tag.get("channels") else {}
        look |= {"contrast_limits": _plain(layer.contrast_limits), "colormap": _colormap_of(layer)}
    if known := classes_of(layer):
        look |= {CLASS_NAMES: {str(number): name for number, name in known.items()}}
    return LayerRecord(
        id=id_of(layer),
        image=tag.get("image", tag.get("id")),
        role=layers.role_of(layer),
        author=author_of(layer),
        kind=kind,
        name=str(layer.name),
        shape=tuple(map(int, data.shape)) if data is not None else (len(layer.data), layer.ndim),
        dtype=str(data.dtype.newbyteorder("=")) if data is not None else "float64",
        method=str(tag.get("method", "")),
        position=position,
        placement=_placement(layer),
        look=look,
    )


def _colormap_of(layer: Image) -> str | dict[str, Any]:
    """Return the name of a colormap; of one that napari does not come with, all that it takes to make it again."""
    colormap = layer.colormap
    if colormap.name in _COLORMAPS or colormap.name.startswith("#"):
        return str(colormap.name)
    parts = {"colors": colormap.colors, "controls": colormap.controls, "interpolation": str(colormap.interpolation)}
    return {"name": str(colormap.name)} | {name: _plain(part) for name, part in parts.items()}


def describe_image(layer: Layer) -> ImageRecord:
    """Return a reference to an input image; its fingerprints take longer and come later."""
    pixels = image_planes.level_0(layer)
    return ImageRecord(
        id=layers.image_id(layer),
        name=str(layer.name),
        path=str(layer.source.path or ""),
        shape=tuple(map(int, pixels.shape)),
        dtype=str(pixels.dtype.newbyteorder("=")),
        reader=str(layer.source.reader_plugin or ""),
    )


def geometry_of(layer: Layer) -> Callable[[], str]:
    """Copy points or shapes; what is returned makes JSON of the copy, in any thread."""
    features = layer.features.copy()
    data: Any
    rest: dict[str, Any]
    if isinstance(layer, Points):
        data, rest = np.array(layer.data), {"size": np.array(layer.size)}
    else:
        data = [np.array(vertices) for vertices in layer.data]
        rest = {"shape_type": list(layer.shape_type), "edge_width": list(layer.edge_width)}
    return lambda: json.dumps(_plain({"data": data, **rest, "features": _columns(features)}))


def objects_of(features: pd.DataFrame, ids: Sequence[int] | None = None) -> Iterator[ObjectRecord]:
    """Yield what a table of features says of its objects, of all or of some; in any thread."""
    if "index" not in features.columns:
        return
    if ids is not None:
        features = features[features["index"].isin(ids)]
    names = list(features.columns)
    for values in zip(*(features[name].tolist() for name in names), strict=True):
        row = dict(zip(names, values, strict=True))
        if (label := object_id(row.pop("index"))) is not None:
            yield _object(label, row)


def object_id(cell: Any) -> int | None:
    """Return the object that a cell of the column `index` names; None for what is no whole number."""
    number = float(cell) if isinstance(cell, Real) else math.nan
    return int(cell) if number.is_integer() else None


def parents_said_by(cell: Any) -> tuple[int, ...] | None:
    """Return the objects that a cell of the column `parents` names, "3 17"; None for what others put there."""
    if cell == "":  # as of most of tens of thousands of objects
        return ()
    words = cell.split() if isinstance(cell, str) else ["?"]
    return tuple(map(int, words)) if all(word.isdecimal() for word in words) else None


def _object(label: int, row: dict[str, Any]) -> ObjectRecord:
    known: dict[str, Any] = {name: _said(row.pop(name, None)) for name in _COLUMNS}
    known["confidence"] = None if known["confidence"] is None else float(known["confidence"])
    locked, parents = row.pop("locked", None), row.pop("parents", None)
    row.pop("area", None)  # counted from the pixels
    return ObjectRecord(
        id=label,
        locked=None if locked is None else bool(locked),
        parents=parents_said_by(parents),
        more={name: _plain(value) for name, value in row.items()},
        **known,
    )


def _said(value: Any) -> Any:
    """Return a value, or None for what pandas puts where nobody has said anything."""
    return None if isinstance(value, float) and math.isnan(value) else value


def _columns(features: pd.DataFrame) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name, column in features.items():
        kind = str(column.dtype)
        missing = column.isna().tolist()
        values = [None if gone else value for value, gone in zip(column.tolist(), missing, strict=True)]
        columns[str(name)] = {"dtype": kind, "values": values}
        if kind == "category":
            columns[str(name)]["categories"] = column.cat.categories.tolist()
    return columns


def _placement(layer: Layer) -> Mapping[str, Any]:
    placed = image_planes.placement(layer)
    placed["affine"] = layer.affine.affine_matrix
    placed["units"] = [str(unit) for unit in layer.units]
    return {name: _plain(value) for name, value in placed.items()}


def _plain(value: Any) -> Any:
    """Return a value as JSON knows it; what it does not know becomes text, what is not finite None."""
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)
