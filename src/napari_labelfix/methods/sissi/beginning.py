"""What a run begins with: boxes that a person has drawn or, where there are none, some that simple means find."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_labelfix.annotations import Boxes
from napari_labelfix.errors import InputError
from napari_labelfix.methods.sissi.pages import (
    NO_BOXES,
    boxes_of_plane,
    finished_boxes,
    finished_part,
    is_finished,
    no_cells_of_plane,
    typical_side,
)
from napari_labelfix.methods.sissi.proposals import are_denied
from napari_labelfix.methods.sissi.weak_boxes import suggest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_labelfix.annotations import Plane
    from napari_labelfix.methods.sissi.params import SissiParams, Ways


class Beginning(NamedTuple):
    """What a run begins with.

    Parameters
    ----------
    planes
        Of the task, with the boxes to begin with.
    suggested
        By plane, the boxes (N, 4) among them that no person has drawn, in pixels of the plane.
    cell
        Side of a typical cell in pixels: as it is said, drawn, labelled or found, in this order.
    sentence
        Says so where no box was drawn; else "".
    """

    planes: list[Plane]
    suggested: Sequence[NDArray[np.floating]]
    cell: float
    sentence: str


def begin(planes: Sequence[Plane], params: SissiParams) -> Beginning:
    """Choose what a run begins with.

    Parameters
    ----------
    planes
        Of the task.
    params
        The run's parameters.

    Raises
    ------
    InputError
        If there is no plane to label, or nothing to learn from: neither boxes nor cells in finished planes.
    """
    if all(is_finished(plane) for plane in planes):
        raise InputError("All images are finished, so there is none to label. Add one that is not.")
    drawn = _all_boxes(planes)
    finished = np.concatenate([finished_boxes(plane) for plane in planes])
    known = drawn if len(drawn) else finished
    cell = params.cell or (typical_side(known) if len(known) else 0.0)
    if len(drawn):
        return Beginning(list(planes), [NO_BOXES] * len(planes), cell, "")
    looked_at = [plane for plane in planes if not _is_taught(plane)]
    way = params.weak_boxes if looked_at else "none"
    begun = list(planes) if way == "none" else [_with_suggested(plane, params, cell) for plane in planes]
    found = _all_boxes(begun)
    if not len(found) and not len(finished):
        if way == "none":
            raise InputError("No image has boxes. Draw some, or choose a way to find boxes.")
        raise InputError(f"No box was found by {way}. Draw some boxes, or choose another way or sensitivity.")
    by_no_person = [boxes_of_plane(plane) for plane in begun]
    return Beginning(begun, by_no_person, cell or typical_side(found), _sentence(len(found), way))


def _with_suggested(plane: Plane, params: SissiParams, cell: float) -> Plane:
    """Return a plane with boxes that are found by simple means, but for what a person has said is no cell."""
    if _is_taught(plane):
        return plane
    found, wrong = suggest(plane, params, cell), no_cells_of_plane(plane)
    return replace(plane, annotation=Boxes(found.corners[~are_denied(found.corners, wrong)], plane.shape, wrong))


def _is_taught(plane: Plane) -> bool:
    """Return whether what a person has labelled in a plane teaches more of it than boxes that simple means find."""
    return is_finished(plane) or finished_part(plane) is not None


def _sentence(found: int, way: Ways) -> str:
    """Say what a run for which no box was drawn begins with."""
    if found:
        return f"No boxes were given: {found} {'was' if found == 1 else 'were'} found by {way} to begin with."
    none_found = "" if way == "none" else f", and none were found by {way}"
    return f"No boxes were given{none_found}: cells of finished images are learned from to begin with."


def _all_boxes(planes: Sequence[Plane]) -> NDArray[np.float64]:
    return np.concatenate([boxes_of_plane(plane) for plane in planes])
