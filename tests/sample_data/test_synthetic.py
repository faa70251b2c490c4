import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import label
from skimage.filters import threshold_otsu

from napari_labelfix.annotations import Instances, Plane
from napari_labelfix.metrics.overlap import iou
from napari_labelfix.sample_data.shapes import Population, scatter, smooth_noise
from napari_labelfix.sample_data.synthetic import KINDS, bright_field, fluorescence, stained_tissue

EIGHT = np.ones((3, 3))


@pytest.mark.parametrize("kind", KINDS)
@given(height=st.integers(1, 70), width=st.integers(1, 70), seed=st.integers(0, 2**31))
@settings(max_examples=25, deadline=None)
def test_an_image_of_any_shape_has_objects_numbered_from_one(kind, height, width, seed):
    image, labels = KINDS[kind](seed, (height, width))
    assert image.shape[:2] == labels.shape == (height, width)
    assert labels.dtype == np.int32
    assert labels.max() >= 1
    assert set(np.unique(labels)) - {0} == set(range(1, labels.max() + 1))


@pytest.mark.parametrize("kind", KINDS)
def test_every_object_is_one_piece_of_more_than_a_few_pixels(kind):
    labels = KINDS[kind](7, (256, 256)).labels
    for object_id in range(1, labels.max() + 1):
        assert label(labels == object_id, EIGHT)[1] == 1
        assert (labels == object_id).sum() >= 20


@pytest.mark.parametrize("kind", KINDS)
def test_the_seed_decides(kind):
    image, labels = KINDS[kind](3, (120, 90))
    image_again, labels_again = KINDS[kind](3, (120, 90))
    assert np.array_equal(image, image_again)
    assert np.array_equal(labels, labels_again)
    other_image, other_labels = KINDS[kind](4, (120, 90))
    assert not np.array_equal(image, other_image)
    assert not np.array_equal(labels, other_labels)


@pytest.mark.parametrize("kind", KINDS)
def test_some_objects_touch_and_some_stand_alone(kind):
    labels = KINDS[kind](0).labels
    pieces, count = label(labels > 0)
    objects_in_piece = [np.unique(labels[pieces == piece]).size for piece in range(1, count + 1)]
    assert max(objects_in_piece) >= 3
    assert objects_in_piece.count(1) >= 5
    assert 0.1 < (labels > 0).mean() < 0.4


@pytest.mark.parametrize(
    ("make", "dtype", "channels"),
    [(fluorescence, "uint16", ()), (bright_field, "uint8", ()), (stained_tissue, "uint8", (3,))],
)
def test_images_have_the_type_of_their_microscope_and_pass_as_planes(make, dtype, channels):
    sample = make(0, (200, 160))
    assert sample.image.dtype == dtype
    assert sample.image.shape == (200, 160, *channels)
    Plane("sample", sample.image, Instances(sample.labels)).check()


@pytest.mark.parametrize("kind", KINDS)
def test_few_pixels_are_clipped(kind):
    image = KINDS[kind](0).image
    ends = np.iinfo(image.dtype)
    assert np.mean((image == ends.min) | (image == ends.max)) < 0.001


def test_fluorescent_nuclei_are_bright_and_uneven():
    image, labels = fluorescence(0)
    brightness = [image[labels == object_id].mean() for object_id in range(1, labels.max() + 1)]
    background = image[labels == 0].mean()
    assert min(brightness) > 1.2 * background
    assert np.std(brightness) / np.mean(brightness) > 0.2
    assert 0.5 < iou(image > threshold_otsu(image), labels > 0) < 0.97  # neither hopeless nor solved by a threshold


def test_bright_field_cells_cannot_be_told_by_brightness_alone():
    image, labels = bright_field(0)
    assert iou(image > threshold_otsu(image), labels > 0) < 0.6
    assert iou(image < threshold_otsu(image), labels > 0) < 0.6


def test_stained_nuclei_are_purple_in_a_pink_ground():
    image, labels = stained_tissue(0)
    nuclei, ground = image[labels > 0].mean(axis=0), image[labels == 0].mean(axis=0)
    assert nuclei[2] > nuclei[0] > nuclei[1]  # blue, then red, then green
    assert min(ground[0], ground[2]) > ground[1] + 25
    assert ground[0] - nuclei[0] > 80


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_of_512_pixels_takes_less_than_a_second(kind):
    seconds = []
    for seed in range(3):
        started = time.process_time()  # of this process alone: the machine may be busy
        KINDS[kind](seed)
        seconds.append(time.process_time() - started)
    assert min(seconds) < 1


def test_objects_have_the_size_that_was_asked_for():
    population = Population(radius=(10, 10), elongation=1.0, roughness=0.0, coverage=0.1, company=0.0)
    labels = scatter(np.random.default_rng(0), (300, 300), population)
    inner = set(range(1, labels.max() + 1)) - set(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    areas = [(labels == object_id).sum() for object_id in inner]
    assert np.median(areas) == pytest.approx(np.pi * 10**2, rel=0.02)


@pytest.mark.parametrize("sigma", [1, 4, 20])
def test_smooth_noise_has_grains_of_the_asked_size(sigma):
    noise = np.mean([_correlation(smooth_noise(np.random.default_rng(s), (400, 400), sigma), sigma) for s in range(4)])
    assert noise == pytest.approx(np.exp(-1 / 4), abs=0.08)  # white noise after a Gaussian filter, at distance sigma


def _correlation(noise, distance):
    return np.corrcoef(noise[:-distance].ravel(), noise[distance:].ravel())[0, 1]
