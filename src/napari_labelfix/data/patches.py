"""Planes as networks see them, and predicting those of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import torch

from napari_labelfix.data.memory import is_out_of_memory
from napari_labelfix.data.normalize import normalize
from napari_labelfix.data.tiles import SIDE, tiles
from napari_labelfix.networks.device import free_memory, mixed_precision

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from napari_labelfix.data.tiles import Tile

_Result = TypeVar("_Result")

MARGIN = 64  # pixels; farther neighbours change what the microscopy encoder predicts by 0.002 at most
_SMALLEST = 256  # pixels of a tile: smaller ones would be margin for the most part
_LARGEST = 4096  # on a graphics card, which needs many pixels at a time; its margins are a fourteenth of a large plane
_BYTES = 600  # of memory for each pixel of a tile: the compact U-Net was seen to need 267, one on ResNet-34 571


def plane_on(device: torch.device, image: NDArray[np.generic]) -> Tensor:
    """Put a plane (Y, X) or (Y, X, C) on a device: (C, H, W) float32, normalised."""
    return torch.from_numpy(normalize(image)).permute(2, 0, 1).to(device)


def predict_probabilities(network: nn.Module, image: Tensor) -> Tensor:
    """Return softmax probabilities of a plane: (C, H, W) -> (classes, H, W) float32, on the image's device."""
    return predict_logits(network, image).softmax(0)


def predict_logits(network: nn.Module, image: Tensor) -> Tensor:
    """Return what a network says of a plane: (C, H, W) -> (outputs, H, W) float32, on the image's device."""
    return without_pause(piecewise_logits(network, image))


def piecewise_logits(network: nn.Module, image: Tensor) -> Generator[None, None, Tensor]:
    """Predict as `predict_logits` does, and yield before each tile but the first: others may have a turn."""
    height, width = int(image.shape[1]), int(image.shape[2])
    whole: Tensor | None = None
    for tile, part in logits_by_tile(network, (height, width), lambda window: image[:, *window]):
        if whole is None:
            whole = part.new_empty(len(part), height, width)
        else:
            yield
        whole[:, *tile.keep] = part
    assert whole is not None  # a plane has at least one tile
    return whole


def without_pause(work: Generator[None, None, _Result]) -> _Result:
    """Return what work comes to that would let others have a turn."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: _Result = end.value
            return result


def side_for(shape: tuple[int, int], device: torch.device) -> int:
    """Return the side, in pixels, of the tiles in which a plane (height, width) is predicted."""
    return SIDE if max(shape) <= SIDE else largest_side(device)


def largest_side(device: torch.device) -> int:
    """Return the side, in pixels, of tiles that are predicted fastest and for which there is memory."""
    if device.type != "cuda":
        return SIDE
    side, (free, _) = _LARGEST, torch.cuda.mem_get_info(device)
    while side > SIDE and side**2 * _BYTES > free / 2:
        side //= 2
    return side


def _device_of(network: nn.Module) -> torch.device:
    return next((parameter.device for parameter in network.parameters()), torch.device("cpu"))


@torch.inference_mode()
def logits_by_tile(
    network: nn.Module, shape: tuple[int, int], read: Callable[[tuple[slice, slice]], Tensor]
) -> Iterator[tuple[Tile, Tensor]]:
    """Yield the tiles of a plane, and what a network says of what each of them keeps: (outputs, h, w) float32.

    Where memory runs out, all begins anew with smaller tiles.

    Parameters
    ----------
    network
        It is put into evaluation mode.
    shape
        Height and width of the plane.
    read
        Returns a window of the plane, (C, h, w) float32 on the network's device.
    """
    network.eval()
    side = side_for(shape, _device_of(network))
    while True:
        try:
            yield from _pass(network, shape, read, side)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error) or side == _SMALLEST:
                raise
        else:
            return
        free_memory()
        side //= 2


def _pass(
    network: nn.Module, shape: tuple[int, int], read: Callable[[tuple[slice, slice]], Tensor], side: int
) -> Iterator[tuple[Tile, Tensor]]:
    for tile in tiles(shape, MARGIN, side):
        crop = read(tile.read).unsqueeze(0).contiguous(memory_format=torch.channels_last)
        with mixed_precision(crop.device):
            part = network(crop)[0].float()
        yield tile, part[:, *tile.inner]
