"""What can be done to the selected objects at the press of a button."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_labelfix.review import edits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_labelfix.review.edits import Outcome
    from napari_labelfix.review.edits.sheet import Sheet


@dataclass(frozen=True)
class Action:
    """A button.

    Parameters
    ----------
    name
        In the code, and in the history of edits.
    text
        On the button.
    help
        What it does, in a sentence.
    done
        What has been done, after a number of objects: "grown".
    perform
        Works it out on a sheet, for these objects, by this many pixels.
    of_stack
        Whether it is there for stacks only, goes through all planes, and does it to all objects where none is selected.
    why_not
        Why it may have changed nothing, if more can be said of that than of others.
    """

    name: str
    text: str
    help: str
    done: str
    perform: Callable[[Sheet, Sequence[int], float], Outcome]
    of_stack: bool = False
    why_not: str = ""


def _merge(sheet: Sheet, ids: Sequence[int], by: float) -> Outcome:
    return edits.merge(sheet.labels, ids, keep=ids[0], **_known(sheet, ids))


def _grow(sheet: Sheet, ids: Sequence[int], by: float) -> Outcome:
    return edits.grow(sheet.labels, ids, by, spacing=sheet.spacing, **_known(sheet, ids))


def _shrink(sheet: Sheet, ids: Sequence[int], by: float) -> Outcome:
    return edits.shrink(sheet.labels, ids, by, spacing=sheet.spacing, **_known(sheet, ids))


def _smooth(sheet: Sheet, ids: Sequence[int], by: float) -> Outcome:
    return edits.smooth(sheet.labels, ids, by, spacing=sheet.spacing, **_known(sheet, ids))


def _fill(sheet: Sheet, ids: Sequence[int], by: float) -> Outcome:
    return edits.fill_holes(sheet.labels, ids, **_known(sheet, ids))


def _keep_largest(sheet: Sheet, ids: Sequence[int], by: float) -> Outcome:
    return edits.keep_largest(sheet.labels, ids, **_known(sheet, ids))


def _separate(sheet: Sheet, ids: Sequence[int], by: float) -> Outcome:
    return edits.separate(sheet.labels, ids, sheet.new_id, **_known(sheet, ids))


def _delete(sheet: Sheet, ids: Sequence[int], by: float) -> Outcome:
    return edits.delete(sheet.labels, ids, **_known(sheet, ids))


def _join(sheet: Sheet, ids: Sequence[int], by: float) -> Outcome:
    return edits.join_planes(sheet.labels, ids, locked=sheet.locked)


_JOIN_HELP = (
    "Objects that lie over one another in neighbouring planes get one number: bodies in a stack, tracks in a "
    "time-lapse. The selected ones; if none is selected, all but those that are rejected or ignored."
)
_NOT_JOINED = f"no two in neighbouring planes have {edits.LEAST_OVERLAP:.0%} of their area in common."


def _known(sheet: Sheet, ids: Sequence[int]) -> dict[str, Any]:
    """Return what every edit wants to know."""
    return {"locked": sheet.locked, "boxes": sheet.boxes(ids)}


ACTIONS = {
    action.name: action
    for action in [
        Action("grow", "Grow", "Add the background around the selected objects.", "grown", _grow),
        Action("shrink", "Shrink", "Take the edge off the selected objects.", "shrunk", _shrink),
        Action("smooth", "Smooth", "Round off what sticks out of the selected objects.", "smoothed", _smooth),
        Action("fill", "Fill holes", "Fill the holes of the selected objects.", "filled", _fill),
        Action("merge_selected", "Merge them", "Merge all selected objects into the first.", "merged", _merge),
        Action("separate", "Part pieces", "Make each piece of the selected objects an object.", "parted", _separate),
        Action("keep_largest", "Largest piece", "Keep the largest piece of each only.", "cleaned", _keep_largest),
        Action("join_planes", "Join planes", _JOIN_HELP, "joined", _join, of_stack=True, why_not=_NOT_JOINED),
        Action("delete", "Delete", "Delete the selected objects.", "deleted", _delete),
    ]
}
