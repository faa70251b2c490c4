import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from napari_labelfix.data import patches
from napari_labelfix.data.normalize import normalize
from napari_labelfix.methods.scribble2label.canvas import Canvas
from napari_labelfix.methods.scribble2label.guide import Guide
from napari_labelfix.methods.scribble2label.instant import InstantClassifier
from napari_labelfix.metrics.overlap import iou
from napari_labelfix.sample_data.scribbles import scribbles_from_labels
from napari_labelfix.sample_data.synthetic import KINDS

CPU = torch.device("cpu")


def looked_at(image, marks, classes=2):
    """What the forest and what the guide makes of scribbles (Y, X), 1 background, 2.. foreground."""
    pixels, drawn = normalize(image), marks.astype(np.int64) - 1
    canvas = Canvas(
        torch.from_numpy(pixels).permute(2, 0, 1), torch.from_numpy(drawn), torch.from_numpy(drawn), classes
    )
    guess = torch.from_numpy(InstantClassifier([pixels], [drawn], classes, seed=0).predict(pixels))
    return guess.numpy(), Guide(CPU).read(canvas, guess).numpy()


@pytest.mark.parametrize("kind", KINDS)
def test_it_makes_more_of_the_scribbles_than_the_forest(kind):
    sample = KINDS[kind](seed=77, shape=(224, 224))
    guess, found = looked_at(sample.image, scribbles_from_labels(sample.labels, 0.2, seed=0))
    truth = sample.labels > 0
    assert iou(found[1] > 0.5, truth) > max(0.8, iou(guess[1] > 0.5, truth))


@pytest.mark.parametrize("wanted", ["cells", "nuclei"])
def test_the_strokes_decide_whether_cells_or_their_nuclei_are_meant(wanted):
    """Nine cells with a nucleus each, strokes through two of them, and one stroke on the ground."""
    y, x = np.mgrid[:192, :192]
    nearest = np.min([np.hypot(y - row, x - col) for row in (36, 96, 156) for col in (36, 96, 156)], axis=0)
    cells, nuclei = nearest < 24, nearest < 11
    image = 0.2 + 0.3 * cells + 0.4 * nuclei + np.random.default_rng(0).normal(0, 0.03, cells.shape)
    marks = np.zeros(image.shape, np.uint8)
    marks[66, 4:188] = 1
    for column in (36, 96):
        marks[36, column - 8 : column + 9] = 2
        marks[36, column + 13 : column + 22] = marks[23, column - 8 : column + 9] = 2 if wanted == "cells" else 1
    _, found = looked_at(gaussian_filter(image, 1), marks)
    target = cells if wanted == "cells" else nuclei
    assert iou(found[1][70:] > 0.5, target[70:]) > 0.8


def test_each_class_is_looked_for_by_itself():
    """Bright and dim discs on a ground, a stroke on one of each."""
    y, x = np.mgrid[:160, :160]
    centres = [(row, column) for row in (30, 80, 130) for column in (30, 80, 130)]
    truth = np.zeros((160, 160), np.uint8)
    for index, (row, column) in enumerate(centres):
        truth[np.hypot(y - row, x - column) < 14] = 1 + index % 2
    image = np.choose(truth, [0.2, 0.5, 0.9]) + np.random.default_rng(0).normal(0, 0.03, truth.shape)
    marks = np.zeros_like(truth)
    marks[30, 24:37], marks[30, 74:87], marks[55, 10:90] = 2, 3, 1
    guess, found = looked_at(image, marks, classes=3)
    assert found.shape == guess.shape == (3, 160, 160)
    assert np.allclose(found.sum(axis=0), 1, atol=1e-5)
    assert iou(found.argmax(axis=0) == 1, truth == 1) > 0.8
    assert iou(found.argmax(axis=0) == 2, truth == 2) > 0.8


def test_a_plane_without_strokes_is_read_from_the_guess_alone():
    sample = KINDS["fluorescence"](seed=78, shape=(128, 128))
    pixels = normalize(sample.image)
    canvas = Canvas(torch.from_numpy(pixels).permute(2, 0, 1), *[torch.full((128, 128), -1)] * 2, 2)
    foreground = torch.from_numpy(sample.labels > 0).float() * 0.6 + 0.2
    found = Guide(CPU).read(canvas, torch.stack([1 - foreground, foreground]))
    assert iou(found[1].numpy() > 0.5, sample.labels > 0) > 0.85


def test_a_guess_of_nothing_stays_nothing_without_strokes():
    torch.manual_seed(0)  # in 5 of 300 such images a pixel is taken for an object
    canvas = Canvas(torch.rand(1, 64, 64), *[torch.full((64, 64), -1)] * 2, 2)
    nothing = torch.zeros(64, 64)
    assert Guide(CPU).read(canvas, torch.stack([1 - nothing, nothing]))[1].max() < 0.5


def test_of_a_large_plane_it_sees_a_tile_at_a_time(monkeypatch):
    sample = KINDS["fluorescence"](seed=79, shape=(300, 330))
    marks = scribbles_from_labels(sample.labels, 0.3, seed=0)
    _, whole = looked_at(sample.image, marks)
    monkeypatch.setattr(patches, "SIDE", 256)
    _, in_tiles = looked_at(sample.image, marks)
    assert np.abs(whole - in_tiles).max() < 0.02
