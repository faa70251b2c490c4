"""Confident learning, a published label cleaner, with which the upgrade is compared.

Northcutt, Jiang, Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 2021, for pixels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from napari_labelfix.data.patches import predict_probabilities
from napari_labelfix.methods.label_upgrade.learner import start_learner
from napari_labelfix.methods.label_upgrade.pages import random_crops
from napari_labelfix.methods.label_upgrade.perturbations import Perturbation
from napari_labelfix.networks.device import mixed_precision
from napari_labelfix.networks.unet import NetworkSpec, freeze_statistics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_labelfix.methods.label_upgrade.pages import Page
    from napari_labelfix.methods.label_upgrade.params import LabelUpgradeParams

FOLDS = 2


def cleaned(
    right: Sequence[Page], doubtful: Sequence[Page], params: LabelUpgradeParams, steps: int
) -> list[NDArray[np.bool_]]:
    """Return the foreground of each doubtful page, mended where its labels are found to be wrong.

    Each is predicted by a network that has learned from the right pages and from the doubtful ones of other folds.
    """
    foregrounds: dict[int, NDArray[np.float32]] = {}
    for fold in range(FOLDS):
        others = [page for index, page in enumerate(doubtful) if index % FOLDS != fold]
        network = segmenter([*right, *others], params, steps)
        for index in range(fold, len(doubtful), FOLDS):
            foregrounds[index] = predict_probabilities(network, doubtful[index].image)[1].numpy()
    return relabelled([page.labels > 0 for page in doubtful], [foregrounds[index] for index in range(len(doubtful))])


def relabelled(
    given: Sequence[NDArray[np.bool_]], foregrounds: Sequence[NDArray[np.float32]]
) -> list[NDArray[np.bool_]]:
    """Change the labels of pixels that are confidently of the other class: the off-diagonal of the confident joint.

    A class is confident where its probability reaches the mean of that over all pixels that are labelled so. The paper
    prunes such samples; as every pixel needs a label, here they get the class that they are counted in.
    """
    labels = np.concatenate([mask.ravel() for mask in given])
    probabilities = np.concatenate([foreground.ravel() for foreground in foregrounds])
    if labels.all() or not labels.any():
        return list(given)
    high, low = probabilities[labels].mean(), probabilities[~labels].mean()
    return [
        np.where(mask, ~((p <= low) & ((p < high) | (p < 0.5))), (p >= high) & ((p > low) | (p >= 0.5)))
        for mask, p in zip(given, foregrounds, strict=True)
    ]


def segmenter(pages: Sequence[Page], params: LabelUpgradeParams, steps: int) -> torch.nn.Module:
    """Train a network that sees the image alone, from the shipped weights, by cross-entropy as the paper does."""
    torch.manual_seed(params.seed)
    rng = np.random.default_rng(params.seed)
    network = start_learner(NetworkSpec(params.encoder, len(pages[0].image), classes=2), False, params).network
    optimizer = torch.optim.Adam(network.parameters(), params.learning_rate)
    for _ in range(steps):
        crops = random_crops(pages, params.batch_size, params.crop, Perturbation(), rng)
        freeze_statistics(network.train())
        with mixed_precision(crops.image.device):
            logits = network(crops.image)
        losses = functional.cross_entropy(logits.float(), crops.target, reduction="none")
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(losses[crops.known].mean())
        optimizer.step()
    return network
