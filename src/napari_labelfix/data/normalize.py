"""Every image becomes (Y, X, C) float32 with its dark end near 0 and its bright end near 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOW, HIGH = 0.5, 99.5  # percentiles: robust to dead and saturated pixels
_ENOUGH = 1_000_000  # pixels; more do not change a percentile


def normalize(image: NDArray[np.generic]) -> NDArray[np.float32]:
    """Scale each channel so that its 0.5th percentile is 0 and its 99.5th is 1; values beyond are kept.

    Parameters
    ----------
    image
        (Y, X) or (Y, X, C), any integer, floating or boolean type, finite.

    Returns
    -------
    NDArray[np.float32]
        (Y, X, C).
    """
    pixels = image.astype(np.float32)
    pixels = pixels[..., np.newaxis] if pixels.ndim == 2 else pixels
    stride = max(1, int(np.sqrt(pixels.shape[0] * pixels.shape[1] / _ENOUGH)))
    sample = pixels[::stride, ::stride]
    low, high = np.percentile(sample, (LOW, HIGH), axis=(0, 1))
    # a channel that is nearly all one value, as sparse spots on black are, is scaled by its whole range instead
    flat = high - low <= 0
    low = np.where(flat, pixels.min(axis=(0, 1)), low)
    high = np.where(flat, pixels.max(axis=(0, 1)), high)
    scale = np.where(high > low, high - low, 1)
    return np.asarray((pixels - low.astype(np.float32)) / scale.astype(np.float32), np.float32)
