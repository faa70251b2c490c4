"""What accepted objects say of each plane of a stack: worked out once, as long as nothing in that plane changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from napari_labelfix.widgets.viewer.plane_copies import plane_copies

if TYPE_CHECKING:
    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_labelfix.widgets.viewer.image_planes import Index


class _Known(NamedTuple):
    """A plane of accepted objects, what it was looked at beside, and what came of it; None where there is nothing."""

    accepted: NDArray[np.integer] | None
    labels: NDArray[np.integer] | None
    trusted: tuple[NDArray[np.integer], NDArray[np.bool_]]


class _NoLabels:
    """Stands for no labels beside the accepted objects."""


_NO_LABELS = _NoLabels()
_KNOWN: WeakKeyDictionary[Labels, WeakKeyDictionary[Any, dict[Index, _Known]]] = WeakKeyDictionary()


def trusted_plane(
    accepted: Labels, index: Index, given: Labels | None = None
) -> tuple[NDArray[np.integer], NDArray[np.bool_]]:
    """Return what `trust_accepted` makes of a plane: the same two arrays as long as nothing in it changes.

    Parameters
    ----------
    accepted
        What a person has accepted.
    index
        Of the plane.
    given
        Labels of low quality; None where there are no others than those that were accepted.
    """
    planes = _KNOWN.setdefault(accepted, WeakKeyDictionary()).setdefault(_NO_LABELS if given is None else given, {})
    objects, known = plane_copies(accepted).of(index), planes.get(index)
    # of the given labels others may write into the array, past any history: they are compared, in a hundredth of the
    # time that working it out takes
    labels = None if given is None else np.asarray(given.data[index])
    if known is None or known.accepted is not objects or not _same(known.labels, labels):
        from napari_labelfix.review.trust import trust_accepted  # docks open without it

        there = objects if objects is not None else np.zeros(accepted.data.shape[-2:], accepted.data.dtype)
        trusted = trust_accepted(np.zeros_like(there) if labels is None else labels, there)
        known = planes[index] = _Known(objects, None if labels is None else labels.copy(), trusted)
    return known.trusted


def _same(before: NDArray[np.integer] | None, now: NDArray[np.integer] | None) -> bool:
    if before is None or now is None:
        return before is now
    return before.dtype == now.dtype and np.array_equal(before, now)
