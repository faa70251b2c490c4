"""When to stop trusting given labels: when a network has learned what is common to them, and begins to learn the rest.

ADELE: Liu et al., "Adaptive Early-Learning Correction for Segmentation from Noisy Annotations", CVPR 2022. The curve
and what is compared are those of SISSI: Elbatel et al., 2022.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import least_squares

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FEWEST = 3  # epochs: as many as the curve has parameters
_SMALLEST, _LARGEST = 1e-3, 1e3
_TIE = 1e-3  # weight by which, of curves that fit alike, that with the larger b is taken: many are flat


class Curve(NamedTuple):
    """`a (1 - exp(-x^b / c))`, how far a network agrees with given labels after x epochs."""

    a: float
    b: float
    c: float

    def value(self, x: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the curve at these epochs."""
        return self.a * (1 - np.exp(-(x**self.b) / self.c))

    def slope(self, x: float) -> float:
        """Return its derivative at an epoch above 0."""
        return float(self.a * self.b / self.c * x ** (self.b - 1) * np.exp(-(x**self.b) / self.c))


def fit(agreement: Sequence[float]) -> Curve:
    """Fit the curve to the agreement after epochs 1, 2, ...; later epochs weigh more.

    Parameters
    ----------
    agreement
        AP50 of what the network finds, against the given boxes, in [0, 1].
    """
    x = np.arange(1, len(agreement) + 1, dtype=float)
    y = np.asarray(agreement, float)

    def residuals(parameters: NDArray[np.floating]) -> NDArray[np.floating]:
        curve = Curve(*parameters)
        return np.append(np.sqrt(x) * (curve.value(x) - y), _TIE * (1 - curve.b))

    bounds = ([0, 0, _SMALLEST], [1, 1, _LARGEST])
    starts = [(max(y.max(), 0.01), 0.9, c) for c in (0.3, 1.0, 5.0)]
    fits = [least_squares(residuals, np.clip(start, *bounds), bounds=bounds) for start in starts]
    return Curve(*(float(value) for value in min(fits, key=lambda found: found.cost).x))


def slowdown(agreement: Sequence[float]) -> float:
    """Return how far the gain in agreement has fallen since the first epoch: 0 not at all, 1 to nothing.

    It is 0 while there are fewer epochs than the curve has parameters.
    """
    if len(agreement) < FEWEST:
        return 0.0
    curve = fit(agreement)
    first, now = curve.slope(1.0), curve.slope(float(len(agreement)))
    return abs(first - now) / first if first > 0 else 1.0
