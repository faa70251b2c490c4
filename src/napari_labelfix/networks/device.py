"""Where to compute, and in which precision."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import torch
from torch import nn

from napari_labelfix.errors import InputError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from torch import Tensor


def choose_device(wanted: str) -> torch.device:
    """Return the device of that name; "auto" takes CUDA, then MPS, then the CPU.

    Raises
    ------
    InputError
        If the device is not there.
    """
    found = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return torch.device(next(name for name, there in found.items() if there))
    if not found.get(wanted):
        there = ", ".join(name for name, is_there in found.items() if is_there)
        raise InputError(f"There is no device {wanted!r} on this machine. Choose auto or one of: {there}.")
    return torch.device(wanted)


def device_name(device: torch.device) -> str:
    """Return what a person calls a device: "NVIDIA H200", "Apple GPU", "processor, no GPU"."""
    match device.type:
        case "cuda":
            return torch.cuda.get_device_name(device)
        case "mps":
            return "Apple GPU"
        case _:
            return "processor, no GPU"


def on_device(network: nn.Module, device: torch.device) -> nn.Module:
    """Move a network there, in the memory layout in which convolutions are fastest."""
    return network.to(device).to(memory_format=torch.channels_last)


def wake() -> None:
    """Start CUDA and load its convolutions, if there is such a card that can be had: it takes a second or more."""
    if torch.cuda.is_available():
        device = torch.device("cuda")
        with suppress(RuntimeError), mixed_precision(device):  # another process may have the card to itself
            nn.Conv2d(1, 8, 3, device=device)(torch.zeros(1, 1, 64, 64, device=device)).sum().item()


def free_memory() -> None:
    """Give back what the graphics card keeps for later, once memory has run out."""
    torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


def mixed_precision(device: torch.device, cached: bool = True) -> AbstractContextManager[object]:
    """Return the autocast that is faster there and as good: bfloat16 where the hardware has it, else float32.

    With `cached`, weights that are used twice are rounded once.
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=_fast_bfloat16(device), cache_enabled=cached)


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """Return a tensor that is made on the CPU on the device, without waiting for what the device still computes."""
    return tensor.to(device, non_blocking=device.type == "cuda")


def _fast_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    # without these instructions the CPU emulates bfloat16, slower than float32
    return device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()
