"""Every image becomes (Y, X, C) float32 with its dark end near 0 and its bright end near 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.data.gaps import has_gaps

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOW, HIGH = 0.5, 99.5  # percentiles: robust to dead and saturated pixels
_FARTHEST = 1000.0
_ENOUGH = 1_000_000  # pixels; more do not change a percentile


@dataclass(frozen=True, eq=False)
class Levels:
    """What becomes 0 in each channel, and how much brighter is 1.

    Parameters
    ----------
    dark, span
        (C,) of the precision that the image's numbers need: float32, or float64.
    """

    dark: NDArray[np.floating]
    span: NDArray[np.floating]

    @classmethod
    def of(cls, image: NDArray[np.generic]) -> Levels:
        """Return the levels of an image (Y, X) or (Y, X, C): its 0.5th percentile and its distance to the 99.5th."""
        pixels = _with_channels(image)
        if has_gaps(pixels):
            return cls._of_known(pixels)
        stride = max(1, int(np.sqrt(pixels.shape[0] * pixels.shape[1] / _ENOUGH)))
        precision = _precision(image.dtype)
        sample = pixels[::stride, ::stride].astype(precision)
        low, high = np.percentile(sample, (LOW, HIGH), axis=(0, 1))
        # a channel that is nearly all one value, as sparse spots on black are, is scaled by its whole range instead
        flat = high - low <= 0
        if flat.any():
            low = np.where(flat, pixels.min(axis=(0, 1)).astype(precision), low)
            high = np.where(flat, pixels.max(axis=(0, 1)).astype(precision), high)
        return cls(low.astype(precision), np.where(high > low, high - low, 1).astype(precision))

    @classmethod
    def _of_known(cls, pixels: NDArray[np.generic]) -> Levels:
        """Return the levels (C,) of those pixels (Y, X, C) that have numbers; a channel without any is 0."""
        channels = (channel[np.isfinite(channel)] for channel in np.moveaxis(pixels, -1, 0))
        levels = [cls.of(known[:, np.newaxis]) if known.size else cls(np.zeros(1), np.ones(1)) for known in channels]
        precision = _precision(pixels.dtype)
        dark, span = (np.concatenate([getattr(of, name) for of in levels]) for name in ("dark", "span"))
        return cls(dark.astype(precision), span.astype(precision))

    def normalize(self, image: NDArray[np.generic]) -> NDArray[np.float32]:
        """Scale an image, or a part of it: (Y, X) or (Y, X, C) -> (Y, X, C) float32, 0 where it has no numbers."""
        pixels = _with_channels(image).astype(self.dark.dtype)
        with np.errstate(over="ignore"):
            pixels -= self.dark
            pixels /= self.span
        if has_gaps(pixels):
            pixels[~np.isfinite(pixels)] = 0
        np.clip(pixels, -_FARTHEST, _FARTHEST, out=pixels)
        return pixels.astype(np.float32, copy=False)


def normalize(image: NDArray[np.generic]) -> NDArray[np.float32]:
    """Scale each channel so that its 0.5th percentile is 0 and its 99.5th is 1; values beyond are kept.

    Only those that are a thousand times as far are cut to that: of a broken pixel of 1e30 nothing good is learned.

    Parameters
    ----------
    image
        (Y, X) or (Y, X, C), any integer, floating or boolean type; what is NaN or infinite becomes 0.

    Returns
    -------
    NDArray[np.float32]
        (Y, X, C).
    """
    return Levels.of(image).normalize(image)


def _precision(dtype: np.dtype[Any]) -> type[np.floating]:
    """Return in which numbers to calculate: those of 32 bits lose the differences of large ones of 32 bits or more."""
    exact = dtype.itemsize < 4 or dtype == np.float32
    return np.float32 if exact else np.float64


def _with_channels(image: NDArray[np.generic]) -> NDArray[np.generic]:
    return image[..., np.newaxis] if image.ndim == 2 else image
