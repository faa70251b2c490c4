"""How much a candidate is like what is marked: what the detector and a simple classifier of patches say together.

Nothing here has learned from what it judges, so that marked cells and unmarked ones can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 5
STIFFNESS = 0.001  # C of the logistic regression: marked cells are far fewer than features
LIKENESS = 0.5  # weight of what patches look like beside the height of the heatmap, which has seen more cells


@dataclass(frozen=True, eq=False)
class Seen:
    """Marked cells, or candidates: features (N, F) of their patches and heights (N,) of the heatmap at them."""

    features: NDArray[np.floating]
    heights: NDArray[np.floating]


class Evidence:
    """What speaks for a cell, at marked cells and at candidates.

    Scores and heights cannot be compared, and err at different samples. What is compared are places among the
    candidates, and what is added are places, too (a weighted Borda count).

    Parameters
    ----------
    marked, candidates
        At least two of each.
    seed
        Of the folds of a cross-validation.

    Attributes
    ----------
    marked, candidates
        (P,), (U,) from 0 to 1: the more, the more like a cell.
    """

    def __init__(self, marked: Seen, candidates: Seen, seed: int) -> None:
        likeness, others = tell_apart(marked.features, candidates.features, seed)
        self._height_places = places_among(candidates.heights, candidates.heights)
        self.marked = _weigh(places_among(marked.heights, candidates.heights), places_among(likeness, others))
        self.candidates = self.beside_heights(others)

    def beside_heights(self, scores: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return (U,) from 0 to 1 what some scores (U,) of the candidates and their heights say together."""
        return _weigh(self._height_places, places_among(scores, scores))

    def surely_background(self, prior: float, risk: float) -> NDArray[np.bool_]:
        """Return (U,) which candidates can be taken for background.

        Those with the least evidence: with less than all but a share of the marked cells, and so few that no more than
        that share of them are cells. As many of the cells among the candidates have little evidence as of the marked
        ones, and how many there are the prior tells: where most candidates are cells, few can be taken, if any.

        Parameters
        ----------
        prior
            Share of cells among the candidates.
        risk
            The share, from 0 to 1; at 1 all can be taken.
        """
        if risk >= 1:
            return np.ones(len(self.candidates), bool)
        rising = np.sort(self.candidates)
        marked_below = (self.marked[:, np.newaxis] <= rising).sum(axis=0)
        cells_below = prior * len(rising) * (marked_below + 0.5) / (len(self.marked) + 1)
        pure = rising[cells_below <= risk * np.arange(1, len(rising) + 1)]
        highest = pure[-1] if len(pure) else -np.inf
        return np.asarray((self.candidates <= highest) & (self.candidates < np.quantile(self.marked, risk)))


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
    rising = np.sort(others)
    below, not_above = (np.searchsorted(rising, scores, side) for side in ("left", "right"))
    return (below + not_above) * (50.0 / len(rising)) / 100  # as scipy's percentileofscore calculates it


def _weigh(height_places: NDArray[np.float64], likeness_places: NDArray[np.float64]) -> NDArray[np.float64]:
    return (height_places + LIKENESS * likeness_places) / (1 + LIKENESS)
