"""Steps 2 to 5 of a round: patches at what is found, their ranking, and pseudo-labels from both its ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_labelfix.methods.p_classification.classifier import PatchClassifier, cut_patches
from napari_labelfix.methods.p_classification.prior import estimate_prior
from napari_labelfix.methods.p_classification.ranking import learn_ranking
from napari_labelfix.snapshots import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import Tensor

    from napari_labelfix.methods.p_classification.session import Session

FEWEST = 4  # unmarked detections; fewer have no ends


@dataclass(eq=False)
class Selection:
    """The unmarked detections of all planes, and what is made of them.

    Parameters
    ----------
    session
        The planes, each with a heatmap.
    """

    session: Session

    def __post_init__(self) -> None:
        sheets = self.session.sheets
        found = [self.session.unmarked(index) for index in range(len(sheets))]
        self._planes = np.repeat(np.arange(len(sheets)), [len(positions) for positions in found])
        self._positions = np.concatenate(found)
        self._positive = self._patches([sheet.positives for sheet in sheets])
        self._negative = self._patches([sheet.points.negatives for sheet in sheets])
        self._unlabelled = self._patches(found)
        self.metrics: dict[str, float] = {}

    @property
    def is_possible(self) -> bool:
        """Whether there are enough unmarked detections to choose from."""
        return len(self._unlabelled) >= FEWEST

    def learn(self) -> Iterator[float]:
        """Train the patch classifier; yield its risk after each epoch."""
        params = self.session.params
        self._classifier = PatchClassifier(self.session.channels, params, self.session.device)
        prior = params.prior
        if not prior:
            positive, unlabelled = map(self._classifier.encoded, (self._positive, self._unlabelled))
            prior = estimate_prior(positive, unlabelled, params.seed)
        self.metrics["prior"] = prior
        yield from self._classifier.learn(self._positive, self._unlabelled, self._negative, prior)

    def choose(self) -> None:
        """Rank the unmarked detections, and make the ends of the ranking pseudo-labels of their planes."""
        params = self.session.params
        positive, unlabelled = map(self._classifier.features, (self._positive, self._unlabelled))
        likely = learn_ranking(positive, unlabelled, params.power)
        unlikely = learn_ranking(unlabelled, positive, params.power)
        self.metrics["residual"] = max(likely.residual, unlikely.residual)
        count = min(int(np.ceil(params.share * len(unlabelled))), len(unlabelled) // 2)
        best = np.argsort(-likely.score(unlabelled), kind="stable")[:count]
        worst = np.setdiff1d(np.argsort(-unlikely.score(unlabelled), kind="stable")[:count], best)
        self._add(Role.PSEUDO_POSITIVE, best)
        self._add(Role.PSEUDO_NEGATIVE, worst)

    def _add(self, role: Role, chosen: NDArray[np.intp]) -> None:
        for index, sheet in enumerate(self.session.sheets):
            here = chosen[self._planes[chosen] == index]
            before = sheet.pseudo.get(role, self._positions[:0])
            sheet.pseudo[role] = np.concatenate([before, self._positions[here]])

    def _patches(self, positions: list[NDArray[np.floating]]) -> Tensor:
        sheets = self.session.sheets
        cut = [
            cut_patches(sheet.image, places, sheet.points.radius)
            for sheet, places in zip(sheets, positions, strict=True)
        ]
        return torch.cat(cut)
