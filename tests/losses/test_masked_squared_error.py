import pytest
import torch

from napari_labelfix.losses.masked_squared_error import masked_squared_error


def test_a_case_worked_by_hand():
    """Errors of 0.5 and 1 inside the mask, and a large one outside: (0.25 + 1) / 2."""
    predicted = torch.tensor([[[0.5, 1.0, 9.0]]])
    target = torch.tensor([[[1.0, 0.0, 0.0]]])
    mask = torch.tensor([[[1.0, 1.0, 0.0]]])
    assert masked_squared_error(predicted, target, mask).item() == pytest.approx(0.625)


def test_with_a_full_mask_it_is_torchs_mean_squared_error():
    torch.manual_seed(0)
    predicted, target = torch.rand(2, 2, 5, 6)
    expected = torch.nn.functional.mse_loss(predicted, target)
    assert torch.isclose(masked_squared_error(predicted, target, torch.ones(2, 5, 6)), expected)


def test_outside_of_the_mask_nothing_is_learned():
    predicted = torch.rand(1, 1, 2, requires_grad=True)
    masked_squared_error(predicted, torch.zeros(1, 1, 2), torch.tensor([[[1.0, 0.0]]])).backward()
    assert predicted.grad[0, 0, 0] != 0
    assert predicted.grad[0, 0, 1] == 0


def test_an_empty_mask_teaches_nothing():
    predicted = torch.rand(1, 2, 2, requires_grad=True)
    loss = masked_squared_error(predicted, torch.zeros(1, 2, 2), torch.zeros(1, 2, 2))
    loss.backward()
    assert loss.item() == 0
    assert (predicted.grad == 0).all()
