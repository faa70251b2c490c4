"""How large the cells of an image are, as a blob detector sees it: an estimate to begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_laplace
from skimage.feature import peak_local_max
from skimage.transform import downscale_local_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMALLEST, LARGEST = 6.0, 120.0  # diameters that are looked for, in pixels of the image
_LONGEST_SIDE = 320  # of what is looked at, for an answer within a few tens of milliseconds
_SCALES = 14
_STRONG = 0.5  # share of the strongest responses that a blob must reach


def estimate_diameter(image: NDArray[np.generic], centres: NDArray[np.floating] | None = None) -> float:
    """Return the diameter of a typical cell, in pixels.

    Parameters
    ----------
    image
        (Y, X) or (Y, X, C); cells may be bright or dark.
    centres
        (N, 2) row, column of some cells, where they are known: then only these are looked at.

    Returns
    -------
    float
        Between 6 and 120 px.

    Notes
    -----
    The scale-normalised Laplacian of Gaussian answers most strongly to a disc of diameter d where sigma is
    d / (2 sqrt 2): Lindeberg, Feature detection with automatic scale selection, Int J Comput Vis 30, 1998.
    """
    grey = np.asarray(image, np.float32)
    grey = grey.mean(axis=-1) if grey.ndim == 3 else grey
    shrink = max(1, -(-max(grey.shape) // _LONGEST_SIDE))
    grey = downscale_local_mean(grey, (shrink, shrink)) if shrink > 1 else grey
    largest = max(SMALLEST, min(LARGEST, min(grey.shape) * shrink / 2))
    diameters = np.geomspace(SMALLEST, largest, _SCALES)
    sigmas = diameters / shrink / (2 * np.sqrt(2))
    response = np.stack([sigma**2 * gaussian_laplace(grey, sigma, mode="nearest") for sigma in sigmas])
    if centres is not None and len(centres):
        return _strongest_at(response, diameters, np.asarray(centres) / shrink)
    return _typical_blob(response, diameters)


def _strongest_at(
    response: NDArray[np.floating], diameters: NDArray[np.floating], centres: NDArray[np.floating]
) -> float:
    """Return the median over the centres of the diameter that answers most strongly there."""
    rows, columns = np.clip(np.round(centres).astype(int), 0, np.array(response.shape[1:]) - 1).T
    at_centres = np.abs(response[:, rows, columns])  # (scales, N)
    return float(np.median(diameters[at_centres.argmax(axis=0)]))


def _typical_blob(response: NDArray[np.floating], diameters: NDArray[np.floating]) -> float:
    """Return the median diameter, weighed by size, of the strong blobs: bright or dark, whichever stand out more."""
    bright, dark = (np.percentile(sign * response, 99.5) for sign in (-1, 1))
    blobs = -response if bright >= dark else response
    peaks = peak_local_max(blobs, min_distance=1, threshold_abs=_STRONG * max(bright, dark), exclude_border=False)
    inner = peaks[(peaks[:, 0] > 0) & (peaks[:, 0] < len(diameters) - 1)]  # at the ends of the range nothing peaks
    found = np.sort(diameters[(inner if len(inner) else peaks)[:, 0]])
    if not found.size:
        return float(np.median(diameters))
    weight = np.cumsum(found)  # by size, or the grain of a tissue would outvote its nuclei
    return float(found[np.searchsorted(weight, weight[-1] / 2)])
