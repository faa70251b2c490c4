import pytest
import torch
from torch import nn

from napari_labelfix.networks.averaging import set_between


def network(seed):
    torch.manual_seed(seed)
    made = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    made[1].num_batches_tracked.fill_(seed)
    return made


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_weights_lie_between_those_before_and_after(share):
    before, after, mean = network(1), network(2), network(3)
    set_between(mean, before.state_dict(), after.state_dict(), share)
    expected = (1 - share) * before[0].weight + share * after[0].weight
    assert torch.allclose(mean[0].weight, expected)
    assert mean[1].num_batches_tracked == 2


def test_a_network_can_be_moved_back_in_place():
    before, after = network(1), network(2)
    expected = (before[0].bias + after[0].bias) / 2
    set_between(after, before.state_dict(), after.state_dict(), 0.5)
    assert torch.allclose(after[0].bias, expected)
