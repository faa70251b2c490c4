"""From a layer to what is exported."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Points, Shapes

from napari_labelfix.errors import InputError
from napari_labelfix.io.class_names import classes_in
from napari_labelfix.io.grid import Grid
from napari_labelfix.io.label_image import LabelImage
from napari_labelfix.review.selection import COLUMNS, EVERYTHING, only
from napari_labelfix.widgets.exporting.marks import marked_image_of
from napari_labelfix.widgets.viewer import image_planes
from napari_labelfix.widgets.viewer.class_names import classes_of
from napari_labelfix.widgets.viewer.label_layers import image_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_labelfix.io.formats import Content
    from napari_labelfix.io.label_image import What
    from napari_labelfix.io.marked_image import MarkedImage
    from napari_labelfix.review.selection import Selection


def file_of(layer: Layer | None) -> Path | None:
    """Return the file that a layer was opened from."""
    path = layer.source.path if layer is not None else None
    return Path(path) if path else None


def what_is_in_layer(layer: Layer) -> What:
    """Return what a layer holds for an export."""
    return "boxes" if isinstance(layer, Shapes) else "points" if isinstance(layer, Points) else "labels"


def content_of(
    viewer: ViewerModel, layer: Layer, selection: Selection = EVERYTHING, *, copy: bool = True
) -> Callable[[], Content]:
    """Return what reads a layer as it is now, in any thread; lazy arrays are read only there.

    Parameters
    ----------
    viewer
        The viewer, for the image that the layer belongs to.
    layer
        Labels, boxes or points.
    selection
        Which objects, of labels.
    copy
        Whether what a person paints meanwhile is to be left out; a large copy holds up the window.
    """
    image = image_of(viewer, layer)
    file = file_of(image)
    file_name = file.name if file is not None else ""
    if isinstance(layer, Points | Shapes):
        marks = marked_image_of(layer, image, _grid_of(image), file_name) if image is not None else None
        return partial(_of_an_image, marks, layer.name)
    return _label_image_of(layer, image, file_name, selection, copy)


def _of_an_image(marks: MarkedImage | None, layer_name: str) -> MarkedImage:
    if marks is None:
        raise InputError(f"It is not known of which image “{layer_name}” is. Open its image, and close others like it.")
    return marks


def _grid_of(layer: Layer) -> Grid:
    return Grid.of(layer.axis_labels, layer.scale, [str(unit) for unit in layer.units])


def _label_image_of(
    layer: Any, image: Layer | None, file_name: str, selection: Selection, copy: bool
) -> Callable[[], LabelImage]:
    data, grid = image_planes.level_0(layer), _grid_of(layer)
    pixels = data.copy() if copy and isinstance(data, np.ndarray) else data
    name = image.name if image is not None else layer.name
    rest: dict[str, Any] = {
        "image_name": file_name,
        "source": f"layer “{layer.name}”",
        "classes": classes_in(layer.features),
        "names": classes_of(layer),
    }
    known = _columns_of(layer)

    def read() -> LabelImage:
        labels, about = only(np.asarray(pixels), selection, known)
        return LabelImage.of(name, labels, grid, **rest, about=about)

    return read


def states_of(layer: Layer) -> list[str]:
    """Return the states of the objects whose states are known."""
    return _columns_of(layer).get("state", [])


def _columns_of(layer: Any) -> dict[str, list[Any]]:
    """Return id, state, source and model of the objects, where anything is known about them."""
    features = layer.features
    if not {"index", "state"} <= set(features.columns):
        return {}
    return {name: features[name].tolist() for name in ("index", *COLUMNS) if name in features}
