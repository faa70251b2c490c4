"""From the records of a project back to napari layers."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels, Points, Shapes
from napari.utils.colormaps import Colormap
from napari.utils.colormaps.standardize_color import transform_color

from napari_labelfix.io.tables import CELL
from napari_labelfix.review.states import Record
from napari_labelfix.widgets.annotating.boxes import DRAWN, colors_of
from napari_labelfix.widgets.annotating.kinds import KINDS
from napari_labelfix.widgets.annotating.scribbles import scribble_colormap
from napari_labelfix.widgets.results.result_layers import lock
from napari_labelfix.widgets.viewer import layers, looks
from napari_labelfix.widgets.viewer.layer_states import MEANWHILE, tag_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from napari.layers import Layer

    from napari_labelfix.project.records import LayerRecord, ObjectRecord
    from napari_labelfix.project.store import Project

logger = logging.getLogger(__name__)

_COLORMAPS: dict[str, Callable[[], Any]] = {
    "scribbles": scribble_colormap,
    "proposal": looks.outline_colormap,
    "ignored": looks.ignored_colormap,
    "changes": looks.changes_colormap,
}
_ADOPT: dict[str, Callable[[Layer], None]] = {
    part.role: part.adopt for kind in KINDS.values() for part in kind.layers if part.adopt is not None
}
_NEXT = {"points": {"kind": CELL}, "boxes": {"kind": CELL, "source": DRAWN}}  # features of what is drawn next
_FIRST = ("rgb", "contrast_limits")  # arguments of a layer; the rest of its look is set afterwards


def restore(project: Project, record: LayerRecord) -> Layer:
    """Make a layer with everything that the project keeps of it.

    Raises
    ------
    ProjectError
        If a part of it is damaged.
    """
    make = {"image": _image, "labels": _labels, "points": _points, "shapes": _shapes}[record.kind]
    layer = make(project, record)
    layer.metadata[layers.TAG] = tag_for(record)
    if record.role in _NEXT:
        known = {name: value for name, value in _NEXT[record.role].items() if name in layer.features}
        layer.feature_defaults = layer.feature_defaults.assign(**known)  # napari takes the last mark's
    if (adopt := _ADOPT.get(record.role)) is not None:
        adopt(layer)
    dress(layer, record)
    if record.author == "model":
        lock(layer)
    return layer


def dress(layer: Layer, record: LayerRecord) -> None:
    """Give a layer the look that it had, as far as napari still knows it."""
    for name, value in record.look.items():
        if name in _FIRST or value is None or not hasattr(layer, name):
            continue
        try:
            setattr(layer, name, Colormap(**value) if name == "colormap" and isinstance(value, dict) else value)
        except (KeyError, TypeError, ValueError):  # such as a colormap that another program had added
            logger.warning("“%s” has no %s %r any more.", record.name, name, value)
    if record.look.get(MEANWHILE):
        layers.hide_meanwhile(layer)


def placed(record: LayerRecord) -> dict[str, Any]:
    """Return name and place of a layer, as arguments of a layer."""
    return {"name": record.name, **record.placement}


def _image(project: Project, record: LayerRecord) -> Image:
    first = {name: record.look[name] for name in _FIRST if record.look.get(name) is not None}
    return Image(project.pixels(record), **first, **placed(record))


def _labels(project: Project, record: LayerRecord) -> Labels:
    colormap = {"colormap": _COLORMAPS[record.role]()} if record.role in _COLORMAPS else {}
    layer = Labels(project.pixels(record), **colormap, **placed(record))
    if objects := project.objects(record.id):
        layer.features = _table(objects)
    return layer


def _points(project: Project, record: LayerRecord) -> Points:
    content = _content(project, record)
    data = np.array(content["data"], float).reshape(-1, record.shape[1])
    features = _features(content["features"])
    settings: dict[str, Any] = {"features": features, "border_width": 0.08} if len(features.columns) else {}
    layer = Points(data, ndim=record.shape[1], **settings, **placed(record))
    if len(data):
        layer.size = np.array(content["size"], float)
    if record.role == "detections":
        layer.face_color = "transparent"
        _color_by_role(layer, "border_color", looks.POINT_NAMES, looks.POINT_COLORS)
    return layer


def _shapes(project: Project, record: LayerRecord) -> Shapes:
    content = _content(project, record)
    vertices = [np.array(shape, float) for shape in content["data"]]
    layer = Shapes(
        vertices or None,
        ndim=record.shape[1],
        shape_type=content["shape_type"] or "rectangle",
        edge_width=content["edge_width"] or record.look.get("current_edge_width") or 1,
        features=_features(content["features"]),
        **placed(record),
    )
    if record.role == "found_boxes":
        layer.face_color = "transparent"
        _color_by_role(layer, "edge_color", looks.BOX_NAMES, looks.BOX_COLORS)
    elif record.role == "boxes":
        layer.face_color, layer.edge_color = "transparent", colors_of(layer)
    return layer


def _content(project: Project, record: LayerRecord) -> dict[str, Any]:
    stored = project.geometry(record.id)
    empty: dict[str, Any] = {"data": [], "size": [], "shape_type": [], "edge_width": [], "features": {}}
    return empty | (json.loads(stored) if stored is not None else {})


def _features(columns: Mapping[str, Any]) -> pd.DataFrame:
    import pandas as pd  # slow to import; no dock should wait for it

    def column(told: Mapping[str, Any]) -> Any:
        try:
            if told["dtype"] == "category":
                return pd.Categorical(told["values"], categories=told["categories"])
            return pd.Series(told["values"], dtype=told["dtype"])
        except (TypeError, ValueError):  # of a type that text does not keep, such as intervals
            return pd.Series(told["values"], dtype=object)

    return pd.DataFrame({name: column(told) for name, told in columns.items()})


def _table(objects: Sequence[ObjectRecord]) -> pd.DataFrame:
    """Return the features of a labels layer; columns of which nobody has said anything are left out."""
    import pandas as pd

    empty = Record()
    columns: dict[str, list[Any]] = {"index": [record.id for record in objects]}
    for name in ("state", "confidence", "source", "model", "note", "locked"):
        values = [getattr(record, name) for record in objects]
        if any(value is not None for value in values) or (name == "confidence" and "state" in columns):
            missing = getattr(empty, name)
            columns[name] = [missing if value is None else value for value in values]
    if any(record.parents is not None for record in objects):
        columns["parents"] = [" ".join(map(str, record.parents or ())) for record in objects]
    names = dict.fromkeys(name for record in objects for name in record.more)
    for name in names:
        columns[name] = [record.more.get(name) for record in objects]
    return pd.DataFrame(columns)


def _color_by_role(layer: Layer, of: str, names: Mapping[Any, str], colors: Mapping[Any, str]) -> None:
    """Give each mark of a layer the colour of its role."""
    by_name = {names[role]: color for role, color in colors.items()}
    if len(layer.data) and "role" in layer.features:
        setattr(layer, of, transform_color([by_name[name] for name in layer.features["role"]]))
