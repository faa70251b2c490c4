"""The tools that draw: what a line or clicks on the canvas would do, in pixels and in words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from napari_labelfix.review import edits
from napari_labelfix.widgets.parts.shortcuts import SHORTCUTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_labelfix.review.edits import Outcome
    from napari_labelfix.review.edits.sheet import Sheet


@dataclass(frozen=True, eq=False)
class Plan:
    """What a tool would do.

    Parameters
    ----------
    outcome
        In the labels of the sheet; None where it would do nothing.
    says
        A sentence that says so, or what is missing.
    """

    outcome: Outcome | None
    says: str


class Tool(ABC):
    """A way to draw on the canvas."""

    name: ClassVar[str]  # in the code, in the table of keys if it has one, and in the history of edits
    text: ClassVar[str]  # on its button
    help: ClassVar[str]
    by_clicks: ClassVar[bool] = False  # points are clicked one by one and confirmed; otherwise one line is dragged
    in_plane_only: ClassVar[bool] = False

    @abstractmethod
    def hint(self, selected: Sequence[int]) -> str:
        """Return what to do with the tool."""

    @abstractmethod
    def plan(self, sheet: Sheet, points: NDArray[np.floating], selected: Sequence[int]) -> Plan:
        """Return what points (N, ndim) in pixels of the stack would do."""


class MergeTool(Tool):
    """Drag across objects that are one."""

    name = "merge"
    text = "Merge"
    help = SHORTCUTS[name].help

    def hint(self, selected: Sequence[int]) -> str:
        """Return what to do with the tool."""
        return "Drag across the objects that are one."

    def plan(self, sheet: Sheet, points: NDArray[np.floating], selected: Sequence[int]) -> Plan:
        """Merge what the line meets."""
        met = edits.ids_along(sheet.plane, points[:, -2:])
        free = [object_id for object_id in met if object_id not in sheet.locked]
        outcome = edits.merge(sheet.labels, free, boxes=sheet.boxes(free))
        locked = f" {_listed(set(met) - set(free))} locked." if len(free) < len(met) else ""
        if outcome.changes_nothing:
            one = f"Object {free[0]}: drag on to the next." if free else "Drag across the objects that are one."
            return Plan(None, one + locked)
        return Plan(outcome, f"{len(free)} objects become one: {next(iter(outcome.parents))}.{locked}")


class CutTool(Tool):
    """Draw a line across an object."""

    name = "cut"
    text = "Cut"
    help = SHORTCUTS[name].help

    def hint(self, selected: Sequence[int]) -> str:
        """Return what to do with the tool."""
        return "Draw a line across an object, from outside to outside."

    def plan(self, sheet: Sheet, points: NDArray[np.floating], selected: Sequence[int]) -> Plan:
        """Part what the line crosses."""
        met = edits.ids_along(sheet.plane, points[:, -2:])
        free = [object_id for object_id in met if object_id not in sheet.locked]
        outcome = edits.split_by_line(sheet.labels, points[:, -2:], free, sheet.new_id, boxes=sheet.boxes(free))
        if not outcome.parents:
            if met and not free:
                return Plan(None, f"{_listed(set(met))} locked.")
            return Plan(None, "The line has to leave the object on the other side." if met else self.hint(selected))
        return Plan(outcome, _parted(outcome))


class SeedsTool(Tool):
    """Click a seed in each part of an object."""

    name = "seeds"
    text = "Seeds"
    help = "Click once into each part of an object, then press Enter: a watershed parts it between the seeds."
    by_clicks = True

    def __init__(self) -> None:
        self.on_image = False  # whether the parts meet where the image says, or at the neck of the shape

    def hint(self, selected: Sequence[int]) -> str:
        """Return what to do with the tool."""
        return "Click once into each part of an object, then press Enter."

    def plan(self, sheet: Sheet, points: NDArray[np.floating], selected: Sequence[int]) -> Plan:
        """Part the object under the first seed."""
        seeds = sheet.positions(points)
        object_id = sheet.object_at(seeds[0]) if len(seeds) else 0
        if not object_id:
            return Plan(None, self.hint(selected))
        if object_id in sheet.locked:
            return Plan(None, f"{_listed({object_id})} locked.")
        outcome = edits.split_by_seeds(
            sheet.labels,
            [object_id],
            seeds,
            sheet.new_id,
            image=sheet.pixels if self.on_image else None,
            spacing=sheet.spacing,
            boxes=sheet.boxes([object_id]),
        )
        if not outcome.parents:
            return Plan(None, f"Object {object_id}: click into its next part, too.")
        return Plan(outcome, _parted(outcome))


class OutlineTool(Tool):
    """Draw the outline of the selected object anew, or of a new one where none is selected."""

    name = "outline"
    text = "Outline"
    help = (
        "Draw the selected object's outline anew, in this plane, or that of a new object where none is selected; all "
        "others keep their pixels."
    )
    in_plane_only = True

    def hint(self, selected: Sequence[int]) -> str:
        """Return what to do with the tool."""
        if not selected:
            return "Draw the outline of a new object, or click on one to draw its outline anew."
        if len(selected) > 1:
            return "Click on one object, then draw its outline anew."
        return f"Draw the outline of object {selected[0]}; it closes by itself."

    def plan(self, sheet: Sheet, points: NDArray[np.floating], selected: Sequence[int]) -> Plan:
        """Give the selected object, or a new one, the drawn outline."""
        if len(selected) > 1:
            return Plan(None, self.hint(selected))
        if sheet.locked.intersection(selected):
            return Plan(None, f"{_listed(set(selected))} locked.")
        object_id = selected[0] if selected else sheet.new_id
        outcome = edits.redraw(sheet.labels, object_id, points[:, -2:], boxes=sheet.boxes(selected))
        if outcome.changes_nothing:
            return Plan(None, self.hint(selected))
        what = f"Object {object_id} gets this outline." if selected else f"This becomes object {object_id}."
        return Plan(outcome, f"{what} Others keep theirs.")


def _parted(outcome: Outcome) -> str:
    """Say what becomes of the objects that are parted."""
    wholes = [whole for (whole,) in outcome.parents.values()]
    return " ".join(f"Object {whole} becomes {wholes.count(whole) + 1} objects." for whole in dict.fromkeys(wholes))


def _listed(ids: set[int]) -> str:
    """Return the beginning of a sentence: "Object 3 is", "Objects 3 and 5 are"."""
    *first, last = map(str, sorted(ids))
    return f"Objects {', '.join(first)} and {last} are" if first else f"Object {last} is"
