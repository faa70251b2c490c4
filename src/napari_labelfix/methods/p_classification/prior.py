"""How many of the unlabelled samples are positive: an estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BIN = 0.4  # of the positives that the best bin has at least; the highest few of a handful say nothing
LOWEST, HIGHEST = 0.02, 0.95  # an estimate from a few points is no reason to rule either out


def estimate_prior(positive: NDArray[np.floating], unlabelled: NDArray[np.floating]) -> float:
    """Return the share of positives among unlabelled samples.

    Above a threshold lies a share q_p of the positives and q_u of the unlabelled. Were all of the unlabelled there
    positive, q_u / q_p were their share; some are not, so that it is an upper bound, and the lowest one is taken. Of P
    positives n lie above the n-th of them, and for q_p it is n / (P + 1) that is expected.

    Parameters
    ----------
    positive, unlabelled
        (P,), (U,) scores, high for positives, each from a model that has not learned from that sample; neither empty.

    Notes
    -----
    Best bin estimation: Garg, Wu, Smola, Balakrishnan & Lipton, Mixture Proportion Estimation and PU Learning: A Modern
    Approach, NeurIPS 2021. They keep away from small bins by a confidence term for hundreds of positives; with six it
    would leave but one bin. Here a bin has a share of the positives instead.
    """
    thresholds = np.sort(positive)[::-1]
    above = np.arange(1, len(positive) + 1)
    bounds = (unlabelled >= thresholds[:, np.newaxis]).mean(axis=1) / (above / (len(positive) + 1))
    return float(np.clip(bounds[above >= BIN * len(positive)].min(), LOWEST, HIGHEST))
