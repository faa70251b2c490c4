"""A person at the screen: real mouse and keyboard events on a real napari window."""

import numpy as np
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

LEFT = Qt.MouseButton.LeftButton
NO_KEY = Qt.KeyboardModifier.NoModifier


class Person:
    def __init__(self, viewer, qtbot):
        self.viewer, self.qtbot = viewer, qtbot
        self.canvas = viewer.window._qt_viewer.canvas.native
        self._camera = viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera  # since napari 0.9

    def on_canvas(self, layer, position) -> QPoint:
        """Where on the canvas a pixel of a 2D layer is seen."""
        world = np.asarray(layer.data_to_world(position))[-2:]
        from_centre = (world - np.asarray(self._camera.center)[-2:]) * self._camera.zoom
        size = np.array([self.canvas.height(), self.canvas.width()])
        row, column = np.round(from_centre + size / 2).astype(int)
        return QPoint(int(column), int(row))

    def stroke(self, layer, *positions, modifier=NO_KEY):
        """Press at the first pixel, move over the others, release at the last; functions among them are called."""
        points = [position if callable(position) else self.on_canvas(layer, position) for position in positions]
        self._move(points[0])
        QTest.mousePress(self.canvas, LEFT, modifier, points[0])
        for point in points[1:]:
            self.qtbot.wait(20)
            if callable(point):
                point()
            else:
                self._move(point, LEFT, modifier)
        self.qtbot.wait(20)
        QTest.mouseRelease(self.canvas, LEFT, modifier, points[-1])
        self.qtbot.wait(20)

    def point_at(self, layer, position):
        self._move(self.on_canvas(layer, position))
        self.qtbot.wait(20)

    def click(self, button):
        assert button.isEnabled(), f"“{button.text()}” is disabled"
        assert button.isVisible(), f"“{button.text()}” is not to be seen"
        QTest.mouseClick(button, LEFT)

    def press(self, key, modifier=NO_KEY):
        QTest.keyClick(self.canvas, key, modifier)
        self.qtbot.wait(20)

    def hold(self, key):
        QTest.keyPress(self.canvas, key)
        self.qtbot.wait(20)

    def let_go(self, key):
        QTest.keyRelease(self.canvas, key)
        self.qtbot.wait(20)

    def _move(self, point, held=Qt.MouseButton.NoButton, modifier=NO_KEY):
        """Tell the canvas of a movement, as Qt does: of those of its own pointer a virtual screen loses some."""
        place = QPointF(point)
        in_window = QPointF(self.canvas.mapToGlobal(point))
        event = QMouseEvent(QEvent.Type.MouseMove, place, in_window, Qt.MouseButton.NoButton, held, modifier)
        QApplication.sendEvent(self.canvas, event)
