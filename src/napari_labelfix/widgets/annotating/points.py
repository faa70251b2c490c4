"""Points: a Points layer with centres of cells, and of places where there is none; their size is a cell's diameter.

What is slow to import is imported where it is used: no dock would open sooner for having it before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from napari.layers import Points as PointsLayer
from napari.utils.colormaps.standardize_color import transform_color

from napari_labelfix.annotations import FEWEST_POINTS, Annotation, Points, onto_pixels
from napari_labelfix.io.tables import CELL, NO_CELL  # the values of the feature `kind`
from napari_labelfix.widgets.annotating.layer_kind import AnnotationKind, Brush, LayerKind, Measure
from napari_labelfix.widgets.parts.shortcuts import with_key
from napari_labelfix.widgets.viewer import image_planes, layers
from napari_labelfix.widgets.viewer.colors import MARK_COLORS
from napari_labelfix.widgets.viewer.coordinates import magnification, map_points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_labelfix.widgets.annotating.layer_kind import Place

_RGBA = dict(zip(MARK_COLORS, transform_color(list(MARK_COLORS.values())), strict=True))
_OPACITY = 0.25  # inside: the cell is to be seen through its point
_OFF = 2.0  # times as wide as the cells seem to be, or as narrow, from where on that is said
_SEEN: WeakKeyDictionary[PointsLayer, tuple[object, float]] = WeakKeyDictionary()  # what was measured where, last


def _could_be_points(layer: Layer, image: Layer) -> bool:
    return (
        isinstance(layer, PointsLayer)
        and layers.role_of(layer) in ("", "points")
        and layer.ndim == len(image_planes.spatial_shape(image))
    )


def _create_points(place: Place) -> PointsLayer:
    return create_points(place.image, round(_estimate(place)))


def create_points(image: Layer, diameter: float) -> PointsLayer:
    """Return a layer for points on an image, where a cell has a diameter in pixels; it is in no viewer yet."""
    layer = PointsLayer(
        ndim=len(image_planes.spatial_shape(image)),
        name=f"{image.name} points",
        size=diameter,
        border_width=0.08,
        **image_planes.placement(image),
    )
    _adopt_points(layer)
    layers.link(layer, "points", image)
    return layer


def _adopt_points(layer: PointsLayer) -> None:
    """Give every point a kind, and each kind its colour; a layer from elsewhere has cells only."""
    if "kind" not in layer.features:
        import pandas as pd

        kinds = pd.Categorical([CELL] * len(layer.data), categories=[CELL, NO_CELL])
        layer.features = layer.features.assign(kind=kinds)
        _take_in_hand(layer, CELL)
    if layer.face_color_mode == "direct":  # as napari makes it: nobody has chosen yet
        layer.face_color, layer.border_color = "kind", "kind"
        layer.face_color_cycle = {kind: (*color[:3], _OPACITY) for kind, color in _RGBA.items()}
        layer.border_color_cycle = _RGBA
        layer.refresh_colors()


def _start_pointing(layer: PointsLayer, kind: str, _place: Place) -> None:
    _adopt_points(layer)
    layer.selected_data = set()  # what is selected would become of this kind
    _take_in_hand(layer, kind)
    layer.mode = "add"


def _take_in_hand(layer: PointsLayer, kind: str) -> None:
    """Let the next point be of a kind; what else the layer knows of its points stays as it is."""
    layer.feature_defaults = layer.feature_defaults.assign(kind=kind)


def _kind_in_hand(layer: PointsLayer) -> str:
    return str(layer.feature_defaults["kind"].iloc[0]) if "kind" in layer.feature_defaults else CELL


def add_points(layer: PointsLayer, points: NDArray[np.floating], kind: str) -> None:
    """Add points (N, dimensions) of a kind, and leave in hand what the person had."""
    _adopt_points(layer)
    in_hand, diameter = _kind_in_hand(layer), diameter_of(layer)
    layer.selected_data = set()  # what is selected would become like the new ones
    _take_in_hand(layer, kind)
    layer.current_size = diameter
    layer.add(points)
    layer.selected_data = set()
    _take_in_hand(layer, in_hand)


def diameter_of(layer: PointsLayer) -> float:
    """Return the size of a layer's points in pixels of the layer; of the next one where there is none."""
    return float(np.median(layer.size)) if len(layer.data) else float(layer.current_size)


def diameter_on(layer: PointsLayer, image: Layer) -> float:
    """Return the size of a layer's points in pixels of the image."""
    return diameter_of(layer) * magnification(layer, image)


