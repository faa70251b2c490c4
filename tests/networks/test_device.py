import pytest
import torch

from napari_labelfix.errors import InputError
from napari_labelfix.networks.device import choose_device, mixed_precision, sent, wake


def test_auto_finds_a_device():
    assert choose_device("auto").type in {"cpu", "cuda", "mps"}


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there_is_refused_with_what_there_is():
    with pytest.raises(InputError, match="cpu"):
        choose_device("cuda")


def test_waking_a_card_that_another_process_has_to_itself_is_no_error(monkeypatch):
    asked = []

    def busy(*of, **more):
        asked.append(more["device"].type)
        raise RuntimeError("CUDA error: all CUDA-capable devices are busy or unavailable")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.nn, "Conv2d", busy)
    wake()
    assert asked == []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: True)
    wake()
    assert asked == ["cuda"]


def test_what_is_sent_is_the_same_there():
    tensor = torch.rand(3)
    assert torch.equal(sent(tensor, choose_device("auto")).cpu(), tensor)


def test_mixed_precision_computes_in_half_only_where_the_hardware_has_it():
    with mixed_precision(torch.device("cpu")):
        result = torch.rand(4, 4) @ torch.rand(4, 4)
    expected = torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else torch.float32
    assert result.dtype == expected
