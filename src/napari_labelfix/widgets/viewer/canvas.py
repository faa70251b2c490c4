"""napari's canvas, to which it has no public way."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import ref

if TYPE_CHECKING:
    from napari.components import ViewerModel

_WITHOUT_WINDOW = (600, 800)


def canvas_size(viewer: ViewerModel) -> tuple[int, int]:
    """Return height and width of the canvas in pixels."""
    size = getattr(canvas_of(viewer), "size", None)
    return (int(size[0]), int(size[1])) if size is not None else _WITHOUT_WINDOW


class SafeRemoval:
    """Lets a layer be removed without harm to those that stay.

    napari 0.9 has OpenGL delete at once what showed a removed layer, in whichever context is current. Between paints
    that is not the context of its canvas but one of Qt's, and the canvas goes on with what is no longer there: Mesa's
    software OpenGL dies of that at one of the next, in glDrawArrays.

    Parameters
    ----------
    viewer
        It is held weakly.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = ref(viewer)
        viewer.layers.events.removing.connect(self._on_removing)

    def _on_removing(self, _event: object) -> None:
        viewer = self._viewer()
        scene = getattr(canvas_of(viewer), "_scene_canvas", None) if viewer is not None else None
        if scene is not None:
            with suppress(RuntimeError):  # the window was closed
                scene.set_current()


class ViewDirection:
    """Lets napari know in which direction one looks in 3D, before the pointer has moved over the canvas there.

    Until then napari 0.9 asks what lies below the pointer in a direction that is None: whatever selects labels that
    something is known about, such as the key that accepts, ends in a TypeError.

    Parameters
    ----------
    viewer
        It is held weakly.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = ref(viewer)
        viewer.dims.events.ndisplay.connect(self._on_turned)
        self._on_turned()

    def _on_turned(self, _event: object = None) -> None:
        if (viewer := self._viewer()) is not None and viewer.dims.ndisplay == 3:
            direction = camera_of(viewer).calculate_nd_view_direction(viewer.dims.ndim, viewer.dims.displayed)
            viewer.cursor._view_direction = direction


def canvas_of(viewer: ViewerModel) -> Any:
    """Return napari's canvas; None where there is no window."""
    return getattr(getattr(getattr(viewer, "window", None), "_qt_viewer", None), "canvas", None)


def camera_of(viewer: ViewerModel) -> Any:
    """Return the camera, which has moved in napari 0.9."""
    return viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera
