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


def canvas_of(viewer: ViewerModel) -> Any:
    """Return napari's canvas; None where there is no window."""
    return getattr(getattr(getattr(viewer, "window", None), "_qt_viewer", None), "canvas", None)
