"""How well P-classification estimates the share of cells among its candidates, beside a classical estimator.

`python benchmarks/points_prior.py --data DIR`, with the images of `points.py`. It looks at the first look of each kind
and seed: no network is trained. With `--weights FOLDER` the look is that of weights that have not seen the kind, as in
`points.py`. Some seconds a kind and seed.
"""

from __future__ import annotations

import argparse
from math import log
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING

import numpy as np
import torch
from points import marked, scenes
from real_images import use_weights
from report import machine_facts, write_report
from scipy.spatial.distance import cdist
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from napari_labelfix.methods.p_classification.candidates import CANDIDATE, climb
from napari_labelfix.methods.p_classification.classifier import cut_patches, encode_patches
from napari_labelfix.methods.p_classification.detector import Detector
from napari_labelfix.methods.p_classification.evidence import Evidence, Seen
from napari_labelfix.methods.p_classification.params import PClassificationParams
from napari_labelfix.methods.p_classification.prior import estimate_prior
from napari_labelfix.methods.p_classification.session import Session
from napari_labelfix.metrics.detection import match_points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from points import Scene

FOLDS = 5


def elkan_noto(positive: NDArray[np.floating], unlabelled: NDArray[np.floating], seed: int) -> float:
    """Return the share of positives among unlabelled samples (U, F), after Elkan & Noto, KDD 2008, equation 7."""
    samples = np.concatenate([positive, unlabelled])
    labelled = np.arange(len(samples)) < len(positive)
    folds = StratifiedKFold(min(FOLDS, len(positive), len(unlabelled)), shuffle=True, random_state=seed)
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    g = cross_val_predict(classifier, samples, labelled, cv=folds, method="predict_proba")[:, 1].clip(1e-3, 1 - 1e-3)
    c = g[labelled].mean()
    return float(((1 - c) / c * g[~labelled] / (1 - g[~labelled])).clip(0, 1).mean())


def true_share(session: Session, crops: Sequence[Scene], found: Sequence[NDArray[np.floating]]) -> float:
    """Return the share of the candidates (N, 2) of each crop that are cells: matched with those that are not marked."""
    matched = 0
    for page, scene, positions in zip(session.pages, crops, found, strict=True):
        unmarked = scene.cells[cdist(scene.cells, page.points.positions).min(axis=1) > 0]
        matched += len(match_points(positions, unmarked, scene.radius)) if len(unmarked) and len(positions) else 0
    return matched / sum(map(len, found))


def estimates(data: Path, part: str, count: int, seed: int) -> dict[str, float]:
    """Return the true share of cells among the candidates of a first look, and what is estimated."""
    params = PClassificationParams(seed=seed, device="cpu")
    crops, _ = scenes(data, part, count, seed)
    session = Session(marked(crops, 0.1, seed), params)
    detector = Detector(session.channels, params, session.device)
    for _ in session.look(detector):
        pass
    found = [session.unmarked(index, CANDIDATE) for index in range(len(crops))]
    given = [climb(page.points.positions, page.heatmap, page.points.radius) for page in session.pages]

    def seen(positions: Sequence[NDArray[np.floating]]) -> Seen:
        pairs = list(zip(session.pages, positions, strict=True))
        patches = torch.cat([cut_patches(page.image, at, page.points.radius) for page, at in pairs])
        heights = np.concatenate([page.heights(at) for page, at in pairs])
        return Seen(encode_patches(detector.network, patches).mean(dim=0).numpy(force=True), heights)

    known, candidates = seen(given), seen(found)
    evidence = Evidence(known, candidates, seed)
    return {
        "points": len(known.heights),
        "candidates": len(candidates.heights),
        "true share": true_share(session, [*crops], found),
        "best bin": estimate_prior(evidence.marked, evidence.candidates),
        "Elkan and Noto": elkan_noto(known.features, candidates.features, seed),
    }


def odds(share: float) -> float:
    """Return the log-odds of a share."""
    return log(share / (1 - share))


def main() -> None:
    """Measure, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--kinds", nargs="+", default=["fluo", "histo", "bf"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--part", default="val")
    parser.add_argument("--crops", type=int, default=10)
    parser.add_argument("--weights", help="folder with weights instead of the shipped ones; {kind} in it is replaced")
    parser.add_argument("--name", default="points_prior", help="of the report")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows: list[dict[str, object]] = []
    errors: dict[str, list[tuple[float, float]]] = {"best bin": [], "Elkan and Noto": []}
    for kind in options.kinds:
        for seed in options.seeds:
            use_weights(options, kind)
            told = estimates(options.data / kind, options.part, options.crops, seed)
            rows.append({"kind": kind, "seed": seed} | told)
            for name, found in errors.items():
                apart = odds(told[name]) - odds(told["true share"])
                found.append((abs(told[name] - told["true share"]), apart))
    notes = [
        f"First look at {options.crops} crops of `{options.part}` a kind and seed, a tenth of the cells marked; "
        f"weights: {'have not seen the kind' if options.weights else 'the shipped ones'}."
    ]
    for name, found in errors.items():
        notes.append(
            f"{name}: mean error {mean(off for off, _ in found):.3f}; log-odds off by "
            f"{mean(abs(x) for _, x in found):.2f} on the mean, their median by {median(x for _, x in found):+.2f}."
        )
    print(write_report(options.name, "The share of cells among the candidates", rows, machine_facts(), notes))


if __name__ == "__main__":
    main()
