import pytest
import torch

from napari_labelfix.losses.dice import masked_dice_loss

TARGET = torch.tensor([[[1, 0], [0, 1]]])
EVERYWHERE = torch.ones(1, 2, 2, dtype=torch.bool)


def logits(target, sureness=20.0):
    return torch.stack([1 - target, target], dim=1) * sureness


def test_what_is_right_costs_nothing_and_what_is_wrong_nearly_all():
    assert masked_dice_loss(logits(TARGET), TARGET, EVERYWHERE).item() == pytest.approx(0, abs=1e-6)
    # each class: nothing shared of 2 + 2 pixels, with the smoothing 1 - 1 / 5
    assert masked_dice_loss(logits(1 - TARGET), TARGET, EVERYWHERE).item() == pytest.approx(0.8, abs=1e-6)


def test_undecided_by_hand():
    """Each class has 2 pixels and is given half of 4: 1 - (2 * 1 + 1) / (2 + 2 + 1)."""
    assert masked_dice_loss(torch.zeros(1, 2, 2, 2), TARGET, EVERYWHERE).item() == pytest.approx(0.4)


def test_what_is_not_known_does_not_count_and_teaches_nothing():
    known = torch.tensor([[[True, True], [False, False]]])
    found = logits(TARGET)
    loss = masked_dice_loss(found, torch.where(known, TARGET, 1 - TARGET), known)
    assert loss.item() == pytest.approx(0, abs=1e-6)
    half = torch.zeros(1, 2, 2, 2, requires_grad=True)
    torch.autograd.backward(masked_dice_loss(half, TARGET, known))
    assert half.grad[..., 1, :].abs().sum() == 0
    assert half.grad[..., 0, :].abs().sum() > 0


def test_a_class_that_is_nowhere_and_not_expected_costs_nothing():
    nothing = torch.zeros(1, 2, 2, dtype=torch.int64)
    assert masked_dice_loss(logits(nothing), nothing, EVERYWHERE).item() == pytest.approx(0, abs=1e-6)


def test_a_batch_counts_as_one_image():
    generator = torch.Generator().manual_seed(0)
    said, target = torch.randn(2, 3, 4, 5, generator=generator), torch.randint(3, (2, 4, 5), generator=generator)
    known = torch.rand(2, 4, 5, generator=generator) < 0.7
    side_by_side = (torch.cat([*part], dim=-1).unsqueeze(0) for part in (said, target, known))
    assert torch.isclose(masked_dice_loss(said, target, known), masked_dice_loss(*side_by_side))
