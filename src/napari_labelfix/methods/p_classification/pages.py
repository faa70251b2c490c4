"""The planes of a run: what a person has marked on each, what is believed of it, and what is learned from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_labelfix.data.patches import MARGIN
from napari_labelfix.data.tiles import first_piece, middle_of
from napari_labelfix.methods.foreground import see_foreground
from napari_labelfix.methods.p_classification.candidates import away_from, find_peaks, summits
from napari_labelfix.methods.p_classification.detector import Lesson
from napari_labelfix.methods.p_classification.given import NOWHERE
from napari_labelfix.methods.p_classification.targets import far_from, heatmap_target
from napari_labelfix.snapshots import PointRole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import Tensor

    from napari_labelfix.annotations import Points
    from napari_labelfix.data.tiles import Window
    from napari_labelfix.methods.p_classification.detector import Detector


@dataclass(eq=False)
class Page:
    """One plane: its image, what a person has marked on it, and what is believed.

    Parameters
    ----------
    image
        (C, H, W) float32, normalised, on the device.
    points
        What a person has marked; a radius is there even if nothing is marked.
    heatmap
        (Y, X) float32 as the detector gave it; 0 where it has not looked yet.
    piece
        What it has looked at; None before the first look, and when that is all of the plane.
    untaught
        (Y, X) the heatmap of a detector that knew cells before it had learned from the marked ones, which it has since
        learned to see higher than others; None if there was no such detector.
    pseudo
        By role, (N, 2) row, column of the pseudo-labels.
    """

    image: Tensor
    points: Points
    heatmap: NDArray[np.float32] = field(init=False)
    piece: Window | None = field(init=False, default=None)
    untaught: NDArray[np.float32] | None = None
    pseudo: dict[PointRole, NDArray[np.float32]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.heatmap = np.zeros(self.points.shape, np.float32)

    @cached_property
    def foreground(self) -> NDArray[np.float32]:
        """(Y, X) the probability of a cell, in which masks grow; seen when it is first needed."""
        return see_foreground(self.image)

    @property
    def positives(self) -> NDArray[np.floating]:
        """(N, 2) cells that are learned from: marked by a person, or chosen."""
        return np.concatenate([self.points.positions, self.pseudo.get(PointRole.PSEUDO_POSITIVE, NOWHERE)])

    @property
    def negatives(self) -> NDArray[np.floating]:
        """(N, 2) places without a cell that are learned from."""
        return np.concatenate([self.points.negatives, self.pseudo.get(PointRole.PSEUDO_NEGATIVE, NOWHERE)])

    def add_pseudo(self, role: PointRole, places: NDArray[np.float32]) -> None:
        """Let some places (N, 2) be pseudo-labels, too, but for those that a person has marked by now."""
        self.pseudo[role] = np.concatenate([self.pseudo.get(role, NOWHERE), self._unmarked(places)])

    def mark(self, points: Points) -> None:
        """Replace what a person has marked; it wins over what was chosen."""
        self.points = points
        self.pseudo = {role: self._unmarked(places) for role, places in self.pseudo.items()}

    def _unmarked(self, places: NDArray[np.float32]) -> NDArray[np.float32]:
        marked = np.concatenate([self.points.positions, self.points.negatives])
        return places[away_from(places, marked, self.points.radius)]

    def looks(self, detector: Detector, first: bool) -> Iterator[None]:
        """Let a detector predict the plane; at first, of a large one, a piece around the marked cells before all."""
        place = middle_of(self.points.positions, self.points.shape)
        tile = first_piece(self.points.shape, MARGIN, place) if first else None
        if tile is not None:
            self.heatmap = np.zeros(self.points.shape, np.float32)
            self.heatmap[tile.keep] = detector.heatmap(self.image[:, *tile.read])[tile.inner]
            self.piece = tile.keep
            yield
        self.heatmap, self.piece = detector.heatmap(self.image), None
        yield

    def given_heights(self) -> NDArray[np.float32]:
        """Return (N,) the heights of the heatmap's maxima at the cells that a person has marked, where it was seen."""
        places = self.points.positions
        if self.piece is not None:
            low, high = zip(*((part.start, part.stop - 1) for part in self.piece), strict=True)
            places = places[((places >= low) & (places <= high)).all(axis=1)]
        return summits(places, self.heatmap, self.points.radius)

    def heights(self, positions: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return (N,) the heights of the summits at some positions (N, 2), before the detector was taught if known."""
        heatmap = self.heatmap if self.untaught is None else self.untaught
        return summits(positions, heatmap, self.points.radius)

    def unmarked(self, heatmap: NDArray[np.float32], threshold: float) -> NDArray[np.float32]:
        """Return positions (N, 2) of the maxima of a heatmap (Y, X) from a threshold up that are nothing known."""
        positions, _ = find_peaks(heatmap, self.points.radius, threshold)
        return positions[away_from(positions, np.concatenate([self.positives, self.negatives]), self.points.radius)]

    def lesson(self, background: float, undecided: NDArray[np.floating]) -> Lesson:
        """Return what the detector learns from this plane.

        Parameters
        ----------
        background
            How much it counts, beside discs around what is known, that there is nothing elsewhere.
        undecided
            (N, 2) where there may be a cell: nothing is learned there.
        """
        target = heatmap_target(self.points.shape, self.positives, self.negatives, self.points.radius)
        if background:
            target[1] = np.maximum(target[1], background * far_from(undecided, self.points.shape, self.points.radius))
        places = np.concatenate([self.positives, self.negatives])
        return Lesson(self.image, torch.from_numpy(target).to(self.image.device), places)
