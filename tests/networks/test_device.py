from types import SimpleNamespace

import pytest
import torch

from napari_labelfix.errors import InputError
from napari_labelfix.networks import device
from napari_labelfix.networks.device import choose_device, mixed_precision, sent, wake


def test_auto_finds_a_device():
    assert choose_device("auto").type in {"cpu", "cuda", "mps"}


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there_is_refused_with_what_there_is():
    with pytest.raises(InputError, match="cpu"):
        choose_device("cuda")


@pytest.mark.parametrize(
    ("said", "wakes"),
    [
        ("Default, 143771", True),
        ("Default, 24576\nDefault, 24576", True),
        ("Default, 4096", False),
        ("Exclusive_Process, 143771", False),
        ("Default, 24576\nProhibited, 24576", False),
        ("Default, [N/A]", False),
        ("", False),
        (None, False),
    ],
)
def test_only_cards_that_others_can_use_meanwhile_are_woken(monkeypatch, said, wakes):
    asked = []

    def answer(command, **_):
        if said is None:
            raise FileNotFoundError(command[0])
        return SimpleNamespace(stdout=said)

    def convolution(*_, device):
        asked.append(device.type)
        return lambda image: image

    monkeypatch.setattr(device.subprocess, "run", answer)
    monkeypatch.setattr(torch.nn, "Conv2d", convolution)
    monkeypatch.setattr(torch, "zeros", lambda *_, device: torch.ones(1))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: True)
    wake()
    assert asked == ["cuda"] * wakes
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    wake()
    assert asked == ["cuda"] * wakes


def test_what_is_sent_is_the_same_there():
    tensor = torch.rand(3)
    assert torch.equal(sent(tensor, choose_device("auto")).cpu(), tensor)


def test_mixed_precision_computes_in_half_only_where_the_hardware_has_it():
    with mixed_precision(torch.device("cpu")):
        result = torch.rand(4, 4) @ torch.rand(4, 4)
    has_instructions = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)()
    assert result.dtype == (torch.bfloat16 if has_instructions else torch.float32)


def test_a_torch_that_cannot_tell_what_the_cpu_has_computes_in_full(monkeypatch):
    monkeypatch.delattr(torch.cpu, "_is_avx512_bf16_supported", raising=False)
    with mixed_precision(torch.device("cpu")):
        assert (torch.rand(4, 4) @ torch.rand(4, 4)).dtype == torch.float32
