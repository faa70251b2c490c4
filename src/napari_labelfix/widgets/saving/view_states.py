"""What a person looks at: kept, and brought back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.canvas import camera_of
from napari_labelfix.widgets.viewer.layer_states import id_of, is_kept

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.components import ViewerModel


def view_of(viewer: ViewerModel) -> dict[str, Any]:
    """Return which layer is active, which plane is seen, from which side, and how large."""
    active = layers.active(viewer)
    return {
        "active": id_of(active) if active is not None and is_kept(active) else "",
        "step": [int(step) for step in viewer.dims.current_step],
        "order": [int(axis) for axis in viewer.dims.order],
        "ndisplay": int(viewer.dims.ndisplay),
        "center": [float(part) for part in camera_of(viewer).center],
        "zoom": float(camera_of(viewer).zoom),
    }


def show_again(viewer: ViewerModel, view: Mapping[str, Any]) -> None:
    """Go back there, as far as it is still there."""
    for layer in layers.all_layers(viewer):
        if is_kept(layer) and id_of(layer) == view.get("active"):
            layers.select(viewer, layer)
    viewer.dims.ndisplay = view.get("ndisplay", 2)
    if sorted(view.get("order", ())) == list(range(viewer.dims.ndim)):
        viewer.dims.order = tuple(view["order"])
    if len(view.get("step", ())) == viewer.dims.ndim:
        viewer.dims.current_step = tuple(view["step"])
    if "zoom" in view:
        camera_of(viewer).center, camera_of(viewer).zoom = tuple(view["center"]), view["zoom"]
