"""A napari window under the hands of a person, for the pictures of the docs: it is clicked, painted in and grabbed."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageColor
from qtpy.QtCore import QBuffer, QEvent, QEventLoop, QPoint, QPointF, Qt, QTimer
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_labelfix.widgets.method_dock import MethodDock
from napari_labelfix.widgets.viewer.colors import PALETTE

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari
    from qtpy.QtGui import QPixmap
    from qtpy.QtWidgets import QMenu, QPushButton, QWidget

IMAGES = Path(__file__).parent / "images"
SIZE = (1360, 850)
COLOURS = 240  # of a picture's palette, without those that have a meaning: a third of the file, and no eye sees it


class Screen:
    """The window under the hands of a person.

    Parameters
    ----------
    viewer
        A napari viewer with a visible window.
    """

    def __init__(self, viewer: napari.Viewer) -> None:
        self.viewer = viewer
        self.window: QWidget = viewer.window._qt_window
        self.window.setGeometry(0, 0, *SIZE)
        wait(2)

    @property
    def dock(self) -> MethodDock:
        """The method's dock."""
        return self.window.findChild(MethodDock)

    def choose(self, menu: QMenu, *path: str) -> None:
        """Choose an entry of a menu by the words that stand there."""
        for words in path:
            menu.aboutToShow.emit()
            action = next(action for action in menu.actions() if action.text().replace("&", "") == words)
            menu = action.menu()
        action.trigger()
        wait(1)

    def look_at(self, center: tuple[float, float], zoom: float) -> None:
        """Show a row and column of the image in the middle, a pixel being so many of the screen's wide."""
        camera = self.viewer.scene.camera
        camera.center, camera.zoom = (0, *center), zoom

    def paint(
        self,
        strokes: list[tuple[tuple[float, float], tuple[float, float]]],
        before_release: Callable[[], object] = lambda: None,
    ) -> None:
        """Draw straight strokes with the mouse, from and to a row and column of the image."""
        canvas = self.viewer.window._qt_viewer.canvas.native
        for start, end in strokes:
            mouse(canvas, QEvent.Type.MouseMove, self._place(start))
            mouse(canvas, QEvent.Type.MouseButtonPress, self._place(start))
            for share in np.linspace(0.1, 1, 10):
                mouse(canvas, QEvent.Type.MouseMove, self._place(tuple(np.add(start, share * np.subtract(end, start)))))
                wait(0.02)
            before_release()
            mouse(canvas, QEvent.Type.MouseButtonRelease, self._place(end))

    def save(self, name: str, part: QWidget | None = None, settled: float = 0.7) -> None:
        """Save the window, or a part of it, as PNG, when it has settled for some seconds."""
        wait(settled)
        corner = QPoint(0, 0) if part is None else part.mapTo(self.window, QPoint(0, 0))
        size = (self.window if part is None else part).size()
        write(QApplication.primaryScreen().grabWindow(0, corner.x(), corner.y(), size.width(), size.height()), name)

    def _place(self, pixel: tuple[float, float]) -> QPointF:
        """Return where on the canvas a row and column of the image is."""
        camera, canvas = self.viewer.scene.camera, self.viewer.window._qt_viewer.canvas.native
        y, x = np.subtract(pixel, camera.center[-2:]) * camera.zoom
        return QPointF(round(canvas.width() / 2 + x), round(canvas.height() / 2 + y))


def write(pixels: QPixmap, name: str) -> None:
    """Write what was grabbed from the screen as PNG."""
    buffer = QBuffer()
    pixels.save(buffer, "PNG")
    picture = Image.open(io.BytesIO(bytes(buffer.data()))).convert("RGB")
    few = picture.quantize(COLOURS, kmeans=3, dither=Image.Dither.NONE)
    numbers, colours = np.array(few), (few.getpalette() + [0] * 3 * COLOURS)[: 3 * COLOURS]
    for number, rgb in enumerate(map(ImageColor.getrgb, PALETTE), COLOURS):  # be they ever so rare
        numbers[(np.array(picture) == rgb).all(axis=2)] = number
        colours += rgb
    few = Image.fromarray(numbers)
    few.putpalette(colours)
    few.save(IMAGES / f"{name}.png", optimize=True)


def mouse(widget: QWidget, what: QEvent.Type, position: QPointF) -> None:
    """Hand an event of the left button to a widget, as Qt does: a virtual screen may lose the pointer's movements."""
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    button = none if what == QEvent.Type.MouseMove else left
    held = none if what == QEvent.Type.MouseButtonRelease else left
    in_window = widget.mapToGlobal(position)
    event = QMouseEvent(what, position, in_window, button, held, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, event)


def press(button: QPushButton) -> None:
    """Press a button with the mouse."""
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    wait(0.5)


def wait(seconds: float) -> None:
    """Let the window work for a while."""
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


def wait_until(condition: Callable[[], object], seconds: float = 120) -> None:
    """Let the window work until something is so."""
    for _ in range(round(seconds / 0.1)):
        if condition():
            return
        wait(0.1)
    raise TimeoutError(f"It was not so within {seconds} s.")
