"""Steps 2 to 5 of a round: patches at what is found, their ranking, and pseudo-labels from both its ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_labelfix.methods.p_classification.candidates import CANDIDATE, climb
from napari_labelfix.methods.p_classification.classifier import PatchClassifier, cut_patches, encode_patches
from napari_labelfix.methods.p_classification.evidence import Evidence, Seen
from napari_labelfix.methods.p_classification.given import NOWHERE
from napari_labelfix.methods.p_classification.prior import estimate_prior
from napari_labelfix.methods.p_classification.ranking import Samples, learn_ranking
from napari_labelfix.snapshots import PointRole, Ranking

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from napari_labelfix.methods.p_classification.session import Session

FEWEST = 4  # unmarked candidates; fewer have no ends


class Selection:
    """The unmarked candidates of all planes, and what is made of them.

    Parameters
    ----------
    session
        The planes, each with a heatmap.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        found = [session.unmarked(index, CANDIDATE) for index in range(len(session.pages))]
        self._planes = np.repeat(np.arange(len(found)), [len(positions) for positions in found])
        self._positions = np.concatenate(found)
        self.metrics: dict[str, float] = {}

    @property
    def is_possible(self) -> bool:
        """Whether there are enough candidates to choose from."""
        return len(self._positions) >= FEWEST

    def learn(self, network: torch.nn.Module) -> Iterator[float]:
        """Train the patch classifier on what a U-Net sees in the patches; yield its risk after each epoch.

        The risk that it ends with is kept among the `metrics`.
        """
        pages, params = self.session.pages, self.session.params
        # a marked centre is not quite where the detector has its maximum, and must not be told apart by that
        given = [climb(page.points.positions, page.heatmap, page.points.radius) for page in pages]
        chosen = [page.pseudo.get(PointRole.PSEUDO_POSITIVE, NOWHERE) for page in pages]
        found = [self._positions[self._planes == index] for index in range(len(pages))]
        labelled = self._encode(network, given)
        self._positive = torch.cat([labelled, self._encode(network, chosen)], dim=1)
        self._unlabelled = self._encode(network, found)
        negative = self._encode(network, [page.points.negatives for page in pages])
        self._evidence = Evidence(self._seen(labelled, given), self._seen(self._unlabelled, found), params.seed)
        self._prior = params.prior or estimate_prior(self._evidence.marked, self._evidence.candidates)
        self.metrics["prior"] = self._prior
        self._classifier = PatchClassifier(self._positive, self._unlabelled)
        for risk in self._classifier.learn(negative, self._prior, params.classifier_epochs):
            self.metrics["risk"] = risk
            yield risk

    def _seen(self, encoded: Tensor, positions: Sequence[NDArray[np.floating]]) -> Seen:
        """Return what is seen at positions (N, 2) of each plane, where patches are encoded (VIEWS, N, F)."""
        heights = [page.heights(at) for page, at in zip(self.session.pages, positions, strict=True)]
        return Seen(encoded.mean(dim=0).numpy(force=True), np.concatenate(heights))

    def choose(self) -> Ranking:
        """Rank the candidates, make the ends of the ranking pseudo-labels of their planes, and return the ranking.

        A candidate counts among the others as far as the classifier doubts it: where most candidates are cells, the
        highest of them would else be pushed down most. Its place by height counts beside its place in the ranking, and
        nothing becomes background that may well be a cell.
        """
        params = self.session.params
        features = self._classifier.features(self._unlabelled)
        positive = self._classifier.features(self._positive)
        known = Samples(positive, np.ones(len(positive)))
        others = Samples(features, self._classifier.doubt(self._unlabelled).clip(1e-6))
        likely = learn_ranking(known, others, params.power)
        unlikely = learn_ranking(others, known, params.power)
        self.metrics["residual"] = max(likely.residual, unlikely.residual)
        cells = self._prior * len(features)  # to be expected
        scores = self._evidence.beside_heights(likely.score(features))
        doubts = -self._evidence.beside_heights(-unlikely.score(features))
        best = _highest(scores, int(np.ceil(params.share * cells)))
        worst = _highest(doubts, int(np.ceil(params.negative_share * (len(features) - cells))))
        sure = self._evidence.surely_background(self._prior, params.risk)
        worst = np.setdiff1d(worst[sure[worst]], best)
        self._add(PointRole.PSEUDO_POSITIVE, best)
        self._add(PointRole.PSEUDO_NEGATIVE, worst)
        order = np.argsort(-scores, kind="stable")
        places = np.argsort(order)
        chosen = {"pseudo-positive": np.sort(places[best]), "pseudo-negative": np.sort(places[worst])}
        return Ranking(scores[order].astype(np.float32), chosen)

    def _add(self, role: PointRole, chosen: NDArray[np.intp]) -> None:
        for index, page in enumerate(self.session.pages):
            here = chosen[self._planes[chosen] == index]
            page.add_pseudo(role, self._positions[here])

    def _encode(self, network: torch.nn.Module, positions: Sequence[NDArray[np.floating]]) -> Tensor:
        """Return (VIEWS, N, F) the encoded patches at positions (N, 2) of each plane."""
        cut = [
            cut_patches(page.image, places, page.points.radius)
            for page, places in zip(self.session.pages, positions, strict=True)
        ]
        return encode_patches(network, torch.cat(cut))


def _highest(scores: NDArray[np.floating], count: int) -> NDArray[np.intp]:
    return np.argsort(-scores, kind="stable")[:count]
