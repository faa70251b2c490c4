"""What all docks have in common: parts that scroll under a message, and tabs where several docks are open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.settings import get_settings
from qtpy.QtCore import QCoreApplication, QEvent, QObject, QSize, QTimer
from qtpy.QtGui import QHideEvent, QShowEvent
from qtpy.QtWidgets import QDockWidget, QFrame, QHBoxLayout, QLabel, QMainWindow, QScrollArea, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PLUGIN = "napari-labelfix"  # as the manifest names it
_MARGIN = 6  # pixels
_LINES = 5  # of text, which are seen of the parts in the lowest of windows
_MOST = 0.42  # of the screen's width: the canvas needs the rest


def fill_dock(
    dock: QWidget, message: QWidget, parts: QWidget, width: int, keys: QWidget | None = None
) -> ScrollingParts:
    """Put the parts of a dock between its message and its keys, which stay in place; return what scrolls the parts.

    Parameters
    ----------
    dock
        The dock, which has no layout yet.
    message
        What to do next.
    parts
        All the rest.
    width
        How wide the dock is at least, in pixels.
    keys
        The line that tells its keys, if it has any.
    """
    column = QVBoxLayout(dock)
    column.setContentsMargins(0, _MARGIN, 0, 0)
    column.addWidget(message)
    scrolling = ScrollingParts(parts, width)
    column.addWidget(scrolling)
    if keys is not None:
        keys.setContentsMargins(_MARGIN, 0, _MARGIN, _MARGIN // 2)
        column.addWidget(keys)
    follow_font(dock, message)
    _Place(dock)
    return scrolling


def follow_font(dock: QWidget, text: QWidget) -> None:
    """Let tables, and lines to write in, be as large as napari's font; its style sets that of all others, as of `text`.

    Parameters
    ----------
    dock
        What they lie in, or are added to later.
    text
        A label in it.
    """
    text.installEventFilter(_Font(dock))


def in_sections(sections: Sequence[tuple[str, Sequence[QWidget], QWidget | None]]) -> QWidget:
    """Return parts under one another, in sections of a title, the parts, and what stands beside the title, if any."""
    parts = QWidget()
    column = QVBoxLayout(parts)
    column.setContentsMargins(_MARGIN, 0, _MARGIN, 0)
    column.setSpacing(3)
    for title, below, beside in sections:
        column.addSpacing(_MARGIN)
        heading = QHBoxLayout()
        heading.addWidget(QLabel(f"<b>{title}</b>"))
        if beside is not None:
            heading.addStretch()
            heading.addWidget(beside)
        column.addLayout(heading)
        for part in below:
            column.addWidget(part)
    column.addStretch()
    return parts


def open_dock(window: Any, title: str) -> None:
    """Open a dock in napari's window, or bring it to the front if it is open already."""
    holder, _ = window.add_plugin_dock_widget(PLUGIN, title)
    holder.show()
    holder.raise_()


def main_window_of(widget: QWidget) -> QWidget:
    """Return the window that a widget lies in; of a dock that floats, the one that it was taken out of."""
    window = widget.window()
    home = window.parent() if isinstance(window, QDockWidget) else None
    return home.window() if isinstance(home, QWidget) else window


class ScrollingParts(QScrollArea):
    """Parts that scroll where the window is too low for them. It is as wide as they need: they are not cut.

    How wide that is depends on the size of napari's font, which is a setting.

    Parameters
    ----------
    parts
        What scrolls.
    width
        How wide it is at least, in pixels.
    most
        How wide it is at most, as a part of the screen's width; where that is not enough, it scrolls to the side, too.
    """

    def __init__(self, parts: QWidget, width: int = 0, most: float = _MOST) -> None:
        super().__init__()
        self._width, self._most = width, most
        self._asked_for = QSize()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setWidget(parts)

    def minimumSizeHint(self) -> QSize:
        """Return the width that the parts need, and the height of a few lines."""
        bar = self.verticalScrollBar().sizeHint().width()
        needed = max(self._width, self.widget().minimumSizeHint().width() + self._frame().width() + bar)
        most = max(self._width, round(self._most * self.screen().availableGeometry().width()))
        return QSize(min(needed, most), _LINES * self.fontMetrics().height())

    def sizeHint(self) -> QSize:
        """Return the size in which nothing has to be scrolled, not even when a text in it wraps; and no larger one."""
        height = self.widget().minimumSizeHint().height() + self._frame().height() + self.fontMetrics().height()
        return self.minimumSizeHint().expandedTo(QSize(0, height))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Notice that the parts need another width, as with another font; Qt's own area looks once."""
        if event.type() == QEvent.Type.LayoutRequest and (needed := self.minimumSizeHint()) != self._asked_for:
            self._asked_for = needed
            self.updateGeometry()
        return super().eventFilter(watched, event)

    def _frame(self) -> QSize:
        """Return what napari's style has around the parts."""
        return self.size() - self.maximumViewportSize()


class _Font(QObject):
    """Hands napari's size of letters on to all parts of a dock for which its style has none."""

    def __init__(self, dock: QWidget) -> None:
        super().__init__(dock)
        self._dock = dock
        self._follow()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FontChange:  # napari has set its style anew
            self._follow()
        return False

    def _follow(self) -> None:
        font = self._dock.font()
        font.setPointSize(get_settings().appearance.font_size)
        self._dock.setFont(font)


class _Place(QObject):
    """Finds a place for a dock when it is first shown: as a tab of another dock of ours.

    Under one another they would be higher than many a screen. Once it is placed, a person may move it anywhere.
    """

    def __init__(self, dock: QWidget) -> None:
        super().__init__(dock)
        self._dock = dock
        self._shown = self.found = False
        dock.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and not self._shown:
            self._shown = True
            QTimer.singleShot(0, self._find)  # napari is still adding it
        return super().eventFilter(watched, event)

    def _find(self) -> None:
        holder = self._dock.parent()
        window = holder.parent() if isinstance(holder, QDockWidget) else None
        if not isinstance(window, QMainWindow):
            return
        self.found = True
        holder.visibilityChanged.connect(self._on_tab)
        if holder.isFloating() or window.tabifiedDockWidgets(holder):
            return
        if (other := next(_placed_beside(holder, window), None)) is not None:
            window.tabifyDockWidget(other, holder)
            holder.raise_()

    def _on_tab(self, in_front: bool) -> None:
        """Tell the dock that its tab is seen, or not: Qt moves what lies behind out of the window, but hides nothing.

        The Review dock, for one, leaves the canvas alone while it is not seen.
        """
        if self._dock.isVisible():  # else it was told
            QCoreApplication.sendEvent(self._dock, QShowEvent() if in_front else QHideEvent())


def _placed_beside(holder: QDockWidget, window: QMainWindow) -> Iterator[QDockWidget]:
    """Yield the other docks of ours at this side of the window, the first that was opened first."""
    for other in window.findChildren(QDockWidget):
        place = other.widget().findChild(_Place) if other is not holder and other.widget() is not None else None
        beside = window.dockWidgetArea(other) == window.dockWidgetArea(holder)
        if place is not None and place.found and beside and not other.isHidden() and not other.isFloating():
            yield other
