"""The risk of a classifier that learns from positives and unlabelled samples alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


def positive_unlabelled_risk(positive: Tensor, unlabelled: Tensor, prior: float) -> Tensor:
    """Return R = prior R_p(+1) + max(0, R_u(-1) - prior R_p(-1)), the non-negative risk.

    R_p(+1) is the mean loss of the positives taken as positive, R_p(-1) taken as negative, and R_u(-1) that of the
    unlabelled samples taken as negative. The loss of a score t with label y is sigmoid(-t y), the differentiable
    surrogate of the zero-one loss.

    Parameters
    ----------
    positive
        (P,) scores of samples known to be positive.
    unlabelled
        (U,) scores of samples of which a share of `prior` is positive.
    prior
        In [0, 1].

    Returns
    -------
    Tensor
        A scalar from 0 up.

    Notes
    -----
    Kiryo et al., Positive-Unlabeled Learning with Non-Negative Risk Estimator, NeurIPS 2017, equation 6.
    """
    as_positive, as_negative = torch.sigmoid(-positive).mean(), torch.sigmoid(positive).mean()
    return prior * as_positive + (torch.sigmoid(unlabelled).mean() - prior * as_negative).clamp(min=0)
