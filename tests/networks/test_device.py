import pytest
import torch

from napari_labelfix.errors import InputError
from napari_labelfix.networks.device import choose_device, mixed_precision


def test_auto_finds_a_device():
    assert choose_device("auto").type in {"cpu", "cuda", "mps"}


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there_is_refused_with_what_there_is():
    with pytest.raises(InputError, match="cpu"):
        choose_device("cuda")


def test_mixed_precision_computes_in_half_only_where_the_hardware_has_it():
    with mixed_precision(torch.device("cpu")):
        result = torch.rand(4, 4) @ torch.rand(4, 4)
    expected = torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else torch.float32
    assert result.dtype == expected
