import numpy as np
import pytest
import torch

from napari_labelfix.methods.p_classification.classifier import (
    FEATURES,
    REACH,
    SIDE,
    VIEWS,
    PatchClassifier,
    cut_patches,
    encode_patches,
)
from napari_labelfix.networks.unet import DEPTH, NetworkSpec, pretrained_unet


def test_a_patch_shows_its_place_in_the_middle_whatever_the_radius():
    image = torch.zeros(1, 100, 120)
    image[0, 38:43, 68:73] = 1
    for radius in (8.0, 16.0):
        patch = cut_patches(image, np.array([[40.0, 70.0]]), radius)[0, 0]
        assert patch.shape == (SIDE, SIDE)
        rows, columns = torch.nonzero(patch > 0.5).float().mean(dim=0)
        assert rows.item() == pytest.approx(SIDE / 2 - 0.5, abs=0.6)
        assert columns.item() == pytest.approx(SIDE / 2 - 0.5, abs=0.6)
        pixels = (SIDE / (2 * REACH * radius)) ** 2 * 25  # what 5 x 5 pixels become
        assert patch.sum().item() == pytest.approx(pixels, rel=0.15)


def test_a_patch_at_the_border_is_mirrored_and_no_place_gives_no_patch():
    image = torch.arange(900.0).reshape(1, 30, 30)
    assert torch.isfinite(cut_patches(image, np.array([[0.0, 0.0]]), 10.0)).all()
    assert cut_patches(image, np.zeros((0, 2)), 10.0).shape == (0, 1, SIDE, SIDE)


def test_patches_are_encoded_in_every_view():
    network = pretrained_unet(NetworkSpec("microscopy", 1, 1), [DEPTH]).network
    patches = torch.rand(3, 1, SIDE, SIDE)
    encoded = encode_patches(network, patches)
    turned = encode_patches(network, torch.rot90(patches, 1, (2, 3)))
    assert encoded.shape[:2] == (VIEWS, 3)
    assert torch.allclose(encoded[1], turned[0], atol=1e-3)
    assert encode_patches(network, patches[:0]).shape == (VIEWS, 0, encoded.shape[2])


def test_it_tells_cells_from_others_without_having_seen_a_negative():
    torch.manual_seed(0)
    cells, others = torch.randn(VIEWS, 300, 6) + 1.5, torch.randn(VIEWS, 200, 6) - 1.5
    unlabelled = torch.cat([cells[:, 100:], others], dim=1)
    classifier = PatchClassifier(cells[:, :100], unlabelled)
    risks = list(classifier.learn(unlabelled[:, :0], prior=0.5, epochs=150))
    doubt = classifier.doubt(unlabelled)
    assert np.mean(risks[-5:]) < 0.5 * np.mean(risks[:5])
    assert (doubt[:200] < 0.5).mean() > 0.9
    assert (doubt[200:] > 0.5).mean() > 0.9
    assert classifier.features(unlabelled).shape == (400, FEATURES)


def test_a_negative_that_a_person_has_marked_is_believed():
    torch.manual_seed(0)
    cells = torch.randn(VIEWS, 60, 6)
    odd = cells[:, :10] + 2
    unlabelled = torch.cat([cells[:, 20:], odd], dim=1)
    doubts = []
    for negative in (odd[:, :0], odd):
        torch.manual_seed(1)
        classifier = PatchClassifier(cells[:, :20], unlabelled)
        list(classifier.learn(negative, prior=0.8, epochs=100))
        doubts.append(classifier.doubt(odd).mean())
    assert doubts[1] > doubts[0]