def _set_diameter(layer: PointsLayer, image: Layer, diameter: float) -> None:
    diameter *= magnification(image, layer)
    layer.selected_data = set()
    layer.current_size = diameter
    layer.size = diameter
    layer.events.size()


def _estimate_diameter(layer: PointsLayer, place: Place) -> float:
    points = map_points(layer.data, layer, place.image)
    return _estimate(place, points[_in_plane(points, place.index) & are_cells(layer)][:, -2:])


def _doubtful_diameter(layer: PointsLayer, place: Place) -> str:
    """Say so if the points are much wider or narrower than what lies below them: a layer begins without any."""
    from napari_labelfix.data.cell_size import LARGEST, SMALLEST  # no dock should wait for it

    points = map_points(layer.data, layer, place.image)
    centres = points[_in_plane(points, place.index) & are_cells(layer)][:, -2:]
    if len(centres) < FEWEST_POINTS:
        return ""
    where = (layers.image_id(place.image), place.index, centres.tobytes())
    if layer not in _SEEN or _SEEN[layer][0] != where:
        _SEEN[layer] = where, _estimate(place, centres)
    seen, drawn = _SEEN[layer][1], diameter_on(layer, place.image)
    beyond = (seen >= LARGEST and drawn > seen) or (seen <= SMALLEST and drawn < seen)  # more than can be estimated
    if beyond or seen / _OFF < drawn < seen * _OFF:
        return ""
    return f"The points are {drawn:.0f} px wide, but the cells below them seem {seen:.0f} px: press Estimate if so."


def _estimate(place: Place, centres: NDArray[np.floating] | None = None) -> float:
    from napari_labelfix.data.cell_size import estimate_diameter

    return estimate_diameter(image_planes.read_plane(place.image, place.index), centres)


def _read_points(chosen: Sequence[Layer], place: Place) -> Points | None:
    (layer,) = chosen
    points, cells = map_points(layer.data, layer, place.image), are_cells(layer)
    of_plane = _in_plane(points, place.index)
    if not of_plane.any():
        return None
    height, width = image_planes.spatial_shape(place.image)[-2:]
    positions = onto_pixels(points[:, -2:], (height, width))
    radius = diameter_on(layer, place.image) / 2
    return Points(positions[of_plane & cells], (height, width), radius, positions[of_plane & ~cells])


def _in_plane(points: NDArray[np.floating], index: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return (N,) which points of an image lie in a plane: none that lies nowhere, as a row of a table may."""
    return np.asarray((np.round(points[:, :-2]) == index).all(axis=1) & np.isfinite(points).all(axis=1))


def are_cells(layer: PointsLayer) -> NDArray[np.bool_]:
    """Return (N,) which points mark a cell."""
    if "kind" not in layer.features:
        return np.ones(len(layer.data), bool)
    return (layer.features["kind"] != NO_CELL).to_numpy()


def _missing_points(annotations: Sequence[Annotation | None]) -> str:
    cells = sum(len(annotation.positions) for annotation in annotations if isinstance(annotation, Points))
    if cells >= FEWEST_POINTS:
        return ""
    if cells:
        more = "one more cell" if cells == FEWEST_POINTS - 1 else f"{FEWEST_POINTS - cells} more cells"
        return f"Click on the centres of at least {more}; about one in ten of all is good."
    return "Click on the centres of some cells: about one in ten is enough."


POINTS_KIND = AnnotationKind(
    layers=(
        LayerKind(
            role="points",
            noun="point layer",
            label="Points",
            legend="Delete removes the selected points.",
            fits=_could_be_points,
            absent="Press “Create point layer”.",
            create=_create_points,
            adopt=_adopt_points,
            brushes=(
                Brush(CELL, "Cell", "Click on the centres of cells.", MARK_COLORS[CELL]),
                Brush(NO_CELL, "Not a cell", "Click where a wrong detection is.", MARK_COLORS[NO_CELL]),
            ),
            draw=_start_pointing,
            brush_in_hand=_kind_in_hand,
            measure=Measure(
                "Diameter, px",
                "The size of the points: how wide a cell is, in pixels of the image.",
                diameter_on,
                _set_diameter,
                _estimate_diameter,
                _doubtful_diameter,
            ),
        ),
    ),
    read=_read_points,
    missing=_missing_points,
    while_running=f"Click on cells that are missed, and {with_key('reject', 'reject_object')} wrong ones",
    afterwards="add points",
)
