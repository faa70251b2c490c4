"""The line of a dock that tells its keys. The keys go with the person: to the dock that they last worked in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QDockWidget, QLabel, QSizePolicy, QStylePainter, QWidget

from napari_labelfix.widgets.parts.shortcuts import KeyBindings, keys_without_a_button

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari.components import ViewerModel
    from qtpy.QtGui import QHideEvent, QPaintEvent, QShowEvent

_ELSEWHERE = "<i>Keys: click here to use them</i>"


class DockKeys(QLabel):
    """Takes the keys when the dock is shown or worked in, gives them back when it is hidden, and says who has them.

    Parameters
    ----------
    viewer
        The viewer.
    actions
        What to do, by the action's name in the table.
    dock
        The widget in which a press of the mouse or of a key takes them.
    """

    def __init__(self, viewer: ViewerModel, actions: Mapping[str, Callable[[], object]], dock: QWidget) -> None:
        super().__init__(dock)
        self._dock = dock
        self._frame: QDockWidget | None = None
        self._keys = KeyBindings(viewer, actions, self._on_change)
        self._here = keys_without_a_button(actions)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # no press moves what is pressed
        self.setToolTip(f"{self._here}\nKeys belong to the dock that was clicked in last.")

    def take(self) -> None:
        """Let the keys belong to this dock."""
        self._keys.take()

    def release(self) -> None:
        """Give them back to the dock that had them before."""
        self._keys.release()

    def showEvent(self, event: QShowEvent) -> None:
        """Take the keys with a dock that opens; a window that was minimized changes nothing."""
        if not event.spontaneous():
            self._follow_tabs()
            self.take()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Give the keys back."""
        if not event.spontaneous():
            self.release()
        super().hideEvent(event)

    @property
    def seen(self) -> str:
        """The keys as far as there is room for them; all are in the tooltip."""
        return self.fontMetrics().elidedText(self._here, Qt.TextElideMode.ElideRight, self.contentsRect().width())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Say so where the line is too narrow for all of the keys: a label just cuts them off."""
        if self.text() != self._here or self.seen == self._here:
            super().paintEvent(event)
            return
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        QStylePainter(self).drawItemText(
            self.contentsRect(), left, self.palette(), True, self.seen, self.foregroundRole()
        )

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Take the keys where the person works; this is asked only while another dock has them."""
        if event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.KeyPress):
            self.take()
        return False

    def _on_change(self, here: bool) -> None:
        self.setText(self._here if here else _ELSEWHERE)
        for widget in (self._dock, *self._dock.findChildren(QWidget)):
            if here:
                widget.removeEventFilter(self)
            else:
                widget.installEventFilter(self)

    def _follow_tabs(self) -> None:
        """Listen to napari's frame: of docks that lie on one another, Qt hides none, but says which is in front."""
        parent = self.parentWidget()
        while parent is not None and not isinstance(parent, QDockWidget):
            parent = parent.parentWidget()
        if parent is not None and parent is not self._frame:
            self._frame = parent
            parent.visibilityChanged.connect(self._on_in_front)

    def _on_in_front(self, in_front: bool) -> None:
        if self.window().isMinimized() or in_front == self._keys.wanted:
            return
        if in_front:
            self.take()
        else:
            self.release()
