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
    """A plane that is read piece by piece, from its newest strokes on.

    Parameters
    ----------
    classifier, guide
        Who reads; without a guide the classifier alone.
    plane
        What is read. What is said and believed of it now is what `tell` starts from each time.
    trust
        Knows whether the first look of the network, if there was one, is of weight.
    """

    def __init__(self, classifier: InstantClassifier, guide: Guide | None, plane: DrawnPlane, trust: Trust) -> None:
        self._classifier = classifier
        self._guide = guide
        self._plane = plane
        self._trust = trust
        self._before, self._network_before = plane.instant.says, plane.network
        self._belief = plane.canvas.belief
        shape = height, width = plane.image.shape[0], plane.image.shape[1]
        device = plane.canvas.image.device
        self._tiles = from_a_place(shape, MARGIN, side_for(shape, device), plane.place)
        self._known: list[Window] = []
        self._untold: list[Window] = []
        self._missing = np.ones((height, width), bool)  # of the forest
        self._forest = np.zeros((classifier.classes, height, width), np.float32)
        self._forest[0] = 1  # what was not read is no foreground that one could have too much of
        self._guided = torch.from_numpy(self._forest).to(device, copy=True)

    @property
    def finished(self) -> bool:
        """Whether the whole plane was read."""
        return len(self._known) == len(self._tiles)

    def read_piece(self) -> None:
        """Read the next piece."""
        tile = self._tiles[len(self._known)]
        self._classifier.fill(self._forest, self._missing, self._plane.image, tile.read)
        if self._guide is not None:
            guess = torch.from_numpy(self._forest[:, *tile.read]).to(self._guided.device)
            self._guided[:, *tile.keep] = self._guide.read(self._plane.canvas, guess, tile)
        self._known.append(tile.keep)
        self._untold.append(tile.keep)

    def tell(self) -> None:
        """Let the plane know what was read, and let the network's belief follow what has changed.

        So new strokes show at once, and what was learned stays. Until all is read the rest is as it was; where nothing
        was said yet, all classes are as likely.
        """
        plane, (said, held_back) = self._plane, self._said()
        if self.finished:
            plane.instant.read_to_the_end(said, held_back)
        else:
            before = torch.full_like(said, 1 / len(said)) if self._before is None else self._before
            said = patched(before, said, self._known)
            plane.instant.read_on(said, self._untold)
        if self._network_before is not None and self._before is not None:
            plane.network = _moved(self._network_before, self._before, said)
        belief = plane.mix(self._trust)
        if not self.finished and self._belief is not None:
            belief = patched(self._belief, belief, self._untold)
        plane.believe(belief)
        self._belief, self._untold = belief, []

    def _said(self) -> tuple[Tensor, Tensor | None]:
        """Return what forest and guide say (classes, H, W), and what the guide is not heard in full with (H, W)."""
        forest = torch.from_numpy(self._forest).to(self._guided.device)
        if self._guide is None:
            return forest, None
        surplus = surplus_over(forest, self._guided)
        share = heard(surplus, FIRM if self._classifier.rehearses else 0.0)
        if share < 1 and (first_look := self._first_look()) is not None:
            share = max(share, self._trust.backing(difference_of(self._guided, first_look)))
        return forest.lerp(self._guided, share), foreground(self._guided) if share < 1 else None

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


def _moved(belief: Tensor, before: Tensor, now: Tensor) -> Tensor:
    """Return a belief (classes, H, W) that has moved as another one did, from before to now."""
    if not len(belief) == len(before) == len(now):
        return belief
    moved = (belief + now - before).clamp(0, 1)
    return moved / moved.sum(dim=0, keepdim=True).clamp(min=1e-6)
