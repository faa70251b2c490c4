import math

import pytest
import torch

from napari_labelfix.losses.positive_unlabelled_risk import positive_unlabelled_risk

ODDS_3 = math.log(3)  # its sigmoid is 3/4


def test_a_case_worked_by_hand():
    """R_p(+1) = 1/4, R_p(-1) = 3/4, R_u(-1) = (3/4 + 1/2) / 2 = 5/8; with a prior of 1/2: 1/8 + (5/8 - 3/8) = 3/8."""
    risk = positive_unlabelled_risk(torch.tensor([ODDS_3]), torch.tensor([ODDS_3, 0.0]), prior=0.5)
    assert risk.item() == pytest.approx(3 / 8)


def test_the_part_of_the_negatives_never_falls_below_0():
    """R_u(-1) - prior R_p(-1) = 1/4 - 0.9 * 3/4 < 0, so that only 0.9 * 1/4 is left."""
    positive, unlabelled = torch.tensor([ODDS_3]), torch.tensor([-ODDS_3])
    assert positive_unlabelled_risk(positive, unlabelled, prior=0.9).item() == pytest.approx(0.9 / 4)


def test_it_is_the_risk_of_a_classifier_that_knows_all_labels():
    """Its expectation is that of the supervised risk if the unlabelled are a mixture with that prior."""
    generator = torch.Generator().manual_seed(0)
    positives = 1 + torch.randn(200_000, generator=generator)
    negatives = -1 + torch.randn(200_000, generator=generator)
    mixture = torch.cat([positives[:60_000], negatives[:140_000]])
    expected = 0.3 * torch.sigmoid(-positives).mean() + 0.7 * torch.sigmoid(negatives).mean()
    assert positive_unlabelled_risk(positives, mixture, prior=0.3).item() == pytest.approx(expected.item(), abs=2e-3)


def test_learning_from_it_parts_positives_from_negatives():
    generator = torch.Generator().manual_seed(1)
    positive = 2 + torch.randn(100, generator=generator)
    unlabelled = torch.cat([2 + torch.randn(100, generator=generator), -2 + torch.randn(100, generator=generator)])
    weight, bias = torch.zeros(1, requires_grad=True), torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.Adam([weight, bias], 0.1)
    for _ in range(200):
        optimizer.zero_grad()
        positive_unlabelled_risk(weight * positive + bias, weight * unlabelled + bias, prior=0.5).backward()
        optimizer.step()
    found = (weight * unlabelled + bias).detach() > 0
    assert found[:100].float().mean() > 0.9
    assert found[100:].float().mean() < 0.1
