"""P-classification: a linear ranking that cares for its top, solved to its optimum.

Ertekin & Rudin, "On Equivalence Relationships Between Classification and Ranking Algorithms", JMLR 2011.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

if TYPE_CHECKING:
    from numpy.typing import NDArray

DECAY = 0.1  # weight of the L2 term; without one, samples that can be parted have no optimum
STEEPEST = 50.0  # the exponential goes on as a line from here, far from any optimum, so that it cannot overflow


@dataclass(frozen=True, eq=False)
class ScoringFunction:
    """A linear function f(x) = weights . x / scale + bias to rank by, and how far from its optimum it is.

    Parameters
    ----------
    weights, scale
        (F,) each; the scale is the largest absolute value of each feature among the samples.
    bias
        A number.
    residual
        The largest absolute entry of the loss's gradient where it was left: 0 at the optimum.
    """

    weights: NDArray[np.float64]
    scale: NDArray[np.float64]
    bias: float
    residual: float

    def score(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return (N,) scores of features (N, F): the higher, the more like the samples that belong on top."""
        return np.asarray(features / self.scale @ self.weights + self.bias, np.float64)


@dataclass(frozen=True, eq=False)
class Samples:
    """Features (N, F), at least one row, and how much each counts beside the others: weights (N,) from 0 up."""

    features: NDArray[np.floating]
    weights: NDArray[np.floating]


def learn_ranking(top: Samples, rest: Samples, power: float) -> ScoringFunction:
    """Minimise sum_top exp(-f) + 1/p sum_rest exp(p f), both as weighted means, plus an L2 term, over linear f.

    The problem is convex and smooth, and L-BFGS solves it. The paper prints exp(f) in the second sum, where p were but
    a weight; exp(p f) is what Ertekin and Rudin define.

    Parameters
    ----------
    top, rest
        Samples that belong on top, and the others.
    power
        p from 1 up: the larger, the more the highest of the rest count.
    """
    scale = np.abs(np.concatenate([top.features, rest.features])).max(axis=0).astype(np.float64)
    scale[scale == 0] = 1
    a, b = _with_bias(top.features / scale), _with_bias(rest.features / scale)
    share_a, share_b = (samples.weights / samples.weights.sum() for samples in (top, rest))
    penalised = np.append(np.full(len(scale), DECAY), 0.0)  # all but the bias

    def loss(x: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        low, low_slope = _exponential(-a @ x)
        high, high_slope = _exponential(power * (b @ x))
        value = share_a @ low + share_b @ high / power + 0.5 * penalised @ x**2
        gradient = -(share_a * low_slope) @ a + (share_b * high_slope) @ b + penalised * x
        return float(value), gradient

    start = np.zeros(len(scale) + 1)
    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 10_000, "maxfun": 20_000, "ftol": 0, "gtol": 1e-8}
    )
    return ScoringFunction(found.x[:-1], scale, float(found.x[-1]), float(np.abs(loss(found.x)[1]).max()))


def _with_bias(features: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.column_stack([features.astype(np.float64), np.ones(len(features))])


def _exponential(x: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return exp(x) and its slope; beyond `STEEPEST` its tangent, which is convex too."""
    slope = np.exp(np.minimum(x, STEEPEST))
    return slope * (1 + np.maximum(x - STEEPEST, 0)), slope
