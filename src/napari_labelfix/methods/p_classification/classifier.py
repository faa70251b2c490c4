"""The patch classifier: it learns from positive and unlabelled patches, and its last layer but one is what counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from napari_labelfix.data.augment import grid_of, look
from napari_labelfix.losses.positive_unlabelled_risk import positive_unlabelled_risk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import Tensor

SIDE = 32  # pixels of a patch as the classifier sees it
REACH = 1.5  # radii from the centre of a patch to its side
MIDDLE = 3  # pixels from the centre to the side of what counts as the middle of a patch
FEATURES = 32
VIEWS = 4  # turned
RATE, DECAY = 1e-3, 5e-3  # of Adam
_AT_ONCE = 512  # patches that are encoded together


def cut_patches(image: Tensor, positions: NDArray[np.floating], radius: float) -> Tensor:
    """Cut the surroundings of some places out of a plane, scaled so that cells of any radius look equally large.

    Parameters
    ----------
    image
        (C, H, W); mirrored at its border.
    positions
        (N, 2) row, column in pixels.
    radius
        Of a cell, in pixels.

    Returns
    -------
    Tensor
        (N, C, SIDE, SIDE).
    """
    if not len(positions):
        return image.new_zeros(0, len(image), SIDE, SIDE)
    views = torch.zeros(len(positions), 2, 3)
    views[:, 0, 0] = views[:, 1, 1] = REACH * radius
    views[:, :, 2] = torch.from_numpy(np.asarray(positions, np.float32)).flip(1)  # x, y
    return look(image, grid_of(image, views, SIDE), "bilinear")


@torch.inference_mode()
def encode_patches(network: Any, patches: Tensor) -> Tensor:
    """Describe patches by what a U-Net makes of them: the whole as its encoder sees it, the middle as its decoder does.

    Parameters
    ----------
    network
        A U-Net.
    patches
        (N, C, SIDE, SIDE).

    Returns
    -------
    Tensor
        (VIEWS, N, F): each patch turned by every right angle.
    """
    network.eval()
    turned = [torch.rot90(patches, turns, (2, 3)) for turns in range(VIEWS)]
    return torch.stack([torch.cat([_encode(network, part) for part in torch.split(view, _AT_ONCE)]) for view in turned])


def _encode(network: Any, patches: Tensor) -> Tensor:
    stages = network.encoder(patches)
    middle = slice(SIDE // 2 - MIDDLE, SIDE // 2 + MIDDLE)
    centre = network.decoder(stages)[:, :, middle, middle]
    return torch.cat([stages[-1].mean(dim=(2, 3)), centre.mean(dim=(2, 3))], dim=1)


class PatchClassifier(nn.Module):
    """Two layers on encoded patches: (N, F) -> (N,) scores, high for cells.

    Parameters
    ----------
    positive, unlabelled
        (VIEWS, N, F) encoded patches, from which it will learn.
    """

    def __init__(self, positive: Tensor, unlabelled: Tensor) -> None:
        super().__init__()
        self._positive, self._unlabelled = positive.clone(), unlabelled.clone()  # out of inference mode
        everything = torch.cat([self._positive, self._unlabelled], dim=1).flatten(0, 1)
        self._mean, self._spread = everything.mean(dim=0), everything.std(dim=0) + 1e-6
        self._to_features = nn.Sequential(nn.Linear(positive.shape[-1], FEATURES), nn.ReLU())
        self._to_score = nn.Linear(FEATURES, 1)
        self.to(positive.device)

    def forward(self, encoded: Tensor) -> Tensor:
        """(..., F) -> (...) scores."""
        scores: Tensor = self._to_score(self._hidden(encoded))[..., 0]
        return scores

    def learn(self, negative: Tensor, prior: float, epochs: int) -> Iterator[float]:
        """Train by the non-negative risk; yield it after each epoch, which shows every patch in one of its views.

        Parameters
        ----------
        negative
            (VIEWS, N, F) encoded patches that a person has marked as none; may be empty.
        prior
            Share of cells among the unlabelled.
        epochs
            How long.
        """
        optimizer = torch.optim.Adam(self.parameters(), RATE, weight_decay=DECAY)
        known = negative.clone()
        for epoch in range(epochs):
            view = epoch % VIEWS
            risk = positive_unlabelled_risk(self(self._positive[view]), self(self._unlabelled[view]), prior)
            if known.shape[1]:
                risk = risk + (1 - prior) * torch.sigmoid(self(known[view])).mean()
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(risk)
            optimizer.step()
            yield risk.item()

    @torch.inference_mode()
    def features(self, encoded: Tensor) -> NDArray[np.float32]:
        """Return (N, FEATURES): what the last layer looks at, the mean over the views (VIEWS, N, F)."""
        found: NDArray[np.float32] = self._hidden(encoded).mean(dim=0).numpy(force=True)
        return found

    @torch.inference_mode()
    def doubt(self, encoded: Tensor) -> NDArray[np.float32]:
        """Return (N,) the probability of being no cell, the mean over the views (VIEWS, N, F)."""
        found: NDArray[np.float32] = torch.sigmoid(-self(encoded)).mean(dim=0).numpy(force=True)
        return found

    def _hidden(self, encoded: Tensor) -> Tensor:
        hidden: Tensor = self._to_features((encoded - self._mean) / self._spread)
        return hidden
