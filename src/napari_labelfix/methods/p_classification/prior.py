"""How many of the unlabelled samples are positive: an estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 5
LOWEST, HIGHEST = 0.05, 0.95  # an estimate from a few points is no reason to rule either out


def estimate_prior(positive: NDArray[np.floating], unlabelled: NDArray[np.floating], seed: int) -> float:
    """Return the share of positives among unlabelled samples.

    A logistic regression learns to tell labelled from unlabelled. With c its mean probability g for the labelled, an
    unlabelled sample is positive with probability (1 - c) / c * g / (1 - g); the estimate is the mean of that. All
    probabilities are those of samples that it has not learned from.

    Parameters
    ----------
    positive, unlabelled
        (P, F), (U, F) features; at least two positives and two unlabelled samples.

    Notes
    -----
    Elkan & Noto, Learning Classifiers from Only Positive and Unlabeled Data, KDD 2008.
    """
    samples = np.concatenate([positive, unlabelled])
    labelled = np.arange(len(samples)) < len(positive)
    folds = StratifiedKFold(min(FOLDS, len(positive), len(unlabelled)), shuffle=True, random_state=seed)
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    g = cross_val_predict(classifier, samples, labelled, cv=folds, method="predict_proba")[:, 1].clip(1e-3, 1 - 1e-3)
    c = g[labelled].mean()
    share = ((1 - c) / c * g[~labelled] / (1 - g[~labelled])).clip(0, 1).mean()
    return float(np.clip(share, LOWEST, HIGHEST))
