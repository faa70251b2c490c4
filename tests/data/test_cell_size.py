"""The estimate of the cells' diameter: near enough to begin with, for bright and dark cells of any size."""

import numpy as np
import pytest
from skimage.measure import regionprops

from napari_labelfix.data.cell_size import LARGEST, SMALLEST, estimate_diameter
from napari_labelfix.sample_data.synthetic import fluorescence, stained_tissue


def discs(diameter, shape=(200, 240), ground=0.1, cell=0.9):
    rows, columns = np.indices(shape)
    image = np.full(shape, ground)
    step = int(2 * diameter)
    for row in range(step // 2, shape[0], step):
        for column in range(step // 2, shape[1], step):
            image[(rows - row) ** 2 + (columns - column) ** 2 < diameter**2 / 4] = cell
    return image + np.random.default_rng(0).normal(0, 0.02, shape)


@pytest.mark.parametrize("diameter", [10, 20, 40])
@pytest.mark.parametrize(("ground", "cell"), [(0.1, 0.9), (0.9, 0.2)], ids=["bright", "dark"])
def test_discs_are_measured(diameter, ground, cell):
    assert estimate_diameter(discs(diameter, ground=ground, cell=cell)) == pytest.approx(diameter, rel=0.3)


@pytest.mark.parametrize("make", [fluorescence, stained_tissue])
def test_cells_are_measured(make):
    image, labels = make(1)
    true = np.median([cell.equivalent_diameter_area for cell in regionprops(labels)])
    assert estimate_diameter(image) == pytest.approx(true, rel=0.35)


def test_known_centres_tell_more_than_the_rest_of_the_image():
    image = discs(12, (200, 400))
    image[:, 200:] = discs(40, (200, 200))
    assert estimate_diameter(image, np.array([[12, 12], [36, 12], [60, 36]])) == pytest.approx(12, rel=0.3)
    assert estimate_diameter(image, np.array([[40, 240], [40, 320]])) == pytest.approx(40, rel=0.3)


def tiled(image, side):
    times = -(-side // image.shape[0])
    return np.tile(image, (times, times) + (1,) * (image.ndim - 2))[:side, :side]


def centres_of(labels):
    return np.array([cell.centroid for cell in regionprops(labels)])


@pytest.mark.parametrize("side", [1024, 1388, 2048, 4096])
@pytest.mark.parametrize("make", [fluorescence, stained_tissue])
def test_a_large_image_of_the_same_cells_gets_the_same_diameter(make, side):
    image, labels = make(3, (512, 512))
    large = tiled(image, side)
    true = np.median([cell.equivalent_diameter_area for cell in regionprops(labels)])
    assert estimate_diameter(large) == pytest.approx(true, rel=0.3)
    assert estimate_diameter(large, centres_of(labels)[::10]) == pytest.approx(true, rel=0.4)


@pytest.mark.parametrize("side", [300, 900, 1100, 2048])
def test_neither_brightness_nor_gain_nor_the_sign_changes_the_diameter(side):
    image, labels = fluorescence(3, (512, 512))
    large = tiled(image, side)
    spots = centres_of(labels)
    spots = spots[(spots < side).all(axis=1)]
    brighter = large.astype(np.uint16) + np.uint16(20_000)
    inverted = large.astype(np.int64).max() + 5_000_000 - large.astype(np.int64)
    for centres in (None, spots):
        before = estimate_diameter(large, centres)
        assert before > 2 * SMALLEST
        for other in (brighter, large * np.float32(0.001), inverted):
            assert estimate_diameter(other, centres) == before


@pytest.mark.parametrize("diameter", [8, 60])
def test_the_smallest_and_the_largest_cells_of_a_large_image_are_measured(diameter):
    image = tiled(discs(diameter, (480, 480)), 2000)
    assert estimate_diameter(image) == pytest.approx(diameter, rel=0.3)
    assert estimate_diameter(image, np.array([[diameter, diameter], [3 * diameter, 5 * diameter]])) == pytest.approx(
        diameter, rel=0.3
    )


def test_cells_in_a_corner_of_a_large_image_are_found():
    image = np.random.default_rng(0).normal(0.1, 0.02, (2000, 2300))
    image[1600:1800, 1900:2140] = discs(20)
    assert estimate_diameter(image) == pytest.approx(20, rel=0.3)


@pytest.mark.parametrize("margin", [1, 2])
def test_what_is_left_of_a_whole_block_makes_no_dark_rim(margin):
    image = np.full((900, 900 + margin), 1000.0)
    image[:, :900] += tiled(discs(20, (240, 240)), 900)
    assert estimate_diameter(image) == estimate_diameter(image[:, :900])


@pytest.mark.parametrize(
    "image",
    [np.zeros((64, 64)), np.eye(9), np.ones((700, 40, 3), np.uint8), np.zeros((3, 2000)), np.zeros((1500, 1500))],
)
def test_an_image_without_cells_gets_a_diameter_all_the_same(image):
    assert SMALLEST <= estimate_diameter(image) <= LARGEST
