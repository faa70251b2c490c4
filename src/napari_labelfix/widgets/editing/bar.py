"""The buttons that edit objects: tools that draw on the canvas, and what is done to the selected objects at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QPushButton, QSpinBox, QWidget

from napari_labelfix.errors import InputError
from napari_labelfix.widgets.editing.actions import ACTIONS
from napari_labelfix.widgets.editing.editing import Editing
from napari_labelfix.widgets.editing.tool_in_hand import ToolInHand
from napari_labelfix.widgets.editing.tools import CutTool, MergeTool, OutlineTool, SeedsTool
from napari_labelfix.widgets.parts.passing_keys import pass_keys_on
from napari_labelfix.widgets.parts.shortcuts import SHORTCUTS, tooltip, with_key
from napari_labelfix.widgets.parts.wrapped_label import WrappedLabel
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.way_back import WAY_BACK, WayBack

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel

    from napari_labelfix.review.edits.sheet import Sheet
    from napari_labelfix.widgets.editing.editing import Reviewed
    from napari_labelfix.widgets.editing.tools import Tool

_LARGEST_STEP = 50  # pixels
_FEW = 4  # objects that are named
_SHORT = 8  # characters
_NOTHING = "There is nothing to edit here. What is proposed can be edited once it is accepted."


class EditBar(QWidget):
    """Edits the objects that are reviewed; each edit is one step of the layer's history.

    Parameters
    ----------
    viewer
        The viewer.
    review
        Says which layer and which objects are reviewed; `refresh` tells the bar that this is different now.
    """

    def __init__(self, viewer: ViewerModel, review: Reviewed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self.editing = Editing(viewer, review)
        self.hand = ToolInHand(viewer, self.editing, self)
        self._way_back = WayBack(viewer, lambda: self.hint.text(), self.hand.said.emit)  # on the canvas, too
        self._seeds = SeedsTool()
        self._tools: list[Tool] = [MergeTool(), CutTool(), self._seeds, OutlineTool()]
        self.tool_buttons = {tool.name: _tool_button(tool) for tool in self._tools}
        self.action_buttons = {name: QPushButton(action.text) for name, action in ACTIONS.items()}
        self.brush_button = QPushButton("Brush")
        self.renumber_button = QPushButton("Renumber")
        self.keep_others = QCheckBox("The brush spares other objects")
        self.by = QSpinBox()
        self.scope = QComboBox()
        self.seeds_on = QComboBox()
        self.chosen = QLabel()
        self.hint = WrappedLabel()
        self._fill()
        self._arrange()
        self._connect()
        self.refresh()

    @property
    def actions(self) -> dict[str, Callable[[], object]]:
        """What keys do, by their names in the table of keys."""
        return {name: button.click for name, button in self.tool_buttons.items() if name in SHORTCUTS}

    @property
    def whole(self) -> bool:
        """Whether edits go through the whole stack."""
        layer = self.editing.labels
        return layer is not None and layer.ndim > 2 and self.scope.currentIndex() == 1

    def refresh(self) -> None:
        """Look again at what is reviewed, and at what is selected."""
        self.hand.check()
        layer = self.editing.labels
        selected = self.editing.selected
        in_stack = layer is not None and layer.ndim > 2
        self.scope.setVisible(in_stack)
        self.chosen.setText(f"<b>Selected objects</b>&nbsp; {_listed(selected)}")
        some = self.editing.has_objects
        for name, button in self.tool_buttons.items():  # an outline may be that of the first object
            button.setEnabled(some or button.isChecked() or (layer is not None and name == "outline"))
        number = len(selected) if layer is not None else 0
        for name, button in self.action_buttons.items():
            button.setEnabled(some and number >= _fewest(name, number))
            button.setVisible(in_stack or not ACTIONS[name].of_stack)
        self.brush_button.setEnabled(number == 1)
        self.renumber_button.setVisible(len(self.editing.unusable_ids) > 0)
        self.keep_others.setEnabled(layer is not None)
        self.keep_others.setChecked(layer is not None and layer.preserve_labels)
        if (layer is None) != (self.hint.text() == _NOTHING):
            self.hint.setText(_NOTHING if layer is None else "")

    def perform(self, name: str) -> None:
        """Do something to the selected objects."""
        action, selected = ACTIONS[name], self.editing.selected
        if action.of_stack and not selected:
            selected = self.editing.all_in_play
        try:
            sheet = self.editing.sheet(whole=self.whole or action.of_stack)
            outcome = action.perform(sheet, selected, self.by.value())
            changed = self.editing.apply(sheet, outcome, name)
        except InputError as error:
            self.hint.setText(str(error))
            return
        self.refresh()
        if changed:
            number = len(set(outcome.gains()) & set(selected))
            self._say(f"{'1 object' if number == 1 else f'{number} objects'} {action.done}. {WAY_BACK}")
        else:
            self.hint.setText(_why_nothing(sheet, selected, action.why_not))

    def renumber(self) -> None:
        """Make objects of what has numbers that no object can have."""
        try:
            count = self.editing.renumber()
        except InputError as error:
            self.hint.setText(str(error))
            return
        self.refresh()
        what = "1 object has a new number and is" if count == 1 else f"{count} objects have new numbers and are"
        self._say(f"{what} selected: Delete makes background of what is none. {WAY_BACK}")

    def draw_with_brush(self) -> None:
        """Hand over to napari's brush, which then changes nothing but the selected object."""
        layer, selected = self.editing.labels, self.editing.selected
        if layer is None or len(selected) != 1:
            return
        self.hand.put_away()
        layers.select(self._viewer, layer)
        layer.selected_label = selected[0]
        layer.preserve_labels = True
        layer.mode = "paint"
        self.refresh()
        self.hint.setText(f"Draw and erase object {selected[0]}; no other object changes.")

    def _say(self, text: str) -> None:
        """Show a hint; what Ctrl+Z is said to take back is said only while that is true."""
        self.hint.setText(text)
        if text.endswith(WAY_BACK) and (layer := self.editing.labels) is not None:
            self._way_back.promise(layer, WAY_BACK)

    def _on_tool_clicked(self, tool: Tool, checked: bool) -> None:
        if checked:
            self.hand.take(tool, whole=self.whole)
        else:
            self.hand.put_away()

    def _on_tool_changed(self) -> None:
        for name, button in self.tool_buttons.items():
            button.setChecked(self.hand.tool is not None and self.hand.tool.name == name)
        self.seeds_on.setVisible(self.hand.tool is self._seeds)

    def _on_scope_chosen(self) -> None:
        if self.hand.tool is not None:
            self.hand.take(self.hand.tool, whole=self.whole)

    def _on_seeds_on(self) -> None:
        self._seeds.on_image = self.seeds_on.currentIndex() == 1
        self.hand.show_again()

    def _on_keep_others(self, keep: bool) -> None:
        if (layer := self.editing.labels) is not None:
            layer.preserve_labels = keep

    def _connect(self) -> None:
        for tool in self._tools:
            self.tool_buttons[tool.name].clicked.connect(lambda on, tool=tool: self._on_tool_clicked(tool, on))
        for name, button in self.action_buttons.items():
            button.clicked.connect(partial(self.perform, name))
        self.brush_button.clicked.connect(self.draw_with_brush)
        self.renumber_button.clicked.connect(self.renumber)
        self.keep_others.clicked.connect(self._on_keep_others)
        self.scope.activated.connect(lambda _: self._on_scope_chosen())
        self.seeds_on.activated.connect(lambda _: self._on_seeds_on())
        self.hand.said.connect(self._say)
        self.hand.changed.connect(self._on_tool_changed)
        self.hand.written.connect(self.refresh)

    def _fill(self) -> None:
        self.scope.addItems(["Edits stay in this plane", "Edits go through the whole stack"])
        self.scope.setToolTip("In a stack: whether an object is what is seen of it in this plane, or its whole body.")
        self.seeds_on.addItems(["Parts meet where the shape is narrow", "Parts meet where the image says"])
        for choice in (self.scope, self.seeds_on):  # a long choice must not make the dock wider
            choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            choice.setMinimumContentsLength(_SHORT)
        self.by.setRange(1, _LARGEST_STEP)
        self.by.setSuffix(" px")
        self.by.setToolTip("By how many pixels Grow, Shrink and Smooth go.")
        pass_keys_on(self.by, self.scope, self.seeds_on)
        self.keep_others.setToolTip("What is drawn with napari's brush goes to the background only.")
        self.brush_button.setToolTip("Draw and erase the selected object with napari's brush; others are spared.")
        for name, button in self.action_buttons.items():
            button.setToolTip(ACTIONS[name].help)
        self.renumber_button.setToolTip("Make objects of what has numbers that no object can have.")
        others = [self.brush_button, self.renumber_button, self.keep_others]
        buttons = [*self.tool_buttons.values(), *self.action_buttons.values(), *others]
        for button in buttons:
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys with the canvas

    def _arrange(self) -> None:
        rows: list[list[QWidget]] = [
            [QLabel("<b>Draw</b>"), self.tool_buttons["outline"], self.brush_button],
            [self.tool_buttons[name] for name in ("merge", "cut", "seeds")],
            [self.seeds_on],
            [self.keep_others],
            [self.renumber_button],
            [self.chosen],
            [self.action_buttons["grow"], self.action_buttons["shrink"], self.by],
            [self.action_buttons[name] for name in ("smooth", "fill", "delete")],
            [self.action_buttons[name] for name in ("merge_selected", "separate", "keep_largest")],
            [self.scope, self.action_buttons["join_planes"]],
            [self.hint],
        ]
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(3)
        for row, widgets in enumerate(rows):
            room = 4 - len(widgets)  # in columns, for the first
            for column, widget in enumerate(widgets):
                grid.addWidget(widget, row, column + (room - 1) * (column > 0), 1, room if column == 0 else 1)
        for column in range(3):
            grid.setColumnStretch(column, 1)
        grid.setRowStretch(len(rows), 1)
        self.seeds_on.hide()


def _tool_button(tool: Tool) -> QPushButton:
    button = QPushButton(with_key(tool.text, tool.name) if tool.name in SHORTCUTS else tool.text)
    button.setCheckable(True)
    button.setToolTip(tooltip(tool.name) if tool.name in SHORTCUTS else tool.help)
    return button


def _listed(ids: list[int]) -> str:
    return ", ".join(map(str, ids[:_FEW])) + (f" and {len(ids) - _FEW} more" if len(ids) > _FEW else "") or "none"


def _fewest(action: str, selected: int) -> int:
    """Return how many objects have to be selected for an action, where so many are."""
    if ACTIONS[action].of_stack:
        return 0 if selected == 0 else 2
    return 2 if action == "merge_selected" else 1


def _why_nothing(sheet: Sheet, selected: list[int], otherwise: str) -> str:
    if selected and sheet.locked.issuperset(selected):
        return "Nothing was changed: what is selected is locked."
    if otherwise:
        return f"Nothing was changed: {otherwise}"
    return "Nothing was changed" + (" in this plane." if sheet.index and not sheet.whole else ".")
