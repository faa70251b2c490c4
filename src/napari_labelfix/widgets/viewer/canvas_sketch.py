"""Lines, dots and words over the canvas while a tool is in use; they are no layer, and nobody can save them by mistake.

Where there is no window, or a napari that keeps its vispy scene elsewhere, nothing is drawn and the tools work all the
same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QWidget
from vispy.scene.visuals import Line, Markers

from napari_labelfix.widgets.viewer.canvas import canvas_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from numpy.typing import NDArray

_ON_TOP = 10**6
YELLOW, WHITE, BLACK = "#ffd92f", "#ffffff", "#000000"
_LOOKS: dict[str, dict[str, Any]] = {
    "path": {"color": WHITE},
    "dots": {"face_color": WHITE, "edge_color": BLACK, "size": 9},
}
_CAPTION = "background: rgba(0, 0, 0, 190); color: white; padding: 5px 10px; border-radius: 4px;"
_MARGIN = 12  # pixels, below the words
_NOTHING = np.zeros((2, 2))


class CanvasSketch:
    """What a tool draws. Positions are (N, 2) in world coordinates of the two displayed axes, row and column.

    Parameters
    ----------
    viewer
        The viewer.
    color
        Of the outlines.
    """

    def __init__(self, viewer: ViewerModel, color: str = YELLOW) -> None:
        self._looks = _LOOKS | {"outlines": {"color": color}}
        canvas = canvas_of(viewer)
        self._scene = getattr(getattr(canvas, "view", None), "scene", None)
        self._widget: QWidget | None = getattr(canvas, "native", None)
        self._caption: QLabel | None = None
        self._nodes: dict[str, Any] = {}
        if self._scene is not None:
            self._make_nodes()

    def show(self, path: NDArray[np.floating], outlines: NDArray[np.floating], dots: NDArray[np.floating]) -> None:
        """Draw these instead of what was drawn.

        Parameters
        ----------
        path
            Corners of one line.
        outlines
            Ends of pieces of lines: each two belong together.
        dots
            Positions of dots.
        """
        if not self._nodes:
            return
        for name, positions, fewest in (("path", path, 2), ("outlines", outlines, 2), ("dots", dots, 1)):
            node = self._nodes[name]
            node.visible = len(positions) >= fewest
            if node.visible:
                node.set_data(pos=np.asarray(positions, np.float32)[:, ::-1], **self._looks[name])

    def caption(self, words: str) -> None:
        """Write words on the canvas, below in the middle; none for ""."""
        if self._widget is None:
            return
        if self._caption is None:
            self._caption = QLabel(self._widget)
            self._caption.setStyleSheet(_CAPTION)
            self._caption.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._caption.setText(words)
        self._caption.adjustSize()
        room = self._widget.size() - self._caption.size()
        self._caption.move(room.width() // 2, room.height() - _MARGIN)
        self._caption.setVisible(bool(words))

    def clear(self) -> None:
        """Draw and write nothing any more."""
        if self._caption is not None:
            self._caption.deleteLater()
            self._caption = None
        for node in self._nodes.values():
            node.parent = None
        self._nodes = {}

    def _make_nodes(self) -> None:
        self._nodes = {
            "outlines": Line(_NOTHING, connect="segments", width=2),
            "path": Line(_NOTHING, connect="strip", width=2),
            "dots": Markers(pos=_NOTHING),
        }
        for node in self._nodes.values():
            node.set_gl_state("translucent", depth_test=False)
            node.order = _ON_TOP
            node.visible = False
            node.parent = self._scene
