"""What the strokes mean: the guided network on top of the instant classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_labelfix.data.patches import logits_by_tile
from napari_labelfix.networks.device import on_device
from napari_labelfix.networks.guided import evidence, guided_input, guided_unet

if TYPE_CHECKING:
    from torch import Tensor

    from napari_labelfix.data.tiles import Tile, Window
    from napari_labelfix.methods.scribble2label.canvas import Canvas


class Guide:
    """Knows outlines, and finds out from the strokes which ones are meant.

    Parameters
    ----------
    device
        Where to compute.
    """

    def __init__(self, device: torch.device) -> None:
        self._network = on_device(guided_unet(), device)

    def read(self, canvas: Canvas, guess: Tensor, tile: Tile | None = None) -> Tensor:
        """Return what is meant on a plane; both (classes, H, W) probabilities.

        Each class is looked for by itself, and what is drawn of the others is background to it.

        Parameters
        ----------
        canvas
            The plane and what is drawn on it.
        guess
            What the instant classifier has learned from the strokes; where a tile is read, if there is one.
        tile
            A piece of the plane: what it keeps is returned, (classes, h, w). None for all of it.
        """
        image, marked = canvas.image, canvas.marked
        if tile is not None:
            image, marked = image[:, *tile.read], marked[tile.read]
        ahead = torch.zeros_like(guess)  # of the background
        for value in range(1, len(guess)):
            strokes = (marked == value).int() - ((marked >= 0) & (marked != value)).int()
            self._read_class(image, guess[value], strokes, ahead[value])
        found = ahead.softmax(0)
        return found if tile is None else found[:, *tile.inner]

    def _read_class(self, image: Tensor, guess: Tensor, strokes: Tensor, ahead: Tensor) -> None:
        """Write how far a class is ahead (H, W) of all others; of a large plane, a tile at a time."""

        def read(window: Window) -> Tensor:
            return guided_input(image[:, *window], guess[window], strokes[window])

        for tile, logits in logits_by_tile(self._network, (guess.shape[0], guess.shape[1]), read):
            ahead[tile.keep] = evidence(logits)
