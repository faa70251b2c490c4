"""Where in its object a pixel lies: the horizontal and vertical maps of HoVer-Net."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def hover_maps(labels: NDArray[np.integer]) -> NDArray[np.float32]:
    """Return how far each pixel lies from the centre of mass of its object.

    Parameters
    ----------
    labels
        (Y, X) object ids, 0 = background.

    Returns
    -------
    NDArray[np.float32]
        (2, Y, X) horizontal and vertical distance: -1 at the leftmost or topmost pixel of an object, 0 at its centre of
        mass and in the background, 1 at the rightmost or lowest pixel.

    Notes
    -----
    Graham et al., HoVer-Net, Medical Image Analysis 2019. MONAI's `ComputeHoVerMaps` returns the same, but looks
    through the whole image once for each object.
    """
    maps = np.zeros((2, *labels.shape), np.float32)
    inside = labels > 0
    ids, objects = np.unique(labels[inside], return_inverse=True)
    rows, columns = np.nonzero(inside)
    for place, positions in enumerate((columns, rows)):
        maps[place][inside] = _from_the_centre(positions, objects, len(ids))
    return maps


def _from_the_centre(positions: NDArray[np.intp], objects: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    """Return positions (N,) relative to the mean of their object, and to how far it reaches on that side."""
    means = np.bincount(objects, positions, count) / np.bincount(objects, minlength=count)
    distance = positions - means[objects]
    reach = np.zeros((2, count))
    beyond = (distance > 0).astype(int)
    np.maximum.at(reach, (beyond, objects), np.abs(distance))
    return np.divide(distance, reach[beyond, objects], out=np.zeros(len(distance)), where=distance != 0)
