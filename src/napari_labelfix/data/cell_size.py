"""How large the cells of an image are, as a blob detector sees it: an estimate to begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter, laplace
from skimage.feature import peak_local_max
from skimage.transform import downscale_local_mean

from napari_labelfix.data.gaps import filled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

SMALLEST, LARGEST = 6.0, 120.0  # diameters that are looked for, in pixels of the image
_LONGEST_SIDE = 320  # pixels that an image is shrunk to, for an answer within a few tens of milliseconds
_LARGEST_SHRINK = 3  # or the smallest cells would be no more than a pixel: then parts are looked at
_PARTS, _SIDE = 4, 240  # of an image that stays larger, and the side of each in pixels of the shrunk image
_CELLS, _CELL_SIDE = 24, 96  # that are looked at where cells are known, and the side of what is seen around each
_SCALES = 14
_STRONG = 0.5  # share of the strongest responses that a blob must reach
_EDGES = 0.1  # share of the pixels of an image that count as edges


def estimate_diameter(image: NDArray[np.generic], centres: NDArray[np.floating] | None = None) -> float:
    """Return the diameter of a typical cell, in pixels; of a large image, as it is where most is to be seen.

    Parameters
    ----------
    image
        (Y, X) or (Y, X, C); cells may be bright or dark, and it is no matter how bright the background is.
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
    grey, shrink = _shrunk(filled(np.asarray(image)))
    largest = max(SMALLEST, min(LARGEST, min(grey.shape) * shrink / 2))
    diameters = np.geomspace(SMALLEST, largest, _SCALES)
    sigmas = diameters / shrink / (2 * np.sqrt(2))
    if centres is not None and len(centres):
        spots = np.floor((np.asarray(centres) + 0.5) / shrink).astype(int)
        return _strongest_at(grey, np.clip(spots, 0, np.array(grey.shape) - 1), diameters, sigmas)
    return _typical_blob([_responses(part, sigmas) for part in _parts(grey)], diameters)


def _shrunk(image: NDArray[np.generic]) -> tuple[NDArray[np.float32], int]:
    """Return what is looked at, (H, W) with a mean of 0, and how many pixels of the image are one of it."""
    height, width = image.shape[:2]
    shrink = max(1, min(-(-max(height, width) // _LONGEST_SIDE), _LARGEST_SHRINK, height, width))
    exact = np.float32 if image.dtype.itemsize <= 2 or image.dtype == np.float32 else np.float64
    whole = image[: height // shrink * shrink, : width // shrink * shrink]  # blocks, or there would be a dark rim
    channels = whole[..., np.newaxis] if whole.ndim == 2 else whole
    grey = np.zeros((height // shrink, width // shrink), exact)
    for channel in np.moveaxis(channels, -1, 0):
        grey += downscale_local_mean(channel.astype(exact), (shrink, shrink)) / channels.shape[-1]
    return (grey - grey.mean()).astype(np.float32), shrink


def _responses(grey: NDArray[np.float32], sigmas: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return (scales, H, W) how strongly each pixel answers as the centre of a dark blob.

    Two filters: a Laplacian of Gaussian that is sampled sums to 0 for none but large sigmas, and what is left of the
    brightness outweighs every cell. A pixel more on each side, or the second filter would see edges at the border.
    """
    wider = np.pad(grey, 1, mode="edge")
    smooth = (gaussian_filter(wider, sigma, mode="nearest") for sigma in sigmas)
    return np.stack([sigma**2 * laplace(of)[1:-1, 1:-1] for sigma, of in zip(sigmas.tolist(), smooth, strict=True)])


def _parts(grey: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """Cut out of a large image where most of its edges are: whatever is strong, but small, counts for little."""
    if grey.size <= _PARTS * _SIDE**2:
        yield grey
        return
    steep = np.hypot(*np.gradient(grey)) if min(grey.shape) > 1 else np.abs(grey)
    edges = steep > np.quantile(steep[::2, ::2], 1 - _EDGES)
    starts = [np.linspace(0, max(0, length - _SIDE), -(-length // _SIDE)).astype(int) for length in grey.shape]
    parts = [np.s_[row : row + _SIDE, column : column + _SIDE] for row in starts[0] for column in starts[1]]
    for part in sorted(parts, key=lambda part: -np.count_nonzero(edges[part]))[:_PARTS]:
        yield grey[part]


def _strongest_at(
    grey: NDArray[np.float32], spots: NDArray[np.intp], diameters: NDArray[np.floating], sigmas: NDArray[np.floating]
) -> float:
    """Return the median over the spots (N, 2) of the diameter that answers most strongly there."""
    if grey.size <= _PARTS * _SIDE**2:
        at_spots = _responses(grey, sigmas)[:, spots[:, 0], spots[:, 1]]
    else:
        chosen = spots[np.linspace(0, len(spots) - 1, min(len(spots), _CELLS)).astype(int)]
        corners = np.clip(chosen - _CELL_SIDE // 2, 0, np.maximum(0, np.array(grey.shape) - _CELL_SIDE))
        windows = [grey[row : row + _CELL_SIDE, column : column + _CELL_SIDE] for row, column in corners]
        seen = [_responses(window, sigmas)[:, y, x] for window, (y, x) in zip(windows, chosen - corners, strict=True)]
        at_spots = np.stack(seen, axis=1)
    return float(np.median(diameters[np.abs(at_spots).argmax(axis=0)]))


def _typical_blob(responses: list[NDArray[np.float32]], diameters: NDArray[np.floating]) -> float:
    """Return the median diameter, weighed by size, of the strong blobs: bright or dark, whichever stand out more."""
    every = 1 if len(responses) == 1 else 3  # pixels: it takes long, and many are left
    seen = np.concatenate([response[:, ::every, ::every].ravel() for response in responses])
    bright, dark = -np.percentile(seen, 0.5), np.percentile(seen, 99.5)
    sign, least = (-1 if bright >= dark else 1), _STRONG * max(bright, dark)
    scales = np.concatenate([_peaks(sign * response, least) for response in responses])
    inner = scales[(scales > 0) & (scales < len(diameters) - 1)]  # at the ends of the range nothing peaks
    found = np.sort(diameters[inner if len(inner) else scales])
    if not found.size:
        return float(np.median(diameters))
    weight = np.cumsum(found)  # by size, or the grain of a tissue would outvote its nuclei
    return float(found[np.searchsorted(weight, weight[-1] / 2)])


def _peaks(blobs: NDArray[np.float32], least: float) -> NDArray[np.intp]:
    """Return (N,) at which scales the blobs of a part are that answer at least so strongly."""
    return np.asarray(peak_local_max(blobs, min_distance=1, threshold_abs=least, exclude_border=False)[:, 0])
