"""The patch classifier: it learns from positive and unlabelled patches, and its last layer but one is what counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from napari_labelfix.data.augment import look
from napari_labelfix.losses.positive_unlabelled_risk import positive_unlabelled_risk
from napari_labelfix.networks.device import on_device
from napari_labelfix.networks.unet import DEPTH, UnetSpec, build_unet, freeze_statistics, pretrained_unet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import Tensor

    from napari_labelfix.methods.p_classification.params import PClassificationParams

SIDE = 32  # pixels of a patch as the classifier sees it
REACH = 1.5  # radii from the centre of a patch to its side
MIDDLE = 3  # pixels from the centre to the side of what counts as the middle of a patch
FEATURES = 32
BATCH = 64  # patches of each kind


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
    views[:, :, 2] = torch.from_numpy(np.asarray(positions, np.float32)).flip(1) + 0.5  # x, y of a pixel's middle
    return look(image, views, SIDE, "bilinear")


class PatchClassifier(nn.Module):
    """The encoder of the detector's kind, the mean over the patch, and two layers: (B, C, S, S) -> (B,) scores.

    Parameters
    ----------
    channels
        Of the patches.
    params
        The run's parameters.
    device
        Where to compute.
    """

    def __init__(self, channels: int, params: PClassificationParams, device: torch.device) -> None:
        super().__init__()
        spec = UnetSpec(params.encoder, channels, classes=1)
        network: Any = pretrained_unet(spec, [DEPTH]).network if params.pretrained else build_unet(spec)
        self._encoder, self._decoder = network.encoder, network.decoder
        encoded = network.encoder.out_channels[-1] + network.segmentation_head[0].in_channels
        self._to_features = nn.Sequential(nn.Linear(encoded, FEATURES), nn.ReLU())
        self._to_score = nn.Linear(FEATURES, 1)
        self._params = params
        self._rng = np.random.default_rng(params.seed)
        on_device(self, device)

    def forward(self, patches: Tensor) -> Tensor:
        """(B, C, S, S) -> (B,) scores, high for cells."""
        return self._to_score(self._to_features(self._encode(patches)))[:, 0]

    def learn(self, positive: Tensor, unlabelled: Tensor, negative: Tensor, prior: float) -> Iterator[float]:
        """Train for some epochs; yield the mean risk after each.

        Parameters
        ----------
        positive, unlabelled, negative
            (N, C, S, S) patches; the negative ones, which a person has marked, may be none.
        prior
            Share of cells among the unlabelled.
        """
        optimizer = torch.optim.Adam(self.parameters(), self._params.learning_rate, weight_decay=5e-3)
        self.train()
        freeze_statistics(self)
        for _ in range(self._params.classifier_epochs):
            risks = []
            for _ in range(0, len(unlabelled), BATCH):
                risk = positive_unlabelled_risk(self(self._some(positive)), self(self._some(unlabelled)), prior)
                if len(negative):
                    risk = risk + (1 - prior) * torch.sigmoid(self(self._some(negative))).mean()
                optimizer.zero_grad(set_to_none=True)
                torch.autograd.backward(risk)
                optimizer.step()
                risks.append(risk.item())
            yield float(np.mean(risks))

    @torch.inference_mode()
    def features(self, patches: Tensor) -> NDArray[np.float32]:
        """Return (N, F) features: what the last layer, which is dropped, has learned to look at."""
        self.eval()
        found: NDArray[np.float32] = self._to_features(self._encode(patches)).numpy(force=True)
        return found

    @torch.inference_mode()
    def encoded(self, patches: Tensor) -> NDArray[np.float32]:
        """Return (N, F) features of the encoder alone."""
        self.eval()
        found: NDArray[np.float32] = self._encode(patches).numpy(force=True)
        return found

    def _encode(self, patches: Tensor) -> Tensor:
        """(B, C, S, S) -> (B, F): the whole patch as the encoder sees it, and its middle as the decoder does."""
        stages = self._encoder(patches)
        middle = slice(SIDE // 2 - MIDDLE, SIDE // 2 + MIDDLE)
        centre = self._decoder(stages)[:, :, middle, middle]
        return torch.cat([stages[-1].mean(dim=(2, 3)), centre.mean(dim=(2, 3))], dim=1)

    def _some(self, patches: Tensor) -> Tensor:
        """Return up to `BATCH` patches in random order, all turned and mirrored one random way."""
        chosen = patches[torch.from_numpy(self._rng.permutation(len(patches))[:BATCH]).to(patches.device)]
        turned = torch.rot90(chosen, int(self._rng.integers(4)), (2, 3))
        return turned.flip(3) if self._rng.random() < 0.5 else turned
