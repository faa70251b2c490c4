import numpy as np
import pytest
import torch
from monai.apps.pathology.losses.hovernet_loss import HoVerNetLoss

from napari_labelfix.data.hover_maps import hover_maps
from napari_labelfix.losses.hover import hover_loss

LABELS = np.zeros((2, 32, 32), np.int32)
LABELS[:, 4:12, 4:14], LABELS[:, 12:24, 8:20], LABELS[1, 26:30, 20:30] = 1, 2, 3
FOREGROUND = torch.from_numpy(LABELS > 0)
MAPS = torch.from_numpy(np.stack([hover_maps(plane) for plane in LABELS]))
EVERYWHERE = torch.ones(2, 32, 32, dtype=torch.bool)


def right(sureness=20.0):
    ahead = (FOREGROUND.float() * 2 - 1).unsqueeze(1) * sureness
    return torch.cat([-ahead, ahead, MAPS], dim=1)


def guess():
    return torch.randn(2, 4, 32, 32, generator=torch.Generator().manual_seed(0))


def test_where_all_is_known_it_is_monais():
    said = guess()
    one_hot = torch.stack([~FOREGROUND, FOREGROUND], dim=1).float()
    prediction = {"nucleus_prediction": said[:, :2], "horizontal_vertical": said[:, 2:]}
    target = {"nucleus_prediction": one_hot, "horizontal_vertical": MAPS}
    expected = HoVerNetLoss()(prediction, target)
    assert hover_loss(said, FOREGROUND, MAPS, EVERYWHERE) == pytest.approx(expected.item())


def test_what_is_right_costs_nothing():
    assert hover_loss(right(), FOREGROUND, MAPS, EVERYWHERE).item() == pytest.approx(0, abs=1e-5)
    assert hover_loss(guess(), FOREGROUND, MAPS, EVERYWHERE).item() > 1


def test_what_is_not_known_teaches_nothing():
    known = EVERYWHERE.clone()
    known[:, :, 16:] = False
    said = guess().requires_grad_()
    hover_loss(said, FOREGROUND, MAPS, known).backward()
    assert not said.grad[..., 19:].any()  # the gradient of the maps looks two pixels far
    assert said.grad[..., :16].any()
    nowhere = torch.zeros_like(EVERYWHERE)
    assert hover_loss(guess(), FOREGROUND, MAPS, nowhere).item() == pytest.approx(0, abs=1e-5)
