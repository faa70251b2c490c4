import pytest
import torch

from napari_labelfix.errors import InputError, ModelError
from napari_labelfix.networks import hovernet
from napari_labelfix.networks.hovernet import start_hovernet, with_maps
from napari_labelfix.networks.monai_hovernet import HoverNet
from napari_labelfix.networks.unet import HOVER, HOVERNET, SHIPPED, NetworkSpec, build_unet, load_unet, save_weights


@pytest.fixture(scope="module")
def large():
    torch.manual_seed(0)
    return build_unet(NetworkSpec(HOVERNET, 1, 4)).eval()


@torch.inference_mode()
def test_monais_network_takes_crops_and_planes_of_any_size(large):
    assert isinstance(large, HoverNet)
    assert large(torch.rand(1, 1, 40, 70)).shape == (1, 4, 40, 70)
    assert large(torch.rand(1, 1, 30, 270)).shape == (1, 4, 30, 270)


def test_its_weights_come_back_and_others_do_not_fit(large):
    again = load_unet(NetworkSpec(HOVERNET, 1, 4), save_weights(large)).eval()
    crop = torch.rand(1, 1, 256, 256)
    with torch.inference_mode():
        assert torch.equal(again(crop), large(crop))
    with pytest.raises(ModelError, match="do not fit"):
        load_unet(NetworkSpec(HOVERNET, 2, 4), save_weights(large))


def test_other_methods_cannot_use_it():
    with pytest.raises(InputError, match="HoVer-Net \\+ ST\\+\\+ alone"):
        build_unet(NetworkSpec(HOVERNET, 1, 2))


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_the_compact_one_starts_from_shipped_weights(channels):
    start = start_hovernet(NetworkSpec(HOVER.encoder, channels, 4), pretrained=True)
    assert start.all_trained
    assert "microscopy weights" in start.sentence
    assert start.network(torch.rand(1, channels, 50, 60)).shape == (1, 4, 50, 60)


def test_where_no_weights_can_be_had_it_goes_on_from_scratch_and_says_so(monkeypatch):
    def unreachable(channels, weights=""):
        if weights:
            raise OSError("no network")
        return HoverNet.__new__(HoverNet)

    monkeypatch.setattr(hovernet, "HoverNet", unreachable)
    start = start_hovernet(NetworkSpec(HOVERNET, 3, 4), pretrained=True)
    assert start.sentence.startswith("Pretrained weights for HoVer-Net could not be loaded (OSError)")
    assert not start.all_trained


def test_without_pretrained_it_starts_from_scratch():
    start = start_hovernet(NetworkSpec(HOVER.encoder, 3, 4), pretrained=False)
    assert start.sentence == "Training starts from scratch."


def test_the_maps_begin_as_the_depth():
    network = build_unet(SHIPPED).eval()
    crop = torch.rand(1, 3, 32, 32)
    with torch.inference_mode():
        background, foreground, depth = network(crop)[0]
        four = with_maps(network).eval()(crop)[0]
    expected = torch.stack([background, foreground, depth, depth])
    torch.testing.assert_close(four, expected)  # processors sum three outputs in another order than four
