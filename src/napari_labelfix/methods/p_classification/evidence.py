"""How much a candidate is like what is marked: what the detector and a simple classifier of patches say together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import percentileofscore
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 5
STIFFNESS = 0.001  # C of the logistic regression: marked cells are far fewer than features
LIKENESS = 0.5  # weight of what patches look like beside the height of the heatmap, which has seen more cells


def tell_apart(
    positive: NDArray[np.floating], unlabelled: NDArray[np.floating], seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return scores of samples, high where they are like the positives, from models that have not learned from them.

    Parameters
    ----------
    positive, unlabelled
        (P, F), (U, F) features; at least two of each.
    seed
        Of the folds.

    Returns
    -------
    tuple of NDArray
        (P,), (U,) log-odds of a logistic regression that tells labelled from unlabelled samples.
    """
    samples = np.concatenate([positive, unlabelled])
    labelled = np.arange(len(samples)) < len(positive)
    folds = StratifiedKFold(min(FOLDS, len(positive), len(unlabelled)), shuffle=True, random_state=seed)
    classifier = make_pipeline(
        StandardScaler(), LogisticRegression(C=STIFFNESS, class_weight="balanced", max_iter=1000)
    )
    scores = cross_val_predict(classifier, samples, labelled, cv=folds, method="decision_function")
    return scores[labelled], scores[~labelled]


def places_among(scores: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return (N,) from 0 to 1: the share of others (M,) that each of the scores (N,) is above; a tie counts half."""
    return np.asarray(percentileofscore(others, scores, kind="mean"), np.float64) / 100


def weigh(height_places: NDArray[np.floating], likeness_places: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return (N,) a score of samples from their places (N,) by height and by likeness to marked cells.

    The two err at different samples, and their numbers cannot be compared; places can (a weighted Borda count).
    """
    return (height_places + LIKENESS * likeness_places) / (1 + LIKENESS)
