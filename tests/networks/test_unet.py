import logging

import numpy as np
import pytest
import segmentation_models_pytorch as smp
import torch

from napari_labelfix.errors import InputError, ModelError
from napari_labelfix.networks.unet import (
    SHIPPED,
    NetworkSpec,
    build_unet,
    freeze_statistics,
    load_unet,
    pick_outputs,
    pretrained_unet,
    save_weights,
)

SPEC = NetworkSpec("microscopy", 3, 2)


@pytest.mark.parametrize("encoder", ["microscopy", "resnet18"])
@pytest.mark.parametrize("channels", [1, 3, 5])
@pytest.mark.parametrize("size", [(64, 64), (33, 70)])
def test_any_channels_and_any_size(encoder, channels, size):
    network = build_unet(NetworkSpec(encoder, channels, 4)).eval()
    assert network(torch.zeros(1, channels, *size)).shape == (1, 4, *size)


def test_weights_survive_saving():
    network = build_unet(SPEC).eval()
    again = load_unet(SPEC, save_weights(network)).eval()
    image = torch.rand(1, 3, 32, 32)
    assert torch.equal(network(image), again(image))


def test_weights_of_another_network_are_refused_in_words():
    with pytest.raises(ModelError, match="do not fit"):
        load_unet(NetworkSpec("microscopy", 3, 3), save_weights(build_unet(SPEC)))


def test_an_unknown_encoder_is_refused_with_what_there_is():
    with pytest.raises(InputError, match="resnet34"):
        build_unet(NetworkSpec("resnet3400", 1, 2))


@pytest.mark.parametrize(
    ("start", "encoder", "why"),
    [
        (build_unet, "tu-resnet35", "Unknown model"),
        (pretrained_unet, "tu-resnet35", "Unknown model"),
        (build_unet, "tu-vit_base_patch16_224", "Unsupported model"),
    ],
)
def test_an_encoder_of_timm_that_makes_no_unet_is_refused_too(start, encoder, why):
    with pytest.raises(InputError, match=rf"'{encoder}' makes no U-Net \({why}.*\)\. Choose microscopy, resnet34"):
        start(NetworkSpec(encoder, 1, 2))


def test_a_network_for_which_there_is_no_memory_is_no_unknown_encoder(monkeypatch):
    def greedy(*_, **__):
        raise RuntimeError("DefaultCPUAllocator: not enough memory")

    monkeypatch.setattr(smp, "Unet", greedy)
    with pytest.raises(RuntimeError, match="not enough memory"):
        build_unet(SPEC)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_the_shipped_weights_load_for_any_channels_and_say_so(channels):
    start = pretrained_unet(NetworkSpec("microscopy", channels, 2))
    assert "microscopy weights" in start.sentence
    assert start.all_trained
    assert torch.isfinite(start.network.eval()(torch.rand(1, channels, 40, 40))).all()


def test_grey_sees_what_rgb_of_three_equal_channels_sees():
    grey = torch.rand(1, 1, 64, 64)
    from_grey = pretrained_unet(NetworkSpec("microscopy", 1, 2)).network.eval()(grey)
    from_rgb = pretrained_unet(NetworkSpec("microscopy", 3, 2)).network.eval()(grey.expand(-1, 3, -1, -1))
    assert torch.allclose(from_grey, from_rgb, atol=1e-4)


def test_further_classes_start_as_the_foreground():
    two, four = (pretrained_unet(NetworkSpec("microscopy", 3, n)).network.eval() for n in (2, 4))
    image = torch.rand(1, 3, 48, 48)
    assert torch.allclose(four(image)[:, [0, 1]], two(image))
    assert torch.allclose(four(image)[:, 3], two(image)[:, 1])


def test_pick_outputs_keeps_what_was_learned():
    network = build_unet(SPEC).eval()
    image = torch.rand(1, 3, 32, 32)
    before = network(image)
    pick_outputs(network, [1, 0, 1])
    assert torch.allclose(network(image), before[:, [1, 0, 1]])


def test_the_shipped_network_finds_synthetic_nuclei_it_has_not_seen():
    from napari_labelfix.data.normalize import normalize
    from napari_labelfix.data.patches import predict_probabilities
    from napari_labelfix.metrics.overlap import iou
    from napari_labelfix.sample_data.synthetic import fluorescence

    sample = fluorescence(seed=12345, shape=(256, 256))
    network = pretrained_unet(NetworkSpec(SHIPPED.encoder, 1, 2)).network
    image = torch.from_numpy(normalize(sample.image)).permute(2, 0, 1)
    found = predict_probabilities(network, image).numpy()[1] > 0.5
    assert iou(found, sample.labels > 0) > 0.6


def test_frozen_statistics_do_not_move():
    network = build_unet(SPEC).train()
    freeze_statistics(network)
    before = {name: value.clone() for name, value in network.named_buffers()}
    network(torch.rand(2, 3, 64, 64) * 9)
    assert all(torch.equal(value, before[name]) for name, value in network.named_buffers())


def test_a_hub_out_of_reach_is_said_in_words_and_training_starts_from_scratch(monkeypatch, caplog):
    def no_hub(*_, **__):
        raise OSError("no route to host")

    monkeypatch.setattr(smp.encoders, "hf_hub_download", no_hub)
    with caplog.at_level(logging.WARNING):
        start = pretrained_unet(NetworkSpec("resnet18", 1, 2))
    assert "from scratch" in start.sentence
    assert "resnet18" in start.sentence
    assert start.network(torch.zeros(2, 1, 64, 64)).shape == (2, 2, 64, 64)
    assert caplog.records


def test_weights_from_a_hub_are_loaded(monkeypatch, tmp_path):
    """The real loading code, on a file that stands in for the hub's."""
    from safetensors.torch import save_file

    encoder = smp.encoders.get_encoder("resnet18", weights=None)
    with torch.no_grad():
        encoder.conv1.weight.fill_(0.25)
    path = tmp_path / "model.safetensors"
    save_file(encoder.state_dict(), path)
    monkeypatch.setattr(smp.encoders, "hf_hub_download", lambda *_, **__: str(path))
    start = pretrained_unet(NetworkSpec("resnet18", 3, 2))
    assert "ImageNet" in start.sentence
    assert np.all(start.network.encoder.conv1.weight.detach().numpy() == 0.25)
