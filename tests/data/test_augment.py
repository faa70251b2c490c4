import numpy as np
import torch

from napari_labelfix.data.augment import Augmentation, look, random_grid, random_light, share_out

STILL = Augmentation(scale=0, rotation=0, brightness=0, contrast=0)


def test_a_view_without_turn_shows_the_pixels_themselves():
    plane = torch.arange(20.0 * 30).reshape(1, 20, 30)
    rng = np.random.default_rng(0)
    for _ in range(20):  # flips and quarter turns show the same pixels in another order
        crop = look(plane, random_grid(plane, [(9.5, 14.5)], 8, STILL, rng), "nearest")
        assert torch.equal(crop.flatten().sort()[0], plane[0, 6:14, 11:19].flatten())


def test_light_changes_all_channels_alike():
    crops = torch.rand(3, 2, 8, 8)
    changed = random_light(crops, Augmentation())
    assert not torch.allclose(changed, crops)
    assert torch.allclose(random_light(crops, STILL), crops)


def test_larger_planes_give_more_of_the_crops_and_empty_ones_none():
    shares = share_out(1000, [100, 300, 0], np.random.default_rng(0))
    assert shares.sum() == 1000
    assert shares[2] == 0
    assert 2 < shares[1] / shares[0] < 4
