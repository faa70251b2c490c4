import math

import torch

from napari_labelfix.losses.partial_cross_entropy import NO_LABEL, partial_cross_entropy


def test_a_case_worked_by_hand():
    """Two labelled pixels with p(right) of 3/4 and 1/2: the mean of -log p."""
    logits = torch.zeros(1, 2, 1, 3)
    logits[0, 1, 0, 0] = math.log(3)
    target = torch.tensor([[[1, 0, NO_LABEL]]])
    expected = -(math.log(3 / 4) + math.log(1 / 2)) / 2
    assert math.isclose(partial_cross_entropy(logits, target), expected, rel_tol=1e-6)
    assert math.isclose(partial_cross_entropy(logits[..., :1], target[..., :1]), -math.log(3 / 4), rel_tol=1e-6)


def test_equation_4_for_two_classes():
    torch.manual_seed(0)
    logits, target = torch.randn(2, 2, 5, 5), torch.randint(-1, 2, (2, 5, 5))
    f, s = logits.softmax(1)[:, 1], target.float()
    terms = s * f.log() + (1 - s) * (1 - f).log()
    assert torch.isclose(partial_cross_entropy(logits, target), -terms[target != NO_LABEL].mean())


def test_without_labels_it_is_0_and_teaches_nothing():
    logits = torch.randn(1, 2, 4, 4, requires_grad=True)
    loss = partial_cross_entropy(logits, torch.full((1, 4, 4), NO_LABEL))
    loss.backward()
    assert loss.item() == 0
    assert (logits.grad == 0).all()


def test_unlabelled_pixels_have_no_gradient():
    logits = torch.randn(1, 2, 1, 2, requires_grad=True)
    partial_cross_entropy(logits, torch.tensor([[[1, NO_LABEL]]])).backward()
    assert (logits.grad[..., 1] == 0).all()
    assert (logits.grad[..., 0] != 0).all()
