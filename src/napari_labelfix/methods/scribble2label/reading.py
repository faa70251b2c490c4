"""What the strokes mean on one plane, a piece at a time: forest and guide, and how far each of them counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from napari_labelfix.data.patches import MARGIN, side_for
from napari_labelfix.data.tiles import from_a_place
from napari_labelfix.methods.scribble2label.trust import FIRM, difference_of, foreground, heard, surplus_over

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from napari_labelfix.data.tiles import Window
    from napari_labelfix.methods.scribble2label.drawn_plane import DrawnPlane
    from napari_labelfix.methods.scribble2label.guide import Guide
    from napari_labelfix.methods.scribble2label.instant import InstantClassifier
    from napari_labelfix.methods.scribble2label.trust import Trust


class Reading:
    """A plane that is read piece by piece.

    Parameters
    ----------
    classifier, guide
        Who reads; without a guide the classifier alone.
    plane
        What is read, from its newest strokes on.
    trust
        Knows whether the first look of the network, if there was one, is of weight.

    Attributes
    ----------
    held_back
        What the guide takes for foreground (H, W) where it is not heard in full; None if it is.
    """

    def __init__(self, classifier: InstantClassifier, guide: Guide | None, plane: DrawnPlane, trust: Trust) -> None:
        self._classifier = classifier
        self._guide = guide
        self._plane = plane
        self._trust = trust
        shape = height, width = plane.image.shape[0], plane.image.shape[1]
        device = plane.canvas.image.device
        self._tiles = from_a_place(shape, MARGIN, side_for(shape, device), plane.place)
        self._known: list[Window] = []
        self._missing = np.ones((height, width), bool)  # of the forest
        self._forest = np.zeros((classifier.classes, height, width), np.float32)
        self._forest[0] = 1  # what was not read is no foreground that one could have too much of
        self._guided = torch.from_numpy(self._forest).to(device, copy=True)
        self.held_back: Tensor | None = None

    @property
    def finished(self) -> bool:
        """Whether the whole plane was read."""
        return len(self._known) == len(self._tiles)

    def read_piece(self) -> Window:
        """Read the next piece, and return where it is."""
        tile = self._tiles[len(self._known)]
        self._classifier.fill(self._forest, self._missing, self._plane.image, tile.read)
        if self._guide is not None:
            guess = torch.from_numpy(self._forest[:, *tile.read]).to(self._guided.device)
            self._guided[:, *tile.keep] = self._guide.read(self._plane.canvas, guess, tile)
        self._known.append(tile.keep)
        return tile.keep

    def over(self, before: Tensor | None) -> Tensor:
        """Return what is believed where the plane was read, (classes, H, W), and elsewhere what was believed before.

        Before anything was, all classes are as likely there.
        """
        belief = self._belief()
        if self.finished:
            return belief
        return patched(torch.full_like(belief, 1 / len(belief)) if before is None else before, belief, self._known)

    def _belief(self) -> Tensor:
        forest = torch.from_numpy(self._forest).to(self._guided.device)
        if self._guide is None:
            return forest
        surplus = surplus_over(forest, self._guided)
        share = heard(surplus, FIRM if self._classifier.rehearses else 0.0)
        if share < 1 and (first_look := self._first_look()) is not None:
            share = max(share, self._trust.backing(difference_of(self._guided, first_look)))
        self.held_back = foreground(self._guided) if share < 1 else None
        return forest.lerp(self._guided, share)

    def _first_look(self) -> Tensor | None:
        """Return what the network said at first of what was read; elsewhere there is nothing, as for the guide."""
        first_look = self._plane.first_look
        if first_look is None or self.finished:
            return first_look
        nothing = torch.zeros_like(first_look)
        nothing[0] = 1
        return patched(nothing, first_look, self._known)


def patched(before: Tensor, now: Tensor, windows: Sequence[Window]) -> Tensor:
    """Return probabilities (classes, H, W) as they are in some windows now, and as they were elsewhere.

    There may be more classes now than there were before.
    """
    whole = functional.pad(before, (0, 0, 0, 0, 0, len(now) - len(before)))
    whole = whole.clone() if whole is before else whole
    for window in windows:
        whole[:, *window] = now[:, *window]
    return whole
