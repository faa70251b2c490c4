"""What a network makes of the labels of a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from napari_labelfix.methods.label_upgrade.changes import compare
from napari_labelfix.methods.label_upgrade.outlines import upgraded_objects
from napari_labelfix.methods.label_upgrade.perturbations import chosen_perturbation
from napari_labelfix.methods.prediction import UNSURE
from napari_labelfix.snapshots import Change, Proposal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_labelfix.data.tiles import Tile
    from napari_labelfix.methods.label_upgrade.pages import Page
    from napari_labelfix.methods.label_upgrade.params import LabelUpgradeParams

Network = Callable[[Tensor, Tensor], Tensor]  # probabilities (2, H, W) of an image (C, H, W) with labels (1, H, W)


def upgrade_page(page: Page, network: Network, params: LabelUpgradeParams, piece: Tile | None = None) -> Proposal:
    """Return the upgraded labels of a page; where they were right they are as they were.

    Of a large plane a piece may be upgraded alone; outside of it they are as given.
    """
    tile = piece or page.whole
    given, trusted = page.labels[tile.read], page.trusted[tile.read]
    foreground = _foreground(page, network, tile)
    edges = page.picture.edges(piece.read if piece else None)
    right_outlines = chosen_perturbation(params).right_outlines
    found = upgraded_objects(foreground, given, trusted, edges, params.minimum_size, right_outlines, params.parting)
    if piece:  # there are higher ids elsewhere
        found[(found > 0) & ~np.isin(found, given)] += page.labels.max() - given.max(initial=0)
    labels, changes = page.labels.copy(), np.full(page.labels.shape, Change.NONE, np.uint8)
    labels[tile.keep] = np.where(trusted, given, found)[tile.inner]
    changes[tile.keep] = compare(page.labels[tile.keep], labels[tile.keep]).codes
    seen = _proposal(page, labels, np.maximum(foreground, 1 - foreground)[tile.inner], tile)
    return replace(seen, changes=changes, partial=piece is not None)


def as_given(page: Page, network: Network) -> Proposal:
    """Return the labels as they are, each pixel as credible as the network finds it at first sight.

    Of a large plane it looks at a piece.
    """
    piece = page.first_piece()
    tile = piece or page.whole
    foreground = _foreground(page, network, tile)[tile.inner]
    confidence = np.where(page.labels[tile.keep] > 0, foreground, 1 - foreground)
    seen = _proposal(page, page.labels.copy(), confidence, tile)
    return replace(seen, partial=piece is not None, as_given=True)


def _proposal(page: Page, labels: NDArray[np.int32], confidence: NDArray[np.float32], seen: Tile) -> Proposal:
    """Return labels (Y, X) of a page as a proposal, with how sure is what was seen (y, x); nothing is of the rest."""
    credible = np.full(labels.shape, 0.5, np.float32)
    credible[seen.keep] = confidence
    credible[page.trusted] = 1
    nothing = np.full(labels.shape, Change.NONE, np.uint8)
    return Proposal(labels, (labels > 0).astype(np.uint8), credible, credible < UNSURE, changes=nothing)


def _foreground(page: Page, network: Network, tile: Tile) -> NDArray[np.float32]:
    """Return (Y, X) the probability of an object in a tile, as seen in the image and in the labels as given."""
    given = torch.from_numpy((page.labels[tile.read] > 0).astype(np.float32)).unsqueeze(0).to(page.image.device)
    probability: NDArray[np.float32] = network(page.image[:, *tile.read], given)[1].numpy(force=True)
    return probability
