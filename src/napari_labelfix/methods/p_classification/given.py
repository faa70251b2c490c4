"""The points that a person gives: those that can be learned from, and what is told of others."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from napari_labelfix.annotations import CLOSEST_POINTS, FEWEST_POINTS, Points, Task
from napari_labelfix.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

NOWHERE = np.zeros((0, 2), np.float32)
_SAME = 0.5  # pixels between a point and its double


def points_to_learn_from(task: Task, radius: float = 0.0) -> list[Points]:
    """Return the points of every plane; one without has none, and the median radius of the others.

    Parameters
    ----------
    task
        Planes with `Points`, and planes without.
    radius
        Of a cell in every plane, in pixels; 0 takes that of the points.

    Raises
    ------
    InputError
        If the points of a task cannot be learned from.
    """
    task.check()
    given = {plane.name: plane.annotation for plane in task.planes if isinstance(plane.annotation, Points)}
    count = sum(len(points.positions) for points in given.values())
    if count < FEWEST_POINTS:
        there = "is 1 point" if count == 1 else f"are {count} points"
        raise InputError(
            f"There {there}, but at least {FEWEST_POINTS} are needed. Mark some more cells, of every look."
        )
    if radius:
        given = {name: dataclasses.replace(points, radius=radius) for name, points in given.items()}
    for name, points in given.items():
        _check_distances(points, name)
    usual = float(np.median([points.radius for points in given.values()]))
    return [given.get(plane.name, Points(NOWHERE, plane.shape, usual)) for plane in task.planes]


def without_offenders(task: Task, before: Sequence[Points], radius: float = 0.0) -> tuple[Task, InputError | None]:
    """Leave out the points that cannot be learned from, but none that could before.

    Parameters
    ----------
    task
        As for `points_to_learn_from`, during a run.
    before
        The points of each plane that are learned from so far.
    radius
        Of a cell in every plane, in pixels; 0 takes that of the points.

    Returns
    -------
    tuple of Task and InputError or None
        The task without them, and what is wrong with the first plane that has any.
    """
    wrong = None
    planes = list(task.planes)
    for index, (plane, known) in enumerate(zip(task.planes, before, strict=True)):
        if not isinstance(plane.annotation, Points):
            continue
        points = dataclasses.replace(plane.annotation, radius=radius or plane.annotation.radius)
        try:
            points.check(plane.name)
            _check_distances(points, plane.name)
        except InputError as error:
            wrong = wrong or error
            planes[index] = dataclasses.replace(plane, annotation=_fitting(points, known))
    return Task(tuple(planes)), wrong


def _fitting(points: Points, known: Points) -> Points:
    """Return the points that lie inside and do not contradict each other; of two that do, one that is known stays."""
    sides = points.positions, points.negatives
    if any(places.ndim != 2 or places.shape[1] != 2 for places in sides):
        return points
    places = np.concatenate(sides)
    is_cell = np.arange(len(places)) < len(points.positions)
    chosen = np.flatnonzero(((places >= 0) & (places <= np.subtract(points.shape, 1))).all(axis=1))
    there = set(map(tuple, np.concatenate([known.positions, known.negatives]).tolist()))
    tree = cKDTree(places[chosen])
    kept, doubles, near_a_cell = np.zeros((3, len(places)), bool)
    for index in sorted(chosen, key=lambda one: tuple(places[one].tolist()) not in there):
        if doubles[index] or (is_cell[index] and near_a_cell[index]):
            continue
        kept[index] = True  # few can be, however many lie in one place: only around these the others are looked for
        doubles[chosen[tree.query_ball_point(places[index], _SAME)]] = True
        if is_cell[index]:
            near_a_cell[
                chosen[tree.query_ball_point(places[index], np.nextafter(CLOSEST_POINTS * points.radius, 0))]
            ] = True
    cells, others = (side[of] for side, of in zip(sides, np.split(kept, [len(points.positions)]), strict=True))
    return dataclasses.replace(points, positions=cells, negatives=others)


def _check_distances(points: Points, name: str) -> None:
    everything = cKDTree(np.concatenate([points.positions, points.negatives]))
    doubles = (everything.count_neighbors(everything, _SAME) - everything.n) // 2  # pairs; each point is near itself
    if doubles == 1:
        raise InputError(f"1 point of {name} lies upon another. Delete it.")
    if doubles:
        raise InputError(f"{doubles} points of {name} lie upon another. Delete the doubles.")
    if len(points.positions) < 2:
        return
    nearest = float(cKDTree(points.positions).query(points.positions, k=2)[0][:, 1].min())
    if nearest < CLOSEST_POINTS * points.radius:
        raise InputError(
            f"Two cells of {name} are {nearest:.1f} px apart, but their radius is {points.radius:g} px. "
            "Set a smaller radius, or delete one of the two points."
        )
