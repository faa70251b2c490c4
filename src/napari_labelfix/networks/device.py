"""Where to compute, and in which precision."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import torch
from torch import nn

from napari_labelfix.errors import InputError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from torch import Tensor


_ROOMY = 8000  # MiB of a card's memory, from which on what waiting processes take of it does no harm


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
    """Start CUDA and load its convolutions, which takes a second or more, where that keeps nobody else from the card.

    A process that has woken a card holds some hundred megabytes of its memory, and in some modes the whole card.
    """
    if torch.cuda.is_available() and _can_be_shared():
        device = torch.device("cuda")
        with mixed_precision(device):
            nn.Conv2d(1, 8, 3, device=device)(torch.zeros(1, 1, 64, 64, device=device)).sum().item()


def _can_be_shared() -> bool:
    """Whether all cards of the system are for several processes at a time, and have memory for them."""
    asked = ["nvidia-smi", "--query-gpu=compute_mode,memory.total", "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=10).stdout
        cards = [line.split(",") for line in said.strip().splitlines()]
        return bool(cards) and all(mode.strip() == "Default" and int(memory) >= _ROOMY for mode, memory in cards)
    except (OSError, subprocess.SubprocessError, ValueError):
        return False


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
    # without these instructions the CPU emulates bfloat16, slower than float32; torch before 2.6 cannot tell
    has_instructions = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    return device.type == "cpu" and has_instructions()
