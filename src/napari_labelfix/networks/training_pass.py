"""The passes of a network in training, which a graphics card gets as a whole instead of one kernel at a time."""

from __future__ import annotations

import gc
import logging
from typing import TYPE_CHECKING, cast

import torch
from torch import nn

from napari_labelfix.networks.device import mixed_precision

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

log = logging.getLogger(__name__)

_WORTH_IT = 3  # steps in a row on crops of one shape: recording takes about as long as five


class TrainingPass:
    """What a network says of crops, in mixed precision; the gradients follow as they do from any network.

    A small network keeps a graphics card waiting for Python, which launches hundreds of kernels one by one. So on CUDA
    the forward and the backward pass are recorded as CUDA graphs for crops of the shape that comes again and again;
    others, and a network that cannot be recorded, are taken one kernel at a time, as on the CPU.

    Parameters
    ----------
    network
        Its weights may change, but its modules only if `forget` is called. Its mode, and which of its statistics are
        frozen, depend on the shape of the crops alone. Nothing of a step may be kept until the next, such as its loss:
        what remembers how it was computed cannot be recorded.
    device
        Where it is.
    """

    def __init__(self, network: nn.Module, device: torch.device) -> None:
        self._one_by_one = _InMixedPrecision(network, device)
        self._recorded: Callable[[Tensor], Tensor] | None = None
        self._may_record = device.type == "cuda"
        self._shape = torch.Size()  # of the latest crops
        self._times = 0  # that it came in a row

    def __call__(self, crops: Tensor) -> Tensor:
        """(B, C, S, S) -> what the network returns; it is overwritten by the next call."""
        crops = crops.contiguous(memory_format=torch.channels_last)
        self._times = self._times + 1 if crops.shape == self._shape else 1
        self._shape = crops.shape
        if self._times == 1:  # one recording at a time: the streams of two would get into each other's way
            self._drop()
        elif self._times == _WORTH_IT and self._may_record:
            self._record(crops)
        return (self._recorded or self._one_by_one)(crops)

    def forget(self) -> None:
        """Give back the memory of what is recorded; it is recorded again if such crops still come."""
        self._times = 0
        self._drop()

    def _drop(self) -> None:
        if self._recorded is not None:
            self._recorded = None
            gc.collect()

    def _record(self, crops: Tensor) -> None:
        one_by_one = self._one_by_one
        statistics = [buffer.clone() for buffer in one_by_one.buffers()]  # recording would count as steps
        another = _InMixedPrecision(one_by_one.network, one_by_one.device)  # its forward pass is replaced
        _expect_other_streams()
        try:
            replayed = torch.cuda.make_graphed_callables(another, (crops.clone(),), allow_unused_input=True)
            self._recorded = cast("Callable[[Tensor], Tensor]", replayed)
        except RuntimeError as error:  # too little memory, or a network that asks what it has computed
            log.warning("training goes on without CUDA graphs: %s", error)
            self._may_record = False
        for buffer, before in zip(one_by_one.buffers(), statistics, strict=True):
            buffer.copy_(before)


def _expect_other_streams() -> None:
    """Let torch not warn that what was recorded on another stream is replayed on this one, where it can warn of it."""
    warn = getattr(torch.autograd.graph, "set_warn_on_accumulate_grad_stream_mismatch", None)
    if warn is not None:
        warn(False)


class _InMixedPrecision(nn.Module):
    def __init__(self, network: nn.Module, device: torch.device) -> None:
        super().__init__()
        self.network = network
        self.device = device

    def forward(self, crops: Tensor) -> Tensor:
        with mixed_precision(self.device, cached=False):  # graphs cannot be recorded with the cache
            said: Tensor = self.network(crops)
        return said
