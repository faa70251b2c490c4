"""What lies over one another in neighbouring planes becomes one object."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.data.label_images import rank_objects
from napari_labelfix.review.edits.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from numpy.typing import NDArray

    from napari_labelfix.data.label_images import Ranked
    from napari_labelfix.review.edits.draft import Outcome

LEAST_OVERLAP = 0.25  # intersection over union of two outlines that are taken for one object


@dataclass(eq=False)
class _Body:
    """Objects that belong together, and the planes that they lie in."""

    ids: list[int]
    planes: set[int]


def join_planes(
    labels: NDArray[np.integer],
    ids: Collection[int] | None = None,
    *,
    least: float = LEAST_OVERLAP,
    locked: Collection[int] = (),
) -> Outcome:
    """Give objects that lie over one another one id: bodies in a stack of planes, tracks in a series of times.

    The two that overlap most are joined first, and none with another one of a plane that it is in already. So an object
    that divides goes on in one of the two parts. (Compare `stitch_threshold` in Cellpose.)

    Parameters
    ----------
    labels
        (..., Z, Y, X), 0 = background; objects are joined along Z. Of a plane (Y, X) nothing is.
    ids
        The objects that may be joined; None for all.
    least
        The intersection over union, 0..1, that two outlines in neighbouring planes must have.
    locked
        Ids that must not change; they are joined with none.

    Returns
    -------
    Outcome
        A joined object has the id of its largest part, of equal ones the lowest.
    """
    if labels.ndim < 3:
        return Draft(labels).outcome()
    planes = labels.reshape(-1, *labels.shape[-2:])
    wanted, fixed = None if ids is None else set(ids), set(locked)
    sizes: Counter[int] = Counter()
    bodies: dict[int, _Body] = {}
    pairs: list[tuple[float, int, int]] = []
    above: Ranked | None = None
    for place, plane in enumerate(planes):
        here = rank_objects(plane)
        for label, size in zip(here.ids.tolist(), here.sizes.tolist(), strict=True):
            sizes[label] += size
            if label not in fixed and (wanted is None or label in wanted):
                bodies.setdefault(label, _Body([label], set())).planes.add(place)
        if above is not None and place % labels.shape[-3]:  # else another stack begins
            pairs += _overlaps(above, here, least)
        above = here
    for _, one, other in sorted(pairs, key=lambda pair: (-pair[0], *pair[1:])):
        if one in bodies and other in bodies:
            _unite(bodies, one, other)
    joined = [body.ids for body in dict.fromkeys(bodies.values()) if len(body.ids) > 1]
    return _written(labels, joined, sizes)


def _overlaps(above: Ranked, here: Ranked, least: float) -> Iterator[tuple[float, int, int]]:
    """Yield intersection over union and ids of two objects that overlap so much in neighbouring planes."""
    from napari_labelfix.metrics.instances import count_overlaps_of, ious_of_pairs  # docks open without them

    pairs = ious_of_pairs(count_overlaps_of(here, above))
    upper, lower = above.ids[pairs.row], here.ids[pairs.col]
    chosen = (pairs.data >= least) & (upper != lower)
    yield from zip(pairs.data[chosen].tolist(), upper[chosen].tolist(), lower[chosen].tolist(), strict=True)


def _unite(bodies: dict[int, _Body], one: int, other: int) -> None:
    """Make one body of those that two objects belong to, unless they share a plane."""
    first, second = bodies[one], bodies[other]
    if first is second or first.planes & second.planes:
        return
    if len(first.ids) < len(second.ids):
        first, second = second, first
    first.ids += second.ids
    first.planes |= second.planes
    for label in second.ids:
        bodies[label] = first


def _written(labels: NDArray[np.integer], joined: list[list[int]], sizes: Counter[int]) -> Outcome:
    draft = Draft(labels)
    parents = {max(sorted(ids), key=sizes.__getitem__): tuple(sorted(ids)) for ids in joined}
    becomes = {label: kept for kept, ids in parents.items() for label in ids}
    for index in np.ndindex(labels.shape[:-2]):
        here = rank_objects(labels[index])  # anew: the ranks of all planes would take as much memory as the labels do
        value = np.array([0, *(becomes.get(label, label) for label in here.ids.tolist())])[here.ranks]
        value = value.reshape((1,) * len(index) + here.ranks.shape)
        box = (*(slice(at, at + 1) for at in index), *(slice(0, length) for length in here.ranks.shape))
        draft.write(box, (value != labels[box]) & (value > 0), value)
    return draft.outcome(parents)
