import numpy as np
import pytest

from napari_labelfix.data.normalize import Levels, normalize

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32, np.float64])
def test_dark_end_is_0_and_bright_end_is_1_whatever_the_type(dtype):
    image = (RNG.random((200, 100)) * 200 + 20).astype(dtype)
    pixels = normalize(image)
    assert pixels.dtype == np.float32
    assert pixels.shape == (200, 100, 1)
    assert np.percentile(pixels, (0.5, 99.5)) == pytest.approx([0, 1], abs=1e-5)


def test_channels_are_scaled_each_on_its_own():
    image = RNG.random((50, 60, 3)) * [1, 100, 1e6]
    pixels = normalize(image)
    assert np.percentile(pixels, 99.5, axis=(0, 1)) == pytest.approx([1, 1, 1], abs=1e-5)


def test_a_gain_and_an_offset_change_nothing():
    image = RNG.random((64, 64)).astype(np.float32)
    assert np.allclose(normalize(image), normalize(image * 37 - 5), atol=1e-4)


def test_sparse_spots_on_black_are_scaled_by_the_whole_range():
    image = np.zeros((100, 100), np.uint8)
    image[50, 50] = 200
    assert normalize(image).max() == 1


def test_a_constant_channel_beside_others_becomes_0():
    image = RNG.random((30, 30, 2))
    image[..., 1] = 7
    assert (normalize(image)[..., 1] == 0).all()


def test_boolean_images_are_numbers():
    image = RNG.random((30, 30)) > 0.5
    assert set(np.unique(normalize(image))) == {0, 1}


@pytest.mark.parametrize(
    "image",
    [
        np.arange(4_000_000_000, 4_000_000_100, dtype=np.uint32),
        1e9 + np.linspace(0, 1, 100),
        np.linspace(0, 1e-60, 100),
        np.linspace(0, 1e300, 100),
    ],
    ids=["large integers", "small differences", "tiny", "huge"],
)
def test_what_32_bits_do_not_tell_apart_is_told_apart(image):
    found = normalize(image.reshape(10, 10))
    assert found.dtype == np.float32
    assert np.ptp(found) == pytest.approx(1, abs=0.05)
    assert len(np.unique(found)) > 90


def test_pixels_without_a_number_are_0_and_change_no_other():
    image = RNG.random((60, 50, 2)).astype(np.float32)
    holed = np.concatenate([image, np.full((20, 50, 2), np.nan, np.float32)])
    holed[70, 7] = np.inf
    found = normalize(holed)
    assert (found[60:] == 0).all()
    assert np.allclose(found[:60], normalize(image), atol=1e-6)
    holed[..., 1] = np.nan
    assert (normalize(holed)[..., 1] == 0).all()


@pytest.mark.parametrize(("value", "becomes"), [(1e30, 1000), (-1e30, -1000), (-3e38, -1000), (50, 50)])
def test_a_broken_pixel_is_not_all_that_is_seen(value, becomes):
    image = RNG.random((60, 50)).astype(np.float32)
    broken = image.copy()
    broken[3, 4] = value
    found = normalize(broken)
    assert found[3, 4, 0] == pytest.approx(becomes, rel=0.05)
    found[3, 4] = normalize(image)[3, 4]
    assert np.allclose(found, normalize(image), atol=0.01)


def test_a_part_is_scaled_as_the_whole_whose_gaps_it_does_not_show():
    image = np.where(RNG.random((40, 40)) < 0.2, np.nan, RNG.random((40, 40)) * 9)
    levels = Levels.of(image)
    assert np.array_equal(levels.normalize(image[5:20, 7:30]), normalize(image)[5:20, 7:30])
