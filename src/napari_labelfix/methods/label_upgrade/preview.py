"""What training labels look like: right labels, spoiled. No torch here: the dock shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.annotations import Instances
from napari_labelfix.data.normalize import normalize
from napari_labelfix.errors import InputError
from napari_labelfix.methods.label_upgrade.perturbations import (
    chosen_perturbation,
    find_segments,
    object_scale,
    other_objects,
    perturb,
    segments_near,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_labelfix.annotations import Plane
    from napari_labelfix.methods.label_upgrade.params import LabelUpgradeParams


def preview(plane: Plane, params: LabelUpgradeParams, seed: int) -> NDArray[np.int32]:
    """Return the labels of the right part of a plane, spoiled as the training does it.

    Parameters
    ----------
    plane
        With `Instances`.
    params
        They say what is wrong.
    seed
        Another one, other mistakes.

    Returns
    -------
    NDArray[np.int32]
        (Y, X), 0 outside the right part.

    Raises
    ------
    InputError
        If no part of the plane is right.
    """
    given = plane.annotation
    if not isinstance(given, Instances) or not given.known().any():
        raise InputError(f"No part of {plane.name} is right. Outline one there, or go to a plane that has one.")
    rows, columns = np.nonzero(given.known())
    window = slice(int(rows.min()), int(rows.max()) + 1), slice(int(columns.min()), int(columns.max()) + 1)
    trusted = given.known()[window]
    right = given.right()[window].astype(np.int32)
    rng = np.random.default_rng(seed)
    if given.others is not None:
        found = given.others[window]
    else:
        pixels, scale = normalize(plane.image), object_scale(right)
        segments = segments_near(given.known(), window, lambda part: find_segments(pixels[part], scale))
        found = other_objects(segments, right, rng)
    spoiled = np.zeros(plane.shape, np.int32)
    made = perturb(right, found, chosen_perturbation(params), rng)
    spoiled[window] = np.where(trusted, made, 0)
    return spoiled
