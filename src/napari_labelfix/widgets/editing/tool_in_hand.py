"""The tool that a person has in hand: it shows what it would do while it draws, and does it on release or Enter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_labelfix.errors import InputError
from napari_labelfix.widgets.editing.tools import Plan
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.canvas_tool import CanvasTool
from napari_labelfix.widgets.viewer.history import history_of
from napari_labelfix.widgets.viewer.way_back import WAY_BACK

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from numpy.typing import NDArray

    from napari_labelfix.review.edits.sheet import Sheet
    from napari_labelfix.widgets.editing.editing import Editing
    from napari_labelfix.widgets.editing.tools import Tool
    from napari_labelfix.widgets.viewer.history import History

_NO_POINTS = np.zeros((0, 2))


class ToolInHand(QObject):
    """Connects a tool with the canvas and the history.

    Parameters
    ----------
    viewer
        The viewer.
    editing
        Where the edits go.
    parent
        The Qt parent.
    """

    said = Signal(str)
    changed = Signal()  # another tool, or none
    written = Signal()  # labels, or which objects are selected

    def __init__(self, viewer: ViewerModel, editing: Editing, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.canvas = CanvasTool(viewer, self)
        self.tool: Tool | None = None
        self._editing = editing
        self._whole = False
        self._sheet: Sheet | None = None  # of use until labels or plane change
        self._clicks: list[NDArray[np.floating]] = []
        self._hinted: list[int] = []  # the objects that were selected when the tool's hint was said last
        self._history: History | None = None
        self.canvas.drawn.connect(self._on_drawn)
        self.canvas.released.connect(self._on_released)
        self.canvas.clicked.connect(self._on_clicked)
        self.canvas.confirmed.connect(self._on_confirmed)
        self.canvas.cancelled.connect(self._on_cancelled)
        self.canvas.ended.connect(self.put_away)
        self.said.connect(self.canvas.caption)
        viewer.dims.events.current_step.connect(self._on_other_plane)

    def take(self, tool: Tool, *, whole: bool) -> None:
        """Take a tool in hand, which works through the whole stack or in the plane in view."""
        self.put_away()
        layer = self._editing.labels
        try:
            if layer is not None:
                self._editing.check_view(layer)
            self._sheet = self._editing.sheet(whole=whole and not tool.in_plane_only)
        except InputError as error:
            self.said.emit(str(error))
            return
        assert layer is not None
        self.tool, self._whole = tool, self._sheet.whole
        self._history = history_of(layer)
        self._history.changed.connect(self._on_labels_changed)
        layers.show(layer)
        self.canvas.start(layer)
        self.changed.emit()
        self._say_hint(tool)

    def put_away(self) -> None:
        """Leave the tool, and what it has begun."""
        if self._history is not None:
            self._history.changed.disconnect(self._on_labels_changed)
        self.canvas.stop()
        self.tool, self._sheet, self._history, self._clicks = None, None, None, []
        self.changed.emit()
        self.said.emit("")

    def check(self) -> None:
        """Leave the tool if another layer is edited now, or say what it does if other objects are selected."""
        if self._history is not None and self._history.layer is not self._editing.labels:
            self.put_away()
        elif self.tool is not None and not self._clicks and self._editing.selected != self._hinted:
            self._say_hint(self.tool)

    def show_again(self) -> None:
        """Show again what the clicks would do, with another setting of the tool."""
        if self.tool is not None and self._clicks:
            self._show_clicks()

    def _say_hint(self, tool: Tool) -> None:
        self._hinted = self._editing.selected
        self.said.emit(f"{tool.hint(self._hinted)} Esc ends it.")

    def _on_drawn(self, path: NDArray[np.floating]) -> None:
        if self.tool is not None and not self.tool.by_clicks:
            plan = self._plan(path)
            self.canvas.sketch(path, self._outlines(plan))
            self.said.emit(plan.says)

    def _on_released(self, path: NDArray[np.floating]) -> None:
        if self.tool is not None and not self.tool.by_clicks:
            self._write(self._plan(path))

    def _on_clicked(self, position: NDArray[np.floating], adding: bool) -> None:
        """Put a seed; with another tool select the object there."""
        if self.tool is None:
            return
        if self.tool.by_clicks:
            self._clicks.append(position)
            self._show_clicks()
            return
        self._editing.select_at(self._fresh_sheet(), position, adding)
        self.written.emit()
        self._say_hint(self.tool)

    def _on_confirmed(self) -> None:
        if self._clicks:
            self._write(self._plan(np.array(self._clicks)))

    def _on_cancelled(self) -> None:
        """Take the last click back; without one leave the tool."""
        if self._clicks:
            self._clicks.pop()
            self._show_clicks()
        else:
            self.put_away()

    def _on_labels_changed(self, _event: object) -> None:
        self._sheet = None

    def _on_other_plane(self, _event: object) -> None:
        """Look at the other plane; seeds stay for a body only, which may have them in several planes."""
        self._sheet = None
        if self._clicks and not self._whole:
            self._clicks = []
            self.canvas.sketch()

    def _show_clicks(self) -> None:
        points = np.array(self._clicks)
        plan = self._plan(points if len(points) else _NO_POINTS)
        self.canvas.sketch(outlines=self._outlines(plan), dots=points)
        self.said.emit(f"{plan.says} Enter does it, Esc takes the last seed back." if plan.outcome else plan.says)

    def _plan(self, points: NDArray[np.floating]) -> Plan:
        assert self.tool is not None
        try:
            return self.tool.plan(self._fresh_sheet(), points, self._editing.selected)
        except InputError as error:  # such as that the image cannot be read
            return Plan(None, str(error))

    def _fresh_sheet(self) -> Sheet:
        if self._sheet is None:
            self._sheet = self._editing.sheet(whole=self._whole)
        return self._sheet

    def _outlines(self, plan: Plan) -> NDArray[np.float64]:
        if self._sheet is None or plan.outcome is None:
            return _NO_POINTS
        return self._sheet.outlines(plan.outcome)

    def _write(self, plan: Plan) -> None:
        """Do what was planned; the tool stays in hand for the next."""
        sheet, tool = self._sheet, self.tool
        self.canvas.sketch()
        if sheet is None or tool is None or plan.outcome is None:
            self.said.emit(plan.says)
            return
        self._sheet, self._clicks = None, []
        try:
            self._editing.apply(sheet, plan.outcome, tool.name)
        except InputError as error:
            self.said.emit(str(error))
            return
        self.written.emit()
        self.said.emit(f"{plan.says} {WAY_BACK}")
